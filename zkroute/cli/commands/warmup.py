"""``zkroute warmup``: compile now, so that no later command has to."""

from __future__ import annotations

import time

import click

from zkroute.cli.options import pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("warmup")
@speaking
@pass_terminal
def command(terminal: Terminal) -> None:
    """Compile every kernel that proving and verifying use and keep the machine code.

    It is kept in ZKROUTE_CACHE_DIR, or in this user's cache folder, until zkroute, a library it
    compiles with, or the processor changes. What is kept of others and was not used for 30 days
    is removed.
    """
    from zkroute.algebra.engine import engine
    from zkroute.algebra.verification import fastest_arithmetic
    from zkroute.cli.kernel_cache import UNUSED_DAYS, remove_unused_bases, remove_unused_kernels
    from zkroute.cli.rehearsal import rehearse
    from zkroute.paths import cache_directory

    terminal.note("compiling; a minute or so where the cache is empty")
    started = time.perf_counter()
    rehearse()
    fastest_arithmetic()
    seconds = time.perf_counter() - started
    name = engine().name
    terminal.say(f"{name} kernels are ready in {cache_directory()} ({seconds:.1f} s)")
    removed, bases = remove_unused_kernels(), remove_unused_bases()
    if removed.count:
        versions = "version" if removed.count == 1 else "versions"
        terminal.say(
            f"removed kernels of {removed.count} other {versions}, unused for "
            f"{UNUSED_DAYS} days ({removed.bytes / 1e6:.1f} MB)"
        )
    if bases.count:
        terminal.say(
            f"removed {bases.count} Lagrange bases, unused for {UNUSED_DAYS} days "
            f"({bases.bytes / 1e6:.1f} MB)"
        )
    terminal.answer(
        {
            "kernel": name,
            "cache": str(cache_directory()),
            "seconds": round(seconds, 4),
            "removed": removed.count,
            "removed_bytes": removed.bytes,
            "removed_bases": bases.count,
            "removed_bases_bytes": bases.bytes,
        }
    )
