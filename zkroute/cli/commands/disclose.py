"""``zkroute disclose``: chosen parts of a batch for a regulator, made, logged and checked."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.outputs import require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import UsageError

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
    from zkroute.formats.disclosure import encode_disclosure
    from zkroute.settlement.disclosure import Choice, disclose
    from zkroute.settlement.disclosure_log import append_disclosure

    _require_title("--to", recipient)
    _require_title("--purpose", purpose)
    require_free(output)
    if output.resolve() == log.resolve():
        raise UsageError(f"--output and --log both name {log}")
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
    line = append_disclosure(log, disclosure, choice, stored.committed.header.batch)
    write_output(output, encode_disclosure(disclosure), private=True)
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
    from zkroute.cli.order_output import order_fields
    from zkroute.formats.disclosure import read_disclosure
    from zkroute.settlement.disclosure import check_disclosure

    verifying_key = read_key(key)
    header = read_header(batch)
    disclosure = read_disclosure(file)
    found = check_disclosure(verifying_key, header, disclosure)
    terminal.say(
        f"true of batch {header.batch} of chain {header.chain}; the file says that it is for "
        f"{disclosure.recipient}: {disclosure.purpose}"
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
    documents = {
        number: order_fields(order, 0, verifying_key.policy)
        | {
            "leg_of_previous": "yes" if order.is_leg[0] else "no",
            "payload_sha256": order.records["payload_sha256"][0].tobytes().hex(),
        }
        for number, order in found.documents.items()
    }
    for number, fields in documents.items():
        shown = ", ".join(f"{name} {value}" for name, value in fields.items() if value)
        terminal.say(f"document of order {number}: {shown}")
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
            "document_fields": {str(number): fields for number, fields in documents.items()},
        }
    )


@command.command("log")
@log_option
@speaking
@click.pass_context
@pass_terminal
def log_command(terminal: Terminal, context: click.Context, log: Path) -> None:
    """Show what was disclosed to whom, the log's own chain checked.

    Exit code 3 if the log was altered, or ends in a line that was cut off.
    """
    from zkroute.errors import ExitCode
    from zkroute.settlement.disclosure_log import bytes_cut_off, read_disclosure_log

    if not log.is_file():
        raise UsageError(f"{log}: there is no such log; 'zkroute disclose make' begins one")
    lines, cut = read_disclosure_log(log), bytes_cut_off(log)
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
    if cut:
        terminal.say(
            f"{log}: behind line {len(lines)} there are {cut} bytes of a line that was cut off: "
            "while it was written, and then nothing was disclosed by it, or by somebody later"
        )
    elif not lines:
        terminal.say(f"{log}: nothing was disclosed")
    terminal.answer(
        {
            "lines": [{**line.document, "link": line.link.hex()} for line in lines],
            "bytes_cut_off": cut,
        }
    )
    context.exit(int(ExitCode.MALFORMED if cut else ExitCode.VALID))


def _require_title(option: str, text: str) -> None:
    """The file can hold the text. Raises UsageError naming the option."""
    from zkroute.errors import MalformedError
    from zkroute.model.document import Table

    try:
        Table({"text": text}, option).title("text")
    except MalformedError as error:
        raise UsageError(str(error)) from None
