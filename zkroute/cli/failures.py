"""How errors end a command: a line for people, JSON for programs, an exit code for scripts."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from dataclasses import dataclass
from typing import IO

import click

from zkroute.atomic import write_atomic
from zkroute.cli.interruption import INTERRUPTED, KIND, MESSAGE
from zkroute.cli.terminal import STANDARD_OUTPUT, Terminal, printable, standard_output
from zkroute.errors import ExitCode, ZkrouteError
from zkroute.paths import cache_directory

PIPE_CLOSED = 141
"""As shells have it for a reader of stdout that went away."""


class CarriedError(Exception):
    """Takes an error past click, which ends Ctrl-C and a broken pipe with exit code 1 of its own:
    here that is an invalid proof."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class _Ending:
    """What is said of an error."""

    kind: str
    """A refusal's own code where it has one, else the name of the exit code."""
    exit_code: int
    message: str
    has_code: bool = False


def is_interruption(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C, or ended the input that was asked for."""
    return isinstance(error, (KeyboardInterrupt, click.Abort))


def finish() -> None:
    """Afterwards all that was said has left this process. Raises OSError if it cannot.

    The interpreter would try at its exit, and end with a code of its own.
    """
    with standard_output():
        if sys.stdout is not None:
            sys.stdout.flush()


def report(error: BaseException, terminal: Terminal) -> int:
    """Says what went wrong and returns the exit code.

    A stream that is full or gone is no second error: the first one's exit code stands.
    """
    if isinstance(error, OSError) and error.filename is None:
        # standard output, if what it did not take is still there to be written
        try:
            finish()
        except OSError as failure:
            error = failure
    if isinstance(error, BrokenPipeError):
        _silence(sys.stdout)
        return PIPE_CLOSED
    ending = _ending(error)
    try:
        _explain(error, ending)
    except OSError:
        _silence(sys.stderr)
    if isinstance(error, OSError) and error.filename == STANDARD_OUTPUT:
        # part of an answer may be there; another one behind it would make neither readable
        _silence(sys.stdout)
        return ending.exit_code
    try:
        terminal.answer(
            {"error": ending.kind, "exit_code": ending.exit_code, "message": ending.message}
        )
    except OSError as failure:
        if not isinstance(failure, BrokenPipeError):
            with contextlib.suppress(OSError):
                click.echo(f"zkroute: {_of_the_system(failure)}", err=True)
        _silence(sys.stdout)
    return ending.exit_code


def _ending(error: BaseException) -> _Ending:
    if is_interruption(error):
        return _Ending(KIND, INTERRUPTED, MESSAGE)
    if isinstance(error, click.ClickException):
        return _Ending("usage", int(ExitCode.USAGE), error.format_message())
    if isinstance(error, ZkrouteError):
        code = getattr(error, "code", None)
        kind = error.exit_code.name.lower() if code is None else str(code.value)
        return _Ending(kind, int(error.exit_code), str(error), code is not None)
    if isinstance(error, OSError):
        return _Ending("usage", int(ExitCode.USAGE), _of_the_system(error))
    if isinstance(error, MemoryError):
        message = "out of memory; 'prove' says beforehand how much a batch takes"
    else:
        message = _internal(error)
    return _Ending("internal", int(ExitCode.INTERNAL), message)


def _explain(error: BaseException, ending: _Ending) -> None:
    """The line on stderr; for a command that cannot be understood, click's lines on its usage."""
    if isinstance(error, click.ClickException):
        error.show()
        return
    if os.environ.get("ZKROUTE_DEBUG") and not is_interruption(error):
        traceback.print_exception(error)
    prefix = f"{ending.kind}: "
    if not ending.has_code or ending.message.startswith(prefix):
        prefix = ""
    click.echo(printable(f"zkroute: {prefix}{ending.message}"), err=True)


def _of_the_system(error: OSError) -> str:
    """A sentence about a file, or about whatever else the operating system failed at."""
    reason = error.strerror or str(error) or type(error).__name__
    if isinstance(error.filename, (str, bytes, os.PathLike)):
        return f"{os.fsdecode(error.filename)}: {reason}"
    if error.errno is None:
        return reason
    return f"a file cannot be read or written: {reason}"


def _silence(stream: IO[str] | None) -> None:
    """What the stream still holds goes nowhere when the interpreter flushes it at exit."""
    if stream is None:
        return
    # a stream that is no file has no descriptor
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _internal(error: BaseException) -> str:
    """A sentence about a fault of ours, its details kept in a file that only the user can read."""
    name = time.strftime("%Y-%m-%dT%H-%M-%S") + f"-{os.getpid()}.txt"
    path = cache_directory() / "crashes" / name
    details = "".join(traceback.format_exception(error)).encode("utf-8", errors="replace")
    try:
        write_atomic(path, details, private=True)
    except OSError:
        return f"internal error ({type(error).__name__}); set ZKROUTE_DEBUG=1 to see the details"
    return f"internal error ({type(error).__name__}); the details are in {path}"
