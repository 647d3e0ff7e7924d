"""``zkroute bench``: what batches cost, stage by stage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from zkroute.cli.figures_file import are_figures
from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.errors import UsageError

SWEPT = ("orders", "nodes", "commit_s", "prove_s", "orders_per_s", "verify_s", "peak_rss_mb")


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
@click.option(
    "--starts/--no-starts",
    default=True,
    help="Time whole processes of 'zkroute prove' too; a sweep never does.",
)
@click.option(
    "--sweep",
    is_flag=True,
    help="Time 1,024, 2,048, ... up to --orders orders with --nodes nodes; then 4, 16, 64, 256 and"
    " 1,024 nodes with 65,536 orders, or with --orders if that is less.",
)
@click.option(
    "--append", type=FilePath, help="Add each batch's figures to this file, as a line of JSON."
)
@speaking
@pass_terminal
def command(
    terminal: Terminal,
    orders: int,
    nodes: int,
    orders_file: Path | None,
    repeat: int,
    starts: bool,
    sweep: bool,
    append: Path | None,
) -> None:
    """Route, commit, prove and verify one batch and print what each step took.

    commit_s is the time to commit to the order and assignment columns alone. cold_start_s and
    warm_start_s are whole processes of 'zkroute prove', first with an empty cache, then again.
    The stages are those of the fastest proof.
    """
    measured: Iterator[dict[str, Any]]
    if sweep:
        from zkroute.cli.sweep import run_sweep

        measured = run_sweep(terminal, orders, nodes, orders_file, repeat)
    else:
        from zkroute.cli.benchmark import run_benchmark

        measured = (
            run_benchmark(terminal, orders, nodes, orders_file, repeat, starts) for _ in range(1)
        )
    batches = list(_appended(measured, append))
    if sweep:
        terminal.table(SWEPT, [[batch[name] for name in SWEPT] for batch in batches])
        terminal.answer({"batches": batches})
    else:
        terminal.table(("figure", "value"), list(_lines(batches[0])))
        terminal.answer(batches[0])


def _appended(batches: Iterator[dict[str, Any]], path: Path | None) -> Iterator[dict[str, Any]]:
    """The batches as they come, each kept before the next is measured."""
    if path is None:
        yield from batches
        return
    # a line behind a policy or a key would spoil it
    if path.is_file() and not are_figures(path.read_bytes()):
        raise UsageError(f"{path} is there already and holds no figures; choose another name")
    with path.open("a", encoding="ascii") as file:
        for figures in batches:
            file.write(json.dumps(figures) + "\n")
            file.flush()
            yield figures


def _lines(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values, those of the stages one below the other."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from ((f"  {part}", str(seconds)) for part, seconds in value.items())
        else:
            yield name, str(value)
