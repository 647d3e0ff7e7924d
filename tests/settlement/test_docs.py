"""The guides for nodes, traders and regulators run as printed, and name every code."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.shared import ROOT
from zkroute.cli.main import command_line
from zkroute.formats import inclusion, intake, signed_orders
from zkroute.formats import slice as slice_format
from zkroute.formats.evidence import EvidenceKind
from zkroute.formats.key import decode_key
from zkroute.model.order import ORDER_RECORD
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.receipts import Outcome

PAGES = {
    name: (ROOT / f"docs/{name}.md").read_text() for name in ("router", "settlement", "receipts")
}
PRINTED = {"settlement": "batches verified", "receipts": "missing"}
_BLOCK = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs_as_printed(
    page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = _BLOCK.findall(PAGES[page])
    assert {kind for kind, _ in blocks} <= {"console", "python", "text"}
    assert len([kind for kind, _ in blocks if kind != "text"]) >= 4
    with contextlib.chdir(tmp_path):
        for kind, text in blocks:
            if kind == "console":
                run_console(text, tmp_path)
            elif kind == "python":
                assert len(text.splitlines()) <= 25
                exec(compile(text, f"{page}.md", "exec"), {})  # noqa: S102  that is the test
    printed = capsys.readouterr().out
    assert "refused" not in printed
    assert PRINTED.get(page, "") in printed
    if page == "router":
        assert len(json.loads((tmp_path / "published/chain.json").read_text())["batches"]) == 2
        assert (tmp_path / "audit.html").exists()


def run_console(text: str, folder: Path) -> None:
    for line in text.splitlines():
        assert line.startswith("$ zkroute "), line
        words = [with_names(word, folder) for word in shlex.split(line)[2:]]
        runner = CliRunner(env={"ZKROUTE_DATA_DIR": str(folder / "data")})
        answer = runner.invoke(command_line, words)
        assert answer.exit_code == 0, (line, answer.output, answer.stderr)


def with_names(word: str, folder: Path) -> str:
    """What a word stands for on the page: names that differ from key to key."""
    if word not in {"KEY_DIGEST", "SRS_IDENTIFIER"}:
        return word
    key = decode_key((folder / "key.json").read_bytes(), "key")
    return key.digest.hex() if word == "KEY_DIGEST" else key.srs


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_line_with_its_exit_code(reason: Reason) -> None:
    exit_code = int(SettlementError(reason, "").exit_code)
    assert re.search(rf"^\| `{reason.value}` \| {exit_code} \|", PAGES["settlement"], re.MULTILINE)


@pytest.mark.parametrize("outcome", [*Outcome, *EvidenceKind])
def test_every_outcome_and_kind_has_a_line(outcome: Outcome | EvidenceKind) -> None:
    assert f"| `{outcome.value}` |" in PAGES["receipts"]


def test_sizes_on_the_pages_are_those_of_the_code() -> None:
    assert f"| {ORDER_RECORD.itemsize} n | order records |" in PAGES["settlement"]
    assert f"| {slice_format.ENVELOPE_BYTES} n | envelopes" in PAGES["settlement"]
    for magic in (inclusion.MAGIC, intake.MAGIC, signed_orders.MAGIC):
        assert f"`{magic.decode()}`" in PAGES["receipts"]
    assert f"fixed records of {ORDER_RECORD.itemsize} bytes" in PAGES["receipts"]


def test_links_lead_somewhere() -> None:
    for text in PAGES.values():
        for target in re.findall(r"\]\(([^)#]+)(?:#[a-z-]+)?\)", text):
            assert (ROOT / "docs" / target).exists(), target
