"""``zkroute settle``: a settlement node's gate and ledger."""

from __future__ import annotations

import re
from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, nodes_option, pass_terminal, speaking
from zkroute.cli.outputs import require_free, write_output
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
    """Write a node's configuration that accepts this key, router and snapshot; look it over.

    Its ledger will be ledger.db beside node.toml, NAME.ledger.db beside a NAME.toml.
    """
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.node_terms import configuration_text, ledger_name
    from zkroute.errors import UsageError
    from zkroute.formats.documents import read_snapshot
    from zkroute.formats.router_key import read_public_key
    from zkroute.formats.traders import read_traders

    require_free(output)
    verifying_key, snapshot = read_key(key), read_snapshot(nodes)
    names = [each.name for each in snapshot.nodes]
    if node is not None and node not in names:
        raise UsageError(f"{nodes} has no node {node!r}; it has {', '.join(names)}")
    if traders is not None:
        read_traders(traders)
    text = configuration_text(
        verifying_key, read_public_key(router), key, nodes, node, traders, output
    )
    write_output(output, text.encode())
    terminal.say(f"{output}: what it names is all that this node will accept")
    ledger = output.parent / ledger_name(output)
    if ledger.exists():
        terminal.say(f"{ledger} is there already, and this node goes on with it")
    terminal.answer(
        {
            "configuration": str(output),
            "key": verifying_key.digest.hex(),
            "ledger": str(ledger),
        }
    )


@command.command("accept")
@click.argument("batch", type=FilePath)
@click.option("--proof", type=FilePath, help="The proof's file.  [default: beside the header]")
@click.option("--slice", "part", type=FilePath, help="This node's slice of the batch.")
@click.option("--snapshot", type=FilePath, help="A node snapshot that is not in the configuration.")
@click.option("--telemetry", type=FilePath, help="The nodes' signatures under --snapshot.")
@click.option(
    "--orders-to",
    "output",
    type=FilePath,
    help="Write the orders this node must settle to this new file, in CSV.",
)
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
    output: Path | None,
    configuration: Path,
) -> None:
    """Accept the batch in folder BATCH, or the header file BATCH, into this node's ledger.

    Exit code 0 if it is in the ledger, now or before; otherwise the code of the refusal. A batch
    that was accepted before gives its orders again, if its slice is given again.
    """
    from zkroute.cli.artefacts import read_header, read_proof
    from zkroute.cli.node_terms import RefusedError, signed_snapshot
    from zkroute.cli.order_output import settled_csv
    from zkroute.cli.outputs import require_free, write_output
    from zkroute.errors import UsageError
    from zkroute.formats.slice import read_slice
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.gate import Gate, Refused
    from zkroute.settlement.ledger import Ledger

    if output is not None:
        if part is None:
            raise UsageError("--orders-to goes with --slice")
        require_free(output)
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
    if output is not None and answer.orders is not None:
        policy = terms.configuration.keys[header.key].policy
        write_output(output, settled_csv(answer.orders, policy).encode("ascii"), private=True)
        terminal.say(f"{output}: the orders to settle")
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
    from zkroute.formats.evidence import Evidence, EvidenceKind, encode_evidence
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
        evidence = Evidence(EvidenceKind.FORK, headers=(fork.accepted.header, rival))
        write_output(target, encode_evidence(evidence), private=True)
        files.append(str(target))
        terminal.say(str(target))
    if not files:
        terminal.say(f"no forks: this node refused none, and nothing is written to {output}")
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
    before you make a new one. Refused where --head is not the ledger's newest batch.
    """
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    with Ledger(terms.ledger, terms.checkpoint, restore_for_head=head) as ledger:
        newest = ledger.head
    assert newest is not None  # noqa: S101  # narrows for the type checker: it is --head
    terminal.say(f"{terms.checkpoint}: batch {newest.height}, {newest.digest.hex()}")
    terminal.answer({"checkpoint": str(terms.checkpoint), "batch": newest.height})


@command.command("export")
@click.argument("file", type=FilePath)
@configuration_option
@speaking
@pass_terminal
def export_command(terminal: Terminal, file: Path, configuration: Path) -> None:
    """Write the whole ledger to a new FILE, one line per batch.

    Note the link that it prints: with it this node can take over from FILE what it settled.
    """
    from zkroute.formats.ledger_export import read_export
    from zkroute.settlement.configuration_file import read_configuration
    from zkroute.settlement.exchange import export_ledger
    from zkroute.settlement.ledger import Ledger

    terms = read_configuration(configuration)
    require_free(file)
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        count = export_ledger(ledger, file)
    link = read_export(file)[0].link.hex()
    terminal.say(f"{file}: {count:,} batches")
    terminal.say(f"link {link}; note it, 'zkroute settle import --own-link' asks for it")
    terminal.answer({"file": str(file), "batches": count, "link": link})


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
