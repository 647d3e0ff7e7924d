"""A router's folder on disk, made once by the command line itself."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zkroute.cli.main import command_line

ORDERS = 40


@dataclass(frozen=True)
class Answer:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.stdout)
        return value


@dataclass(frozen=True)
class Desk:
    """Runs the command line inside one folder, with its own data folder."""

    path: Path

    def run(self, *words: object, folder: Path | None = None) -> Answer:
        environment = {"ZKROUTE_DATA_DIR": str(self.path / "data")}
        with contextlib.chdir(folder or self.path):
            result = CliRunner(env=environment).invoke(command_line, [str(word) for word in words])
        return Answer(result.exit_code, result.stdout, result.stderr)

    def must(self, *words: object) -> dict[str, Any]:
        answer = self.run(*words, "--json")
        assert answer.code == 0, answer
        assert answer.stderr == ""
        return answer.document

    @property
    def accepting(self) -> tuple[str, ...]:
        """Options of a verifier that accepts this desk's key and its development SRS."""
        key = json.loads((self.path / "key.json").read_text())
        return ("--accept", key["digest"], "--allow-development-srs", key["srs"])


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two chained and proven batches of 40 orders; tests add files but change none."""
    base = tmp_path_factory.mktemp("desk")
    made = Desk(base)
    made.must("init", base, "--orders", ORDERS)
    made.must("srs", "new", "--rows", "2^6")
    made.must("keys")
    made.must("route", "--time-ms", 1_700_000_000_000)
    made.must("prove", "batches/0")
    made.must("route", "--after", "batches/0", "--time-ms", 1_700_000_005_000)
    made.must("prove", "batches/1")
    yield made
    assert not os.environ.get("ZKROUTE_DATA_DIR", "").startswith(str(base))
