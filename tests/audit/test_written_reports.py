"""Reports in files, and what an audit tells its reader to do next."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Answer, Desk, desk

__all__ = ["desk"]


@pytest.fixture(scope="module")
def chain(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The desk's two batches, published."""
    folder = tmp_path_factory.mktemp("chain") / "published"
    desk.must("publish", "batches/0", "batches/1", "--into", folder)
    yield folder


def audit(desk: Desk, folder: Path, *words: object) -> Answer:
    fixed = ("--router", "router.pub", "--workers", "1")
    return desk.run("audit", folder, *desk.accepting, *fixed, *words)


@pytest.mark.parametrize("option", ["--report", "--html"])
def test_only_an_earlier_report_is_replaced(
    desk: Desk, chain: Path, tmp_path: Path, option: str
) -> None:
    file = tmp_path / "report"
    assert audit(desk, chain, option, file).code == 0
    first = file.read_bytes()
    assert audit(desk, chain, option, file, "--nodes", "nodes.toml").code == 0
    assert file.read_bytes() != first
    other = {"--report": "--html", "--html": "--report"}[option]
    assert audit(desk, chain, other, file).code == 2
    for text in ("name = 1\n", "", "<!DOCTYPE html>\n<title>Audit of chain</title>", "{}"):
        file.write_text(text)
        answer = audit(desk, chain, option, file)
        assert answer.code == 2
        assert f"{file} is there already" in answer.stderr
        assert file.read_text() == text
        assert answer.stdout == ""


def test_targets_are_looked_at_before_the_audit(desk: Desk, chain: Path, tmp_path: Path) -> None:
    answer = audit(desk, chain, "--html", tmp_path)
    assert answer.code == 2
    assert f"{tmp_path} is a folder; name a file" in answer.stderr
    both = audit(desk, chain, "--html", tmp_path / "x", "--report", tmp_path / "." / "x")
    assert both.code == 2
    assert "--report and --html both name" in both.stderr
    assert not list(tmp_path.iterdir())
    nowhere = audit(desk, tmp_path / "nowhere", "--html", desk.path / "policy.toml")
    assert "policy.toml is there already" in nowhere.stderr


def test_snapshots_at_the_routers_word_are_said_to_be(desk: Desk, chain: Path) -> None:
    taken = audit(desk, chain)
    assert "the router's word; name yours by --nodes" in taken.stdout
    named = audit(desk, chain, "--nodes", "nodes.toml")
    assert named.code == 0
    assert "router's word" not in named.stdout
    for answer in (taken, named):
        assert "valid: 2 batches of chain example-perpetuals, 80 orders, in " in answer.stdout
        assert "name it with --head next time" in answer.stdout


def test_no_head_of_a_refused_chain_is_recommended(desk: Desk, chain: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(chain, tmp_path / "copy")
    (copy / "headers/note.txt").write_text("x")
    whole = audit(desk, copy)
    assert whole.code != 0
    assert (
        "not valid: nothing is wrong with the 2 batches of chain example-perpetuals by themselves"
        in whole.stdout
    )
    proof = next((copy / "proofs").iterdir())
    proof.write_bytes(proof.read_bytes()[:-1])
    part = audit(desk, copy)
    assert "not valid: 1 of 2 batches of chain example-perpetuals is refused" in part.stdout
    for answer in (whole, part):
        assert "--head" not in answer.stdout
        assert "80 orders" not in answer.stdout
    head = json.loads((chain / "chain.json").read_text())["batches"][-1]["header"]
    assert head in audit(desk, chain).stdout
