"""``zkroute slice``: what each node must settle, in one private file per node."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder


@click.command("slice")
@click.argument("batch", type=FilePath)
@key_option
@click.option(
    "--intake",
    type=FilePath,
    help="The intake log with the traders' signatures; without it slices are unsigned.",
)
@click.option(
    "--node",
    "names",
    multiple=True,
    help="Only this node's slice; may be repeated.  [default: all]",
)
@speaking
@pass_terminal
def command(
    terminal: Terminal, batch: Path, key: Path, intake: Path | None, names: tuple[str, ...]
) -> None:
    """Cut the batch in folder BATCH into one file per node, BATCH/slices/NODE.slice.

    Each is for its node alone: it holds the node's orders in the clear, and what opens the
    header's commitment to them. 'zkroute settle accept' checks it.
    """
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.batches import load_batch
    from zkroute.cli.intake_input import envelopes_of
    from zkroute.errors import UsageError
    from zkroute.formats.slice import write_slice
    from zkroute.settlement.slice_making import cut_slices

    folder = BatchFolder.of(batch)
    verifying_key = read_key(key)
    stored = load_batch(folder, verifying_key)
    nodes = [node.name for node in stored.snapshot.nodes]
    unknown = set(names) - set(nodes)
    if unknown:
        raise UsageError(f"the batch's snapshot has no node {min(unknown)!r}")
    envelopes = {}
    if intake is not None:
        envelopes = envelopes_of(intake, verifying_key, stored.committed.routed.sequence.tolist())
    parts = cut_slices(verifying_key, stored.committed, envelopes)
    written = []
    for name, part in zip(nodes, parts, strict=True):
        if names and name not in names:
            continue
        target = folder.slice(name)
        write_slice(target, part)
        written.append((name, len(part), bool(part.envelopes) or not len(part), str(target)))
    terminal.table(("node", "orders", "signed", "file"), written)
    terminal.note("each file is for its node alone; send it over a private channel")
    terminal.answer(
        {
            "header": stored.committed.header.digest.hex(),
            "slices": [
                {"node": name, "orders": count, "signed": signed, "file": file}
                for name, count, signed, file in written
            ],
        }
    )
