"""How errors end a command: a line for people, JSON for programs, an exit code for scripts."""

from __future__ import annotations

import os
import sys
import time
import traceback

import click

from zkroute.atomic import write_atomic
from zkroute.cli.terminal import Terminal, printable
from zkroute.errors import ExitCode, ZkrouteError
from zkroute.paths import cache_directory

INTERRUPTED = 130
"""As shells have it for Ctrl-C; 1 would read as an invalid proof."""
PIPE_CLOSED = 141
"""As shells have it for a reader of stdout that went away."""


def report(error: BaseException, terminal: Terminal) -> int:
    """Says what went wrong and returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        click.echo("interrupted; nothing was half-written", err=True)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # the interpreter flushes stdout once more at exit; let that go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    if os.environ.get("ZKROUTE_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, ZkrouteError):
        return _say(str(error), _kind(error), int(error.exit_code), terminal)
    if isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
        return _say(message, "usage", int(ExitCode.USAGE), terminal)
    if isinstance(error, MemoryError):
        message = "out of memory; 'prove' says beforehand how much a batch takes"
        return _say(message, "internal", int(ExitCode.INTERNAL), terminal)
    return _say(_internal(error), "internal", int(ExitCode.INTERNAL), terminal)


def _kind(error: ZkrouteError) -> str:
    """A refusal's own code where it has one, else the name of its exit code."""
    code = getattr(error, "code", None)
    return str(code.value) if code is not None else error.exit_code.name.lower()


def _say(message: str, kind: str, exit_code: int, terminal: Terminal) -> int:
    click.echo(printable(f"zkroute: {message}"), err=True)
    terminal.answer({"error": kind, "exit_code": exit_code, "message": message})
    return exit_code


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
