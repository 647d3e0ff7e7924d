"""What is there already stays: no command of a router's desk writes over another file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Answer, Desk

IS_THERE = "is there already and is not replaced; choose another name"


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """A copy of the desk's files to write beside."""
    for name in ("policy.toml", "nodes.toml", "orders.csv", "key.json", "router.key", "router.pub"):
        shutil.copy(desk.path / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def run(desk: Desk, folder: Path) -> Callable[..., Answer]:
    return lambda *words: desk.run(*words, folder=folder)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


Run = Callable[..., Answer]


@pytest.mark.parametrize("name", ["router.key", "policy.toml", "orders.csv", "router.pub"])
def test_a_verifying_key_replaces_nothing(run: Run, folder: Path, name: str) -> None:
    before = bytes_of(folder)
    answer = run("keys", "--output", name)
    assert (answer.code, answer.stderr) == (2, f"zkroute: {name} {IS_THERE}\n")
    assert bytes_of(folder) == before


def test_the_same_verifying_key_may_be_there(run: Run, folder: Path) -> None:
    before = bytes_of(folder)
    assert run("keys").code == 0
    assert bytes_of(folder) == before
    document = json.loads(before["key.json"])
    (folder / "key.json").write_text(json.dumps(document | {"nodes": 7}))
    answer = run("keys")
    assert answer.code == 2
    assert IS_THERE in answer.stderr
    (folder / "batches").mkdir()
    assert "batches is a folder; name a file" in run("keys", "-o", "batches").stderr


@pytest.mark.parametrize("name", ["x.pub", "x.PUB", "router.key", ".", "..", "keys"])
def test_a_private_key_is_written_where_it_stays(run: Run, folder: Path, name: str) -> None:
    (folder / "keys").mkdir()
    before = bytes_of(folder)
    answer = run("router", "new", name)
    assert answer.code == 2
    assert answer.stderr.count("\n") == 1
    assert bytes_of(folder) == before


def test_neither_half_of_a_new_key_replaces_another(run: Run, folder: Path) -> None:
    (folder / "mine.pub").write_text("somebody's")
    assert f"mine.pub {IS_THERE}" in run("router", "new", "mine.key").stderr
    assert not (folder / "mine.key").exists()
    assert run("router", "new", "yours.key").code == 0
    secret = (folder / "yours.key").read_bytes()
    assert run("router", "protect", "router.key", "--remove", "-o", "yours.key").code == 2
    assert (folder / "yours.key").read_bytes() == secret


def test_a_handover_is_made_once(run: Run, folder: Path) -> None:
    for name in ("next", "other"):
        assert run("router", "new", f"{name}.key").code == 0
    words = ("--chain", "main", "--from-batch", "5")
    assert run("router", "handover", "next.key", *words).code == 0
    made = (folder / "handover.json").read_bytes()
    assert run("router", "handover", "next.key", *words).code == 0
    for other in (("other.key", *words), ("next.key", "--chain", "main", "--from-batch", "6")):
        answer = run("router", "handover", *other)
        assert (answer.code, IS_THERE in answer.stderr) == (2, True)
    assert run("router", "handover", "next.key", *words, "-o", "policy.toml").code == 2
    assert (folder / "handover.json").read_bytes() == made


@pytest.mark.parametrize("name", ["no such", "", "-x", "é", "a" * 65, "a\n"])
def test_a_handover_is_for_a_chain_that_can_be(run: Run, folder: Path, name: str) -> None:
    words = ("--chain", name, "--from-batch", "5")
    answer = run("router", "handover", "router.key", *words)
    assert answer.code == 2
    assert "names no chain" in answer.stderr


def test_figures_are_added_to_no_other_file(run: Run, folder: Path) -> None:
    before = bytes_of(folder)
    for name in ("policy.toml", "key.json", "orders.csv"):
        answer = run("bench", "--append", name)
        assert answer.code == 2
        assert f"{name} is there already and holds no figures" in answer.stderr
    assert bytes_of(folder) == before


def test_a_public_key_is_not_advised_to_be_hidden(run: Run) -> None:
    answer = run("route", "--router-key", "router.pub", "--output", "batch")
    assert answer.code == 3
    assert "router.pub: 64 digits are a public key; the private one is needed" in answer.stderr
    assert "chmod" not in answer.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--node-count", "16"), "--node-count goes with --trades"),
        (("--orders", "5", "--trades"), "--orders goes without --trades"),
    ],
)
def test_init_ignores_no_option(run: Run, folder: Path, words: tuple[str, ...], said: str) -> None:
    answer = run("init", "new", *words)
    assert answer.code == 2
    assert said in answer.stderr
    assert not (folder / "new").exists()
