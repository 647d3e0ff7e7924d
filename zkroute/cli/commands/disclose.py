"""``zkroute disclose``: chosen parts of a batch for a regulator, made, logged and checked."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder

log_option = click.option(
    "--log",
    type=FilePath,
    default=workspace.DISCLOSURES,
    show_default=True,
    help="The router's log of what it disclosed.",
)


@click.group("disclose")
def command() -> None:
    """Open chosen orders, fields or node totals of a batch, and nothing else."""


@command.command("make")
@click.argument("batch", type=FilePath)
@click.option("--sequence", "chosen", metavar="NUMBERS", help="Orders, as in 7 or 12,15-20.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    help="A committed field to show beside number and digest, such as price; may be repeated.",
)
@click.option("--documents", is_flag=True, help="Show the whole order documents too.")
@click.option("--node", "names", multiple=True, help="A node whose work to show; may be repeated.")
@click.option("--to", "recipient", required=True, help="Who gets it; goes into file and log.")
@click.option("--purpose", required=True, help="Why; goes into file and log.")
@key_option
@log_option
@click.option("--output", "-o", type=FilePath, required=True, help="The disclosure's file.")
@speaking
@pass_terminal
def make_command(
    terminal: Terminal,
    batch: Path,
    chosen: str | None,
    fields: tuple[str, ...],
    documents: bool,
    names: tuple[str, ...],
    recipient: str,
    purpose: str,
    key: Path,
    log: Path,
    output: Path,
) -> None:
    """Disclose parts of the batch in folder BATCH. The log gets its line before the file exists."""
    from zkroute.cli.batches import load_batch
    from zkroute.cli.openings import numbers, proving_key_of
    from zkroute.errors import UsageError
    from zkroute.formats.disclosure import decode_disclosure, encode_disclosure, write_disclosure
    from zkroute.settlement.disclosure import Choice, disclose
    from zkroute.settlement.disclosure_log import append_disclosure

    proving_key = proving_key_of(key)
    stored = load_batch(BatchFolder.of(batch), proving_key.key)
    nodes = [node.name for node in stored.snapshot.nodes]
    unknown = set(names) - set(nodes)
    if unknown:
        raise UsageError(f"the batch's snapshot has no node {min(unknown)!r}")
    choice = Choice(
        numbers(chosen) if chosen else [],
        fields,
        [nodes.index(name) for name in names],
        documents,
    )
    disclosure = disclose(proving_key, stored.committed, choice, recipient, purpose)
    # refuses a recipient or a purpose that the file cannot hold
    decode_disclosure(encode_disclosure(disclosure), "disclosure")
    line = append_disclosure(log, disclosure, choice, stored.committed.header.batch)
    write_disclosure(output, disclosure)
    terminal.say(f"{output}; line {line.number} of {log}")
    terminal.answer(
        {
            "file": str(output),
            "header": disclosure.header.hex(),
            "log": str(log),
            "line": line.number,
            "link": line.link.hex(),
        }
    )


@command.command("check")
@click.argument("file", type=FilePath)
@click.argument("batch", type=FilePath)
@key_option
@speaking
@pass_terminal
def check_command(terminal: Terminal, file: Path, batch: Path, key: Path) -> None:
    """Check the disclosure FILE against the header in folder or file BATCH, and show it.

    What it shows is committed to in that header; whether the batch holds is for 'zkroute verify'.
    """
    from zkroute.cli.artefacts import read_header, read_key
    from zkroute.formats.disclosure import read_disclosure
    from zkroute.settlement.disclosure import check_disclosure

    verifying_key = read_key(key)
    header = read_header(batch)
    disclosure = read_disclosure(file)
    found = check_disclosure(verifying_key, header, disclosure)
    terminal.say(
        f"true of batch {header.batch} of chain {header.chain}; disclosed to "
        f"{disclosure.recipient} for {disclosure.purpose}"
    )
    orders = [
        {name: value if name != "digest" else f"{value:064x}" for name, value in row.items()}
        for row in found.orders
    ]
    if orders:
        names = [name for name in orders[0] if name != "digest"]
        terminal.table(names, [[row[name] for name in names] for row in orders])
    terminal.table(
        ("slot", "work before", "work after"),
        [(slot, row["work_before"], row["work_after"]) for slot, row in found.nodes.items()],
    )
    terminal.answer(
        {
            "valid": True,
            "header": header.digest.hex(),
            "recipient": disclosure.recipient,
            "purpose": disclosure.purpose,
            "made_ms": disclosure.made_ms,
            "orders": orders,
            "nodes": {str(slot): dict(row) for slot, row in found.nodes.items()},
            "documents": {
                str(number): order.records[0].tobytes().hex()
                for number, order in found.documents.items()
            },
        }
    )


@command.command("log")
@log_option
@speaking
@pass_terminal
def log_command(terminal: Terminal, log: Path) -> None:
    """Show what was disclosed to whom, the log's own chain checked."""
    from zkroute.settlement.disclosure_log import read_disclosure_log

    lines = read_disclosure_log(log)
    terminal.table(
        ("line", "batch", "recipient", "purpose", "orders", "nodes"),
        [
            (
                line.number,
                line.document["batch"],
                line.document["recipient"],
                line.document["purpose"],
                len(line.document["sequence"]),  # type: ignore[arg-type]  # a list, by its hash
                len(line.document["slots"]),  # type: ignore[arg-type]  # likewise
            )
            for line in lines
        ],
    )
    terminal.answer({"lines": [{**line.document, "link": line.link.hex()} for line in lines]})
