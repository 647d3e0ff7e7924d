"""Errors: one line, the right exit code, and never a traceback unasked."""

import errno
import json
import os
import stat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from verifier.errors import Code, VerificationError
from zkroute.cli import main
from zkroute.cli.terminal import printable
from zkroute.errors import MismatchError, ZkrouteError
from zkroute.settlement.errors import Reason, SettlementError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("ZKROUTE_DEBUG", raising=False)


def run_raising(monkeypatch: pytest.MonkeyPatch, error: BaseException, *words: str) -> Result:
    """The command line with a verb that does nothing but raise."""

    @click.command()
    @main_options
    def command() -> None:
        raise error

    monkeypatch.setattr(main.Verbs, "get_command", lambda *_: command)
    return CliRunner().invoke(main.command_line, ["verb", *words])


def main_options(command: click.Command) -> click.Command:
    from zkroute.cli.options import speaking

    return speaking(command)


def test_our_own_errors_are_one_line_and_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(monkeypatch, MismatchError("these do not fit"))
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == "zkroute: these do not fit\n"


def test_programs_get_json(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(monkeypatch, MismatchError("these do not fit"), "--json")
    assert '"error": "mismatch"' in result.stdout
    assert '"exit_code": 4' in result.stdout


def test_anything_unexpected_is_70_with_the_details_in_a_private_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run_raising(monkeypatch, RuntimeError("a secret detail"))
    assert result.exit_code == 70
    assert "Traceback" not in result.output
    assert "secret detail" not in result.output
    (details,) = (tmp_path / "cache" / "crashes").iterdir()
    assert str(details) in result.stderr
    assert "a secret detail" in details.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(details.stat().st_mode) == 0o600


def test_details_that_cannot_be_kept_are_no_second_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    result = run_raising(monkeypatch, RuntimeError("oops"))
    assert result.exit_code == 70
    assert "ZKROUTE_DEBUG=1" in result.stderr


def test_a_traceback_is_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_DEBUG", "1")
    assert "Traceback" in run_raising(monkeypatch, RuntimeError("oops")).stderr


def test_files_that_cannot_be_written_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError(28, "No space left on device", "batches/0/header.json")
    result = run_raising(monkeypatch, error)
    assert result.exit_code == 2
    assert result.stderr == "zkroute: batches/0/header.json: No space left on device\n"


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EMFILE"])
def test_whatever_the_system_fails_at_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    error = OSError(getattr(errno, name), "the reason")
    result = run_raising(monkeypatch, error, "--json")
    assert result.exit_code == 2
    assert result.stderr == "zkroute: a file cannot be read or written: the reason\n"
    answer = json.loads(result.stdout)
    assert (answer["error"], answer["exit_code"]) == ("usage", 2)
    assert f"zkroute: {answer['message']}\n" == result.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no such cluster"), "no such cluster"),
        (OSError(), "OSError"),
        (PermissionError(errno.EACCES, "denied", b"bytes.bin"), "bytes.bin: denied"),
        (OSError(errno.EIO, "broken", 3), "a file cannot be read or written: broken"),
    ],
)
def test_as_much_is_said_of_a_system_error_as_is_known(
    monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    result = run_raising(monkeypatch, error)
    assert (result.exit_code, result.stderr) == (2, f"zkroute: {said}\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (VerificationError(Code.STALE, "old"), "zkroute: stale: old\n"),
        (SettlementError(Reason.FORK, "two"), "zkroute: fork: two\n"),
        (MismatchError("no code"), "zkroute: no code\n"),
    ],
)
def test_people_see_the_code_of_a_refusal_too(
    monkeypatch: pytest.MonkeyPatch, error: ZkrouteError, line: str
) -> None:
    assert run_raising(monkeypatch, error).stderr == line
    answer = json.loads(run_raising(monkeypatch, error, "--json").stdout)
    assert answer["message"] == str(error)


def test_a_code_that_is_said_already_is_not_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SettlementError(Reason.FORK, "fork: two batches")
    assert run_raising(monkeypatch, error).stderr == "zkroute: fork: two batches\n"


def test_out_of_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(monkeypatch, MemoryError())
    assert result.exit_code == 70
    assert "out of memory" in result.stderr


def test_control_characters_from_files_do_not_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = run_raising(monkeypatch, MismatchError("bad \x1b[31mname\x07 \ud800 é"))
    assert result.stderr == "zkroute: bad \\x1b[31mname\\x07 \\ud800 é\n"
    assert printable("two\nlines") == "two\nlines"
