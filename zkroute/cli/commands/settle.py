"""``zkroute settle``: a settlement node's gate and ledger."""

from __future__ import annotations

import re
from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, nodes_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder


def _link(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes | None:
    return None if value is None else _digest(context, parameter, value)


def _digest(_context: click.Context, _parameter: click.Parameter, value: str) -> bytes:
    """A whole digest: another batch could be made to share a prefix."""
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise click.BadParameter("a digest is 64 lower-case hexadecimal digits")
    return bytes.fromhex(value)


configuration_option = click.option(
    "--config",
    "configuration",
    type=FilePath,
    default=workspace.NODE,
    show_default=True,
    help="The node's configuration; docs/settlement.md has its keys.",
)


@click.group("settle")
def command() -> None:
    """Accept batches at a settlement node, and look after its ledger."""


@command.command("init")
@key_option
@nodes_option
@click.option(
    "--router",
    type=FilePath,
    default=workspace.ROUTER_PUBLIC,
    show_default=True,
    help="The router's public key.",
)
@click.option("--node", help="This node's name in the snapshot.  [default: only observe]")
@click.option("--traders", type=FilePath, help="File of the traders' keys.")
@click.option(
    "--output", "-o", type=FilePath, default=workspace.NODE, show_default=True, help="The file."
)
@speaking
@pass_terminal
def init_command(
    terminal: Terminal,
    key: Path,
    nodes: Path,
    router: Path,
    node: str | None,
    traders: Path | None,
    output: Path,
) -> None:
    """Write a node's configuration that accepts this key, router and snapshot; look it over."""
    from zkroute.atomic import write_atomic
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.node_terms import configuration_text
    from zkroute.errors import UsageError
    from zkroute.formats.documents import read_snapshot
    from zkroute.formats.router_key import read_public_key

    if output.exists():
        raise UsageError(f"{output} is there already; choose another --output")
    verifying_key, snapshot = read_key(key), read_snapshot(nodes)
    names = [each.name for each in snapshot.nodes]
    if node is not None and node not in names:
        raise UsageError(f"{nodes} has no node {node!r}; it has {', '.join(names)}")
    text = configuration_text(
        verifying_key, read_public_key(router), key, nodes, node, traders, output.parent
    )
    write_atomic(output, text.encode())
    terminal.say(f"{output}: what it names is all that this node will accept")
    terminal.answer({"configuration": str(output), "key": verifying_key.digest.hex()})


@command.command("accept")
@click.argument("batch", type=FilePath)
@click.option("--proof", type=FilePath, help="The proof's file.  [default: beside the header]")
@click.option("--slice", "part", type=FilePath, help="This node's slice of the batch.")
@click.option("--snapshot", type=FilePath, help="A node snapshot that is not in the configuration.")
@click.option("--telemetry", type=FilePath, help="The nodes' signatures under --snapshot.")
@configuration_option
@speaking
@pass_terminal
def accept_command(
    terminal: Terminal,
    batch: Path,
    proof: Path | None,
    part: Path | None,
    snapshot: Path | None,
    telemetry: Path | None,
    configuration: Path,
) -> None:
    """Accept the batch in folder BATCH, or the header file BATCH, into this node's ledger.

    Exit code 0 if it is in the ledger, now or before; otherwise the code of the refusal.
    """
    from zkroute.cli.artefacts import read_header, read_proof
    from zkroute.cli.node_terms import RefusedError, signed_snapshot
    from zkroute.formats.slice import read_slice
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.gate import Gate, Refused
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    header = read_header(batch)
    data = read_proof(proof or BatchFolder.of(batch).proof)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        answer = Gate(terms.configuration, ledger).accept(
            header,
            data,
            read_slice(part) if part is not None else None,
            signed_snapshot(snapshot, telemetry),
        )
    if isinstance(answer, Refused):
        raise RefusedError(answer)
    orders = len(answer.orders.orders) if answer.orders is not None else None
    state = "was accepted before" if answer.again else "accepted"
    mine = "" if orders is None else f", {orders:,} orders for this node"
    terminal.say(f"{state}: batch {answer.batch} of chain {header.chain}{mine}")
    terminal.answer(
        {
            "accepted": True,
            "again": answer.again,
            "batch": answer.batch,
            "header": answer.digest.hex(),
            "link": answer.link.hex(),
            "orders": orders,
        }
    )


@command.command("status")
@configuration_option
@speaking
@pass_terminal
def status_command(terminal: Terminal, configuration: Path) -> None:
    """Check the whole ledger and say how far it has come."""
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        head, forks = ledger.head, ledger.forks()
        count = head.height + 1 if head else 0
    terminal.say(f"{terms.ledger}: {count:,} batches, whole and linked, {len(forks)} forks kept")
    if head is not None:
        terminal.say(f"newest: batch {head.height}, {head.digest.hex()}, link {head.link.hex()}")
    terminal.answer(
        {
            "ledger": str(terms.ledger),
            "batches": count,
            "header": head.digest.hex() if head else None,
            "link": head.link.hex() if head else None,
            "forks": len(forks),
        }
    )


@command.command("forks")
@configuration_option
@click.option("--output", "-o", type=FilePath, required=True, help="Folder for the evidence.")
@speaking
@pass_terminal
def forks_command(terminal: Terminal, configuration: Path, output: Path) -> None:
    """Write evidence of every fork that this node refused, for 'zkroute receipt evidence'."""
    from zkroute.formats.evidence import Evidence, EvidenceKind, write_evidence
    from zkroute.formats.header import decode_header
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        forks = ledger.forks()
    files = []
    for fork in forks:
        rival = decode_header(fork.header_bytes, "refused header")
        target = output / f"fork-{fork.accepted.height}-{fork.digest.hex()[:16]}.json"
        headers = (fork.accepted.header, rival)
        write_evidence(target, Evidence(EvidenceKind.FORK, headers=headers))
        files.append(str(target))
        terminal.say(str(target))
    terminal.note(f"{len(files)} forks were refused by this node")
    terminal.answer({"forks": files})


@command.command("checkpoint")
@configuration_option
@click.option(
    "--head",
    callback=_digest,
    required=True,
    help="Digest of the newest batch, as other nodes have it.",
)
@speaking
@pass_terminal
def checkpoint_command(terminal: Terminal, configuration: Path, head: bytes) -> None:
    """Make a new checkpoint for a ledger that lost its own.

    The checkpoint is what shows that a ledger was put back in time: compare with other nodes
    before you make a new one.
    """
    from zkroute.errors import MismatchError
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint, restore_for_head=head) as ledger:
        newest = ledger.head
    if newest is None:
        raise MismatchError(f"{terms.ledger}: nothing was accepted yet")
    terminal.say(f"{terms.checkpoint}: batch {newest.height}, {newest.digest.hex()}")
    terminal.answer({"checkpoint": str(terms.checkpoint), "batch": newest.height})


