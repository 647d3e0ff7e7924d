"""Commands that are cut off: full disks, readers that went away, Ctrl-C, words not understood."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.unit.cli.conftest import Desk
from tests.unit.cli.test_failures import run_raising

FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
ENTRY = "from zkroute.cli.__main__ import main; main()"
MESSAGE = "interrupted; every file there is whole"
INTERRUPTED = {"error": "interrupted", "exit_code": 130, "message": MESSAGE}


def run(desk: Desk, words: list[str], stdout: int, code: str = ENTRY) -> tuple[int, str]:
    """Exit code and stderr of a process that writes its answer to this file."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONUNBUFFERED": "",
        "ZKROUTE_DATA_DIR": str(desk.path / "data"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=desk.path,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def verifying(desk: Desk) -> list[str]:
    return ["verify", "batches/0", "--start", *desk.accepting]


@needs_full_device
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["srs", "list"], ["keys", "-h"]])
def test_an_answer_that_cannot_be_written_is_a_file_that_cannot(
    desk: Desk, words: list[str]
) -> None:
    with FULL.open("wb") as full:
        code, said = run(desk, words, full.fileno())
    assert (code, said) == (2, "zkroute: standard output: No space left on device\n")


@needs_full_device
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_valid_proof_is_not_called_invalid_for_a_full_disk(desk: Desk, more: list[str]) -> None:
    with FULL.open("wb") as full:
        ending = run(desk, verifying(desk) + more, full.fileno())
    assert ending == (2, "zkroute: standard output: No space left on device\n")


@needs_full_device
def test_a_refusal_keeps_its_exit_code_where_its_answer_cannot_be_written(desk: Desk) -> None:
    with FULL.open("wb") as full:
        words = ["verify", "batches/0", "--accept", "00" * 32, "--json"]
        code, said = run(desk, words, full.fileno())
    assert code == 4
    assert said.splitlines()[0].startswith("zkroute: key-unknown: ")
    assert said.splitlines()[1:] == ["zkroute: standard output: No space left on device"]


@needs_full_device
def test_what_only_the_exit_would_have_written_is_noticed(desk: Desk) -> None:
    verb = "click.Command('verb', callback=lambda: print('text'))"
    code = (
        "import click\nfrom zkroute.cli import main\n"
        f"main.Verbs.get_command = lambda *_: {verb}\nmain.main()"
    )
    with FULL.open("wb") as full:
        ending = run(desk, ["verb"], full.fileno(), code)
    assert ending == (2, "zkroute: standard output: No space left on device\n")


@needs_full_device
def test_a_full_stderr_changes_no_exit_code(desk: Desk) -> None:
    for words, expected in ((["srs", "check", "nobody"], 2), (["srs", "--nonsense"], 2)):
        with FULL.open("wb") as full:
            command = [sys.executable, "-c", ENTRY, *words]
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=full, cwd=desk.path, check=False
            )
        assert (done.returncode, done.stdout) == (expected, b"")


@pytest.mark.parametrize(
    "words", [["srs", "list"], ["srs", "list", "--json"], ["--help"], ["route", "--help"]]
)
def test_a_reader_that_went_away_is_not_an_invalid_proof(desk: Desk, words: list[str]) -> None:
    if os.name != "posix":
        pytest.skip("pipes break differently here")
    reader, writer = os.pipe()
    os.close(reader)
    ending = run(desk, words, writer)
    os.close(writer)
    assert ending == (141, "")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_is_not_an_invalid_proof(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    result = run_raising(monkeypatch, error)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == f"zkroute: {MESSAGE}\n"
    assert json.loads(run_raising(monkeypatch, error, "--json").stdout) == INTERRUPTED


@pytest.mark.parametrize("module", ["click", "zkroute.cli.main", "zkroute.cli.commands.srs"])
@pytest.mark.parametrize("words", [["srs", "list"], ["srs", "list", "--json"]])
def test_ctrl_c_is_waited_for_before_anything_is_loaded(
    desk: Desk, module: str, words: list[str], tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "class Early:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        f"sys.meta_path.insert(0, Early())\n{ENTRY}"
    )
    with (tmp_path / "answer").open("wb") as file:
        ending = run(desk, words, file.fileno(), code)
    assert ending == (130, f"zkroute: {MESSAGE}\n")
    answer = (tmp_path / "answer").read_text()
    assert (json.loads(answer) if answer else None) == (INTERRUPTED if "--json" in words else None)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, MESSAGE),
        (OSError(errno.ENOSPC, "no space", "key.json"), 2, "key.json: no space"),
        (MemoryError(), 70, "out of memory"),
    ],
)
def test_a_demonstration_that_is_cut_off_is_not_broken(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    said: str,
) -> None:
    def cut_off(*_: object) -> None:
        raise error

    monkeypatch.setattr("prover.keygen.derive_key", cut_off)
    answer = desk.run("demo", tmp_path / "one")
    assert answer.code == code
    assert answer.stderr.startswith(f"zkroute: {said}")
    assert answer.stderr.count("\n") == 1
    answer = desk.run("demo", tmp_path / "two", "--json")
    assert answer.document["exit_code"] == answer.code == code


@pytest.mark.parametrize(
    "words",
    [
        ("srs", "list", "--nonsense"),
        ("verify",),
        ("nonsense",),
        ("keys", "--rows", "63"),
        ("srs",),
        ("router", "handover", "x.key"),
        ("--nonsense", "srs", "list"),
    ],
)
def test_programs_are_told_that_they_were_not_understood(
    desk: Desk, words: tuple[str, ...]
) -> None:
    answer = desk.run(*words, "--json")
    assert answer.code == 2
    assert answer.document["error"] == "usage"
    assert answer.document["exit_code"] == 2
    assert answer.document["message"] in answer.stderr
    assert desk.run(*words).stdout == ""


def test_a_name_that_looks_like_the_option_asks_for_no_json(desk: Desk) -> None:
    answer = desk.run("verify", "--nonsense", "--", "--json")
    assert (answer.code, answer.stdout) == (2, "")
