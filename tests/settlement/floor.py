"""A folder that stands for everybody's disk, filled once by the command line itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zkroute.cli.main import command_line

START_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Floor:
    """A folder that stands for everybody's disk; node ``name`` keeps its files in ``name/``."""

    path: Path

    def run(self, *words: object, **environment: str) -> tuple[int, str, str]:
        variables = {"ZKROUTE_DATA_DIR": str(self.path / "data")} | environment
        with contextlib.chdir(self.path):
            result = CliRunner(env=variables).invoke(command_line, [str(word) for word in words])
        return result.exit_code, result.stdout, result.stderr

    def must(self, *words: object, **environment: str) -> dict[str, Any]:
        code, out, err = self.run(*words, "--json", **environment)
        assert code == 0, (words, out, err)
        answer: dict[str, Any] = json.loads(out)
        return answer

    def refused(self, *words: object, **environment: str) -> dict[str, Any]:
        code, out, err = self.run(*words, "--json", **environment)
        assert code != 0, (words, out)
        assert err.count("\n") == 1, err
        answer: dict[str, Any] = json.loads(out)
        assert answer["exit_code"] == code
        return answer

    @property
    def busiest(self) -> str:
        parts = json.loads((self.path / "slices.json").read_text())["slices"]
        name: str = max(parts, key=lambda part: part["orders"])["node"]
        return name

    def node(self, name: str) -> tuple[str, str]:
        return "--config", f"{name}.toml"

    def slice(self, batch: int, name: str) -> tuple[str, str]:
        return "--slice", f"batches/{batch}/slices/{name}.slice"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Two proven batches of signed orders with receipts, cut into slices."""
    made = Floor(tmp_path_factory.mktemp("floor"))
    made.must("init", made.path, "--orders", 30)
    made.must("srs", "new", "--rows", "2^6")
    made.must("keys")
    made.must("router", "new", "trader.key")
    after: list[str] = []
    for batch in range(2):
        made.must("receipt", "sign", "--trader-key", "trader.key", "-o", f"{batch}.signed")
        made.must("receipt", "issue", f"{batch}.signed", "--promise-ms", 10**12)
        time_ms = START_MS + 5000 * batch
        made.must("route", "--intake", "intake.db", "--time-ms", time_ms, *after)
        made.must("prove", f"batches/{batch}")
        cut = made.must("slice", f"batches/{batch}", "--intake", "intake.db")
        if not batch:
            (made.path / "slices.json").write_text(json.dumps(cut))
        after = ["--after", f"batches/{batch}"]
    # anybody's signature will do: this node has no list of traders
    made.must("settle", "init", "--node", made.busiest, "-o", f"{made.busiest}.toml")
    yield made
