"""``zkroute inclusion``: proofs that a batch has certain orders, made and checked."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.outputs import Recogniser, require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import UsageError

sequence_option = click.option(
    "--sequence",
    "chosen",
    required=True,
    metavar="NUMBERS",
    help="Sequence numbers, as in 7 or 12,15-20.",
)


@click.group("inclusion")
def command() -> None:
    """Prove to a trader that a batch has an order, or check such a proof."""


@command.command("prove")
@click.argument("batch", type=FilePath)
@sequence_option
@key_option
@click.option("--together", is_flag=True, help="One proof for all numbers, in one file.")
@click.option("--output", "-o", type=FilePath, help="The file, for one number or --together.")
@speaking
@pass_terminal
def prove_command(
    terminal: Terminal, batch: Path, chosen: str, key: Path, together: bool, output: Path | None
) -> None:
    """Prove that the batch in folder BATCH has the orders of some sequence numbers.

    One file per order, BATCH/inclusion/NUMBER.bin, of at most 200 bytes; it shows what the trader
    knows: number, digest, and the fields that the routing looked at. It shows which place the
    order had in the order of processing too, and not the node. With --together it shows all the
    orders to whoever gets the file, BATCH/inclusion/NUMBERS.together.bin. Proofs made of the same
    batch before are replaced, other files are not.
    """
    from zkroute.cli.batches import load_batch
    from zkroute.cli.openings import numbers, proving_key_of
    from zkroute.formats.inclusion import encode_opening
    from zkroute.settlement.opening_making import open_orders

    folder = BatchFolder.of(batch)
    sequence = numbers(chosen)
    proving_key = proving_key_of(key)
    if output is not None and len(sequence) > 1 and not together:
        raise UsageError("--output takes one proof: name one number, or add --together")
    stored = load_batch(folder, proving_key.key)
    header = stored.committed.header.digest
    groups = [sequence] if together else [[number] for number in sequence]
    targets = [output or folder.inclusion(group) for group in groups]
    replaces = _proof_of(header)
    for target in targets:
        require_free(target, replaces)
    files = []
    for group, target in zip(groups, targets, strict=True):
        opening = open_orders(proving_key, stored.committed, group)
        data = encode_opening(opening, proving_key.key)
        write_output(target, data, replaces, private=True)
        files.append({"sequence": group, "file": str(target), "bytes": len(data)})
        terminal.say(f"{target}, {len(data)} bytes")
    terminal.answer({"header": header.hex(), "proofs": files})


@command.command("check")
@click.argument("proof", type=FilePath)
@click.argument("batch", type=FilePath)
@key_option
@speaking
@pass_terminal
def check_command(terminal: Terminal, proof: Path, batch: Path, key: Path) -> None:
    """Check the inclusion proof PROOF against the header in folder or file BATCH.

    What it shows is committed to in that header; whether the batch holds is for 'zkroute verify'.
    """
    from zkroute.cli.artefacts import read_header, read_key
    from zkroute.formats.files import read_bytes
    from zkroute.formats.inclusion import MAX_INCLUSION_BYTES, decode_opening
    from zkroute.settlement.openings import check_openings

    verifying_key = read_key(key)
    header = read_header(batch)
    data = read_bytes(proof, MAX_INCLUSION_BYTES)
    opening = decode_opening(data, verifying_key, str(proof))
    check_openings(verifying_key, header, [opening])
    rows = [dict(opening.row(position)) for position in range(len(opening.rows))]
    terminal.say(f"true of batch {header.batch} of chain {header.chain}:")
    for row in rows:
        shown = [f"{name} {row[name]}" for name in row if name != "digest"]
        digest = f", digest {row['digest']:064x}" if "digest" in row else ""
        terminal.say("  " + ", ".join(shown) + digest)
    terminal.answer(
        {
            "valid": True,
            "header": header.digest.hex(),
            "table": opening.table,
            "rows": [
                {
                    name: value if name != "digest" else f"{value:064x}"
                    for name, value in row.items()
                }
                for row in rows
            ],
        }
    )


def _proof_of(header: bytes) -> Recogniser:
    """Recognises inclusion proofs of this header's batch."""
    from zkroute.formats.inclusion import MAGIC

    return lambda data: data.startswith(MAGIC + header)
