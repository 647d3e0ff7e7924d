"""publish and audit as people run them; the guide's blocks run as they are printed."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit.cli.conftest import Desk, desk  # noqa: F401  a fixture
from zkroute.audit.findings import Fault, exit_code_of
from zkroute.audit.report import schema
from zkroute.formats.key import decode_key

GUIDE = (Path(__file__).parents[2] / "docs" / "auditing.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    zkroute (.+)$", GUIDE, re.MULTILINE)
SCRIPTS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def walked(desk: Desk) -> Iterator[Desk]:  # noqa: F811  the fixture of that name
    """A desk on which every command of the guide was run, in order."""
    key = decode_key((desk.path / "key.json").read_bytes(), "key.json")
    for line in COMMANDS:
        words = line.replace("KEY_DIGEST", key.digest.hex()).replace("SRS_IDENTIFIER", key.srs)
        assert desk.run(*shlex.split(words)).code == 0, line
    yield desk
    shutil.rmtree(desk.path / "published")


def auditing(desk: Desk) -> tuple[str, ...]:  # noqa: F811  as above
    return ("audit", "published", *desk.accepting, "--router", "router.pub")


def test_the_guide_leads_to_a_page(walked: Desk) -> None:
    assert len(COMMANDS) == 3
    assert "Every batch is proven" in (walked.path / "audit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_of_the_guide_run(
    script: str, walked: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(walked.path):
        exec(compile(script, "docs/auditing.md", "exec"), {})  # noqa: S102  the guide's own
    assert len(SCRIPTS) == 2
    capsys.readouterr()


@pytest.mark.parametrize("fault", Fault)
def test_every_finding_has_a_line(fault: Fault) -> None:
    line = rf"^\| `{fault.value}` \| {int(exit_code_of(fault))} \|"
    assert re.search(line, GUIDE, re.MULTILINE)


def test_private_files_are_not_published(walked: Desk) -> None:
    names = {path.suffix for path in (walked.path / "published").rglob("*") if path.is_file()}
    assert names == {".json", ".bin"}
    private = (walked.path / "batches/0/batch.private").read_bytes()
    assert all(
        path.read_bytes() != private
        for path in (walked.path / "published").rglob("*")
        if path.is_file()
    )


def test_publishing_again_says_so(walked: Desk) -> None:
    answer = walked.must("publish", "batches/0", "batches/1", "--into", "published")
    assert [each["published_now"] for each in answer["batches"]] == [False, False]


def test_a_gap_is_refused_with_its_code(walked: Desk) -> None:
    answer = walked.run("publish", "batches/1", "--into", "elsewhere", "--json")
    assert (answer.code, answer.document["error"]) == (5, "gap")


def test_the_answer_is_the_report(walked: Desk) -> None:
    document: dict[str, Any] = walked.must(*auditing(walked), "--workers", "1", "--derive")
    jsonschema.validate(document, schema())
    assert document["valid"] is True
    assert document["accepted"]["snapshots"] is None


def test_processes_give_the_same_answer(walked: Desk) -> None:
    document = walked.must(*auditing(walked), "--workers", "2")
    assert [batch["status"] for batch in document["batches"]] == ["valid", "valid"]


def test_a_refusal_is_said_written_and_ends_with_its_code(walked: Desk, tmp_path: Path) -> None:
    copy = shutil.copytree(walked.path / "published", tmp_path / "copy")
    proof = next((copy / "proofs").iterdir())
    proof.write_bytes(proof.read_bytes()[:-1])
    words = ("audit", copy, *auditing(walked)[2:], "--workers", "1")
    written = tmp_path / "report.json"
    answer = walked.run(*words, "--report", written)
    assert answer.code == 3
    assert "file-altered: batch " in answer.stdout
    assert "not valid: 1 of 2 batches" in answer.stdout
    document = json.loads(written.read_bytes())
    jsonschema.validate(document, schema())
    assert document["exit_code"] == 3
    assert walked.run(*words, "--json").document["findings"] == document["findings"]


def test_a_head_seen_before_must_be_there(walked: Desk) -> None:
    answer = walked.run(*auditing(walked), "--workers", "1", "--head", "ab" * 32)
    assert answer.code == 5
    assert "rolled-back: " in answer.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--accept", "ab"), "64 lower-case"),
        (("--router", "nowhere.pub"), "nowhere.pub"),
        (("--nodes", "router.pub"), "router.pub"),
        (("--handover", "router.pub"), "router.pub"),
    ],
)
def test_bad_terms_are_refused(walked: Desk, words: tuple[str, ...], complaint: str) -> None:
    answer = walked.run(*auditing(walked), "--workers", "1", *words)
    assert answer.code in (2, 3)
    assert complaint in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_a_chain_there_is_nothing_to_audit(walked: Desk, tmp_path: Path) -> None:
    answer = walked.run("audit", tmp_path, *auditing(walked)[2:])
    assert answer.code == 2
    assert "zkroute publish" in answer.stderr
