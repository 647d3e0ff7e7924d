"""``zkroute publish``: append proven batches to a chain that everyone can audit."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder


@click.command("publish")
@click.argument("batches", type=FilePath, nargs=-1, required=True, metavar="BATCH...")
@click.option(
    "--into", "folder", type=FilePath, required=True, help="The published folder; made if needed."
)
@key_option
@speaking
@pass_terminal
def command(terminal: Terminal, batches: tuple[Path, ...], folder: Path, key: Path) -> None:
    """Append the proven batches in the folders BATCH... to the chain published in a folder.

    Only what is public is copied: header, proof, key, policy, snapshot. Each batch is verified in
    its place first; a batch that is there already is passed over, so a run can be repeated.
    """
    from zkroute.audit.publishing import ProvenBatch, publish
    from zkroute.cli.artefacts import read_header, read_key, read_proof
    from zkroute.formats.documents import read_snapshot

    verifying_key = read_key(key)
    answers = []
    for path in batches:
        place = BatchFolder.of(path)
        header = read_header(place.header)
        proof, snapshot = read_proof(place.proof), read_snapshot(place.snapshot)
        is_new = publish(folder, ProvenBatch(header, proof, verifying_key, snapshot))
        done = "published" if is_new else "was published already"
        terminal.say(f"batch {header.batch} of chain {header.chain} {done}")
        answers.append(
            {"batch": header.batch, "header": header.digest.hex(), "published_now": is_new}
        )
    terminal.answer({"folder": str(folder), "batches": answers})
