"""Errors: one line, the right exit code, and never a traceback unasked."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from zkroute.cli import main
from zkroute.cli.terminal import printable
from zkroute.errors import MismatchError


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


def test_out_of_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(monkeypatch, MemoryError())
    assert result.exit_code == 70
    assert "out of memory" in result.stderr


def test_ctrl_c_is_not_an_invalid_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_raising(monkeypatch, KeyboardInterrupt()).exit_code == 130


def test_a_reader_that_went_away_is_not_an_invalid_proof(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("pipes break differently here")
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ZKROUTE_DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "zkroute.cli", "srs", "list"]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_control_characters_from_files_do_not_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = run_raising(monkeypatch, MismatchError("bad \x1b[31mname\x07 \ud800 é"))
    assert result.stderr == "zkroute: bad \\x1b[31mname\\x07 \\ud800 é\n"
    assert printable("two\nlines") == "two\nlines"
