"""``zkroute bench``: what one batch costs, stage by stage."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("bench")
@click.option(
    "--orders", type=click.IntRange(1, 1 << 20), default=4096, show_default=True, help="How many."
)
@click.option(
    "--nodes", type=click.IntRange(2, 4096), default=16, show_default=True, help="How many."
)
@click.option(
    "--orders-file",
    type=FilePath,
    help="Take the orders from here: Binance trades, or orders for the policy of 'init --trades'."
    "  [default: a made-up flow]",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Time each step so often and report the best.",
)
@speaking
@pass_terminal
def command(
    terminal: Terminal, orders: int, nodes: int, orders_file: Path | None, repeat: int
) -> None:
    """Route, commit, prove and verify one batch and print what each step took.

    commit_s is the time to commit to the order and assignment columns alone. cold_start_s and
    warm_start_s are whole processes of 'zkroute prove', first with an empty cache, then again.
    """
    from zkroute.cli.benchmark import run_benchmark

    figures = run_benchmark(terminal, orders, nodes, orders_file, repeat)
    terminal.table(("figure", "value"), [(name, str(value)) for name, value in figures.items()])
    terminal.answer(figures)
