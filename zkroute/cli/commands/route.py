"""``zkroute route``: orders in, a signed header and the router's private file out."""

from __future__ import annotations

import time
from pathlib import Path

import click
from click.core import ParameterSource

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, nodes_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("route")
@click.argument("orders", type=FilePath, default=workspace.ORDERS)
@key_option
@nodes_option
@click.option(
    "--router-key",
    type=FilePath,
    default=workspace.ROUTER_KEY,
    show_default=True,
    help="The private key that signs the header.",
)
@click.option("--after", type=FilePath, help="Folder of the batch before; none for the first.")
@click.option("--output", "-o", type=FilePath, help="Folder to make.  [default: batches/NUMBER]")
@click.option(
    "--time-ms",
    type=click.IntRange(0, (1 << 48) - 1),
    help="The batch's time, in milliseconds since 1970.  [default: now]",
)
@click.option("--trades", is_flag=True, help="ORDERS are Binance trades; see docs/orders.md.")
@click.option(
    "--first",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="With --trades: how many usable rows to pass over.",
)
@click.option("--count", type=click.IntRange(min=1), help="With --trades: how many rows to take.")
@click.option(
    "--skip-unlisted",
    is_flag=True,
    help="With --trades: pass over instruments that the policy does not list.",
)
@click.option(
    "--intake",
    type=FilePath,
    help="Take the orders from this intake log in place of ORDERS; see docs/receipts.md.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Route another next batch after --after, because nobody was ever given the first.",
)
@speaking
@click.pass_context
@pass_terminal
def command(
    terminal: Terminal,
    context: click.Context,
    orders: Path,
    key: Path,
    nodes: Path,
    router_key: Path,
    after: Path | None,
    output: Path | None,
    time_ms: int | None,
    trades: bool,
    first: int,
    count: int | None,
    skip_unlisted: bool,
    intake: Path | None,
    again: bool,
) -> None:
    """Route a file of ORDERS (.csv, .parquet, .jsonl) and commit to the outcome.

    Writes header.json and snapshot.json, which are public, and batch.private, which is not: it
    holds the orders and what hides them in the header.
    """
    from prover.batch import commit_batch
    from prover.keygen import ProvingKey
    from prover.state import Place
    from zkroute.algebra.engine import engine
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.batches import (
        check_free,
        check_only_child,
        check_snapshot,
        load_parent,
        making,
        record_child,
        save_batch,
    )
    from zkroute.cli.intake_input import check_numbers_are_free, take_in
    from zkroute.cli.reference_strings import srs_of_key
    from zkroute.cli.router_secret import router_secret
    from zkroute.cli.routing_summary import routing_document, say_routing
    from zkroute.formats.documents import read_snapshot
    from zkroute.formats.intake import write_intake
    from zkroute.model.order import read_orders, read_trades
    from zkroute.protocol.intake import NO_LOG

    _check_options(context)
    verifying_key = read_key(key)
    snapshot = read_snapshot(nodes)
    check_snapshot(verifying_key, snapshot)
    router = router_secret(router_key)
    policy = verifying_key.policy
    now = int(time.time() * 1000) if time_ms is None else time_ms
    parent = load_parent(after, snapshot) if after is not None else None
    number = parent.header.batch + 1 if parent else 0
    folder = workspace.BatchFolder(output or Path(workspace.BATCHES) / str(number))
    check_free(folder)
    if parent and not again:
        check_only_child(parent)
    place = parent.place(policy, now) if parent else Place(None, None, now)
    taken = None
    if intake is not None:
        taken = take_in(intake, verifying_key, snapshot, place, router)
        batch_orders = taken.orders
    else:
        check_numbers_are_free(parent.header if parent else None)
        if trades:
            batch_orders = read_trades(
                orders, policy, first=first, count=count, skip_unlisted=skip_unlisted
            )
            terminal.say("accounts, tiers, intents, order types and margins are derived, not real")
        else:
            batch_orders = read_orders(orders, policy)
    committed = commit_batch(
        ProvingKey(verifying_key, srs_of_key(verifying_key), engine()),
        snapshot,
        batch_orders,
        place,
        router.public_key().public_bytes_raw(),
        router.sign,
        taken.head if taken is not None else NO_LOG,
    )
    with making(folder):
        check_free(folder)
        if parent:
            record_child(parent)
        if taken is not None:
            write_intake(folder.intake, taken.leaves)
        save_batch(folder, committed, snapshot)
    say_routing(terminal, folder, committed, snapshot)
    terminal.answer(routing_document(folder, committed, snapshot))


def _check_options(context: click.Context) -> None:
    """Options that say nothing without another one, or against it. Raises click.UsageError."""
    given = context.params
    if not given["trades"] and (given["first"] or given["count"] or given["skip_unlisted"]):
        raise click.UsageError("--first, --count and --skip-unlisted go with --trades")
    if given["intake"] is not None:
        if given["trades"]:
            raise click.UsageError("--trades and --intake exclude each other")
        if context.get_parameter_source("orders") is ParameterSource.COMMANDLINE:
            raise click.UsageError("ORDERS and --intake exclude each other: the log has the orders")
    if given["again"] and given["after"] is None:
        raise click.UsageError("--again goes with --after")
