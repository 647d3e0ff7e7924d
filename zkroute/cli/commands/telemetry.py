"""``zkroute telemetry``: nodes sign their entries in a snapshot."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkroute.cli.options import FilePath, nodes_option, pass_terminal, policy_option, speaking
from zkroute.cli.outputs import Recogniser, document_of, require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.errors import MalformedError, UsageError

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

    A node signs what it knows of itself; forecasts are the router's own word and not signed. An
    earlier statement of the same node is replaced, any other file is not.
    """
    from zkroute.cli.router_secret import private_key
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.formats.telemetry import encode_telemetry
    from zkroute.settlement.telemetry import gather, sign_statement

    snapshot = read_snapshot(nodes)
    node = next((each for each in snapshot.nodes if each.name == name), None)
    if node is None:
        raise UsageError(f"{nodes} has no node {name!r}")
    require_free(output, _statement_of(name))
    issued = int(time.time() * 1000) if time_ms is None else time_ms
    expires = issued + 1000 * seconds
    chain = read_policy(policy).chain
    statement = sign_statement(node, chain, private_key(node_key), issued, expires)
    made = encode_telemetry(gather(snapshot, [statement]))
    write_output(output, made, _statement_of(name))
    terminal.say(f"{output}: {name} signed its entry until {expires} ms")
    terminal.answer({"file": str(output), "node": name, "issued_ms": issued, "expires_ms": expires})


@command.command("gather")
@click.argument("statements", type=FilePath, nargs=-1, required=True)
@nodes_option
@policy_option
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
    terminal: Terminal, statements: tuple[Path, ...], nodes: Path, policy: Path, output: Path
) -> None:
    """Put STATEMENTS of several nodes into one file for a snapshot; the last word of each counts.

    Each must sign the very entry that the snapshot has; whether by a key that may speak for the
    node is for each node's gate. An earlier such file is replaced, any other is not.
    """
    from zkroute.errors import MismatchError
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.formats.telemetry import FORMAT, encode_telemetry, read_telemetry
    from zkroute.settlement.telemetry import gather, require_signed_entries

    if output.resolve() in [path.resolve() for path in statements]:
        raise UsageError(f"{output} is one of the statements; choose another --output")
    snapshot, chain = read_snapshot(nodes), read_policy(policy).chain
    words = {each.node: each for path in statements for each in read_telemetry(path).statements}
    missing = [node.name for node in snapshot.nodes if node.name not in words]
    if missing:
        raise MismatchError(f"there is no statement of {', '.join(missing)}")
    telemetry = gather(snapshot, [words[node.name] for node in snapshot.nodes])
    require_signed_entries(snapshot, telemetry, chain)
    write_output(output, encode_telemetry(telemetry), document_of(FORMAT))
    count = len(telemetry.statements)
    terminal.say(f"{output}: {count} statements for snapshot {snapshot.digest.hex()}")
    terminal.answer({"file": str(output), "snapshot": snapshot.digest.hex(), "statements": count})


def _statement_of(name: str) -> Recogniser:
    """Recognises files with a statement of this node and of no other."""
    from zkroute.formats.telemetry import decode_telemetry

    def is_one(data: bytes) -> bool:
        try:
            statements = decode_telemetry(data, "earlier").statements
        except MalformedError:
            return False
        return [each.node for each in statements] == [name]

    return is_one
