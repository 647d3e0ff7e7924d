"""``zkroute demo``: the whole road on made-up orders, and what happens to cheats."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("demo")
@click.argument("directory", type=FilePath, required=False)
@click.option(
    "--orders",
    type=click.IntRange(2, 512),
    default=400,
    show_default=True,
    help="Orders in each of the three batches.",
)
@speaking
@pass_terminal
def command(terminal: Terminal, directory: Path | None, orders: int) -> None:
    """Route three chained batches of a made-up flow, prove, verify, and tamper.

    Runs the other commands, shows each as you would type it, and leaves everything in DIRECTORY,
    or in zkroute-demo, zkroute-demo-2, and so on.
    """
    from zkroute.cli.demonstration import free_folder, run_demonstration

    run_demonstration(terminal, directory or free_folder(), orders)