@command.command("export")
@click.argument("file", type=FilePath)
@configuration_option
@speaking
@pass_terminal
def export_command(terminal: Terminal, file: Path, configuration: Path) -> None:
    """Write the whole ledger to a new FILE, one line per batch."""
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.exchange import export_ledger
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        count = export_ledger(ledger, file)
    terminal.say(f"{file}: {count:,} batches")
    terminal.answer({"file": str(file), "batches": count})


@command.command("import")
@click.argument("file", type=FilePath)
@configuration_option
@click.option(
    "--own-link",
    callback=_link,
    help="The link in FILE's first line, noted when this node exported it: take over which orders "
    "it settled.",
)
@speaking
@pass_terminal
def import_command(
    terminal: Terminal, file: Path, configuration: Path, own_link: bytes | None
) -> None:
    """Read an exported FILE into this node's new ledger, every proof and signature checked.

    Which orders were settled is taken over from this node's own export alone.
    """
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.exchange import import_ledger
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        count = import_ledger(ledger, file, terms.configuration, own_link)
    terminal.say(f"{terms.ledger}: {count:,} batches, each of them verified")
    if own_link is None:
        terminal.say("without --own-link, which orders were settled with them is not known here")
    terminal.answer({"ledger": str(terms.ledger), "batches": count})
