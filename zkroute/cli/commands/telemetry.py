"""``zkroute telemetry``: nodes sign their entries in a snapshot."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkroute.cli.options import FilePath, nodes_option, pass_terminal, policy_option, speaking
from zkroute.cli.terminal import Terminal

MAX_SECONDS = 10**8


@click.group("telemetry")
def command() -> None:
    """Sign a node's entry in a snapshot, and gather what all nodes signed."""


@command.command("sign")
@nodes_option
@policy_option
@click.option("--node", "name", required=True, help="The node whose entry to sign.")
@click.option("--node-key", type=FilePath, required=True, help="The node's private key.")
@click.option(
    "--seconds",
    type=click.IntRange(1, MAX_SECONDS),
    default=3600,
    show_default=True,
    help="How long the entry holds.",
)
@click.option(
    "--time-ms",
    type=click.IntRange(0, 1 << 47),
    help="When it begins to hold, in milliseconds since 1970.  [default: now]",
)
@click.option("--output", "-o", type=FilePath, required=True, help="The statement's file.")
@speaking
@pass_terminal
def sign_command(
    terminal: Terminal,
    nodes: Path,
    policy: Path,
    name: str,
    node_key: Path,
    seconds: int,
    time_ms: int | None,
    output: Path,
) -> None:
    """Sign one node's entry of a snapshot, as it stands in the file, for a while.

    A node signs what it knows of itself; forecasts are the router's own word and not signed.
    """
    from zkroute.cli.router_secret import private_key
    from zkroute.errors import UsageError
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.formats.telemetry import write_telemetry
    from zkroute.settlement.telemetry import gather, sign_statement

    snapshot = read_snapshot(nodes)
    node = next((each for each in snapshot.nodes if each.name == name), None)
    if node is None:
        raise UsageError(f"{nodes} has no node {name!r}")
    issued = int(time.time() * 1000) if time_ms is None else time_ms
    expires = issued + 1000 * seconds
    chain = read_policy(policy).chain
    statement = sign_statement(node, chain, private_key(node_key), issued, expires)
    write_telemetry(output, gather(snapshot, [statement]))
    terminal.say(f"{output}: {name} signed its entry until {expires} ms")
    terminal.answer({"file": str(output), "node": name, "issued_ms": issued, "expires_ms": expires})


@command.command("gather")
@click.argument("statements", type=FilePath, nargs=-1, required=True)
@nodes_option
@click.option(
    "--output",
    "-o",
    type=FilePath,
    default=Path("telemetry.json"),
    show_default=True,
    help="The file to write.",
)
@speaking
@pass_terminal
def gather_command(
    terminal: Terminal, statements: tuple[Path, ...], nodes: Path, output: Path
) -> None:
    """Put STATEMENTS of several nodes into one file for a snapshot; the last word of each counts.

    Whether they are signed by whom they must is for each node's gate.
    """
    from zkroute.errors import MismatchError
    from zkroute.formats.documents import read_snapshot
    from zkroute.formats.telemetry import read_telemetry, write_telemetry
    from zkroute.settlement.telemetry import gather

    snapshot = read_snapshot(nodes)
    words = {each.node: each for path in statements for each in read_telemetry(path).statements}
    missing = [node.name for node in snapshot.nodes if node.name not in words]
    if missing:
        raise MismatchError(f"there is no statement of {', '.join(missing)}")
    ordered = [words[node.name] for node in snapshot.nodes]
    write_telemetry(output, gather(snapshot, ordered))
    terminal.say(f"{output}: {len(ordered)} statements for snapshot {snapshot.digest.hex()}")
    terminal.answer(
        {"file": str(output), "snapshot": snapshot.digest.hex(), "statements": len(ordered)}
    )
