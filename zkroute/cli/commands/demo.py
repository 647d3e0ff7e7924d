"""``zkroute demo``: the whole road on made-up orders, and what happens to cheats."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("demo")
@click.argument("directory", type=FilePath, default="zkroute-demo")
@click.option(
    "--orders",
    type=click.IntRange(2, 512),
    default=400,
    show_default=True,
    help="Orders in each of the three batches.",
)
@speaking
@pass_terminal
def command(terminal: Terminal, directory: Path, orders: int) -> None:
    """Route three chained batches of a made-up flow, prove, verify, and tamper.

    Runs the other commands, shows each as you would type it, and leaves everything in DIRECTORY.
    """
    from zkroute.cli.demonstration import run_demonstration

    run_demonstration(terminal, directory, orders)
