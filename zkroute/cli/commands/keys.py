"""``zkroute keys``: the verifying key that everyone can derive again."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import (
    FilePath,
    nodes_option,
    pass_terminal,
    policy_option,
    row_class,
    speaking,
)
from zkroute.cli.terminal import Terminal


@click.command("keys")
@policy_option
@nodes_option
@click.option("--srs", help="Name or identifier of the SRS; may be left out where only one fits.")
@click.option(
    "--rows",
    callback=row_class(may_be_auto=True),
    default="auto",
    show_default=True,
    help="The largest batch, a power of two; auto takes the smallest that holds --orders.",
)
@click.option(
    "--orders",
    default=workspace.ORDERS,
    show_default=True,
    help="For --rows auto: a number of orders, or an order file to count.",
)
@click.option(
    "--output",
    "-o",
    type=FilePath,
    default=workspace.KEY,
    show_default=True,
    help="Where to write the key.",
)
@speaking
@pass_terminal
def command(
    terminal: Terminal,
    policy: Path,
    nodes: Path,
    srs: str | None,
    rows: int | None,
    orders: str,
    output: Path,
) -> None:
    """Derive the verifying key of a policy, its number of nodes, a row class and an SRS.

    The same inputs give the same key on every machine. Verifiers name its digest as one they
    accept, after deriving it themselves.
    """
    from circuits.statement import smallest_log_rows
    from prover.keygen import derive_key
    from zkroute.algebra.engine import engine
    from zkroute.cli.batches import check_snapshot
    from zkroute.cli.order_input import count_orders
    from zkroute.cli.outputs import document_of, require_free, write_output
    from zkroute.cli.reference_strings import choose_srs
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.formats.key import FORMAT, encode_key

    # the same key may be there; which one this will be is not known yet
    require_free(output, document_of(FORMAT))
    rules = read_policy(policy)
    snapshot = read_snapshot(nodes)
    if rows is None:
        rows = smallest_log_rows(rules, count_orders(orders))
    key = derive_key(rules, len(snapshot.nodes), rows, choose_srs(srs, rows), engine())
    check_snapshot(key, snapshot)
    write_output(output, encode_key(key))
    terminal.say(f"key digest {key.digest.hex()}")
    terminal.say(f"for batches of up to {1 << rows:,} orders over {key.nodes} nodes, SRS {key.srs}")
    terminal.say(f"written to {output}")
    terminal.answer(
        {
            "file": str(output),
            "digest": key.digest.hex(),
            "policy": rules.digest.hex(),
            "circuit": key.circuit_digest.hex(),
            "srs": key.srs,
            "rows": 1 << rows,
            "nodes": key.nodes,
        }
    )
