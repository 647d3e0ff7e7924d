"""``zkroute slice``: what each node must settle, in one private file per node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.outputs import Recogniser, require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from zkroute.formats.slice import Slice


@click.command("slice")
@click.argument("batch", type=FilePath)
@key_option
@click.option(
    "--intake",
    type=FilePath,
    help="The intake log that the batch came from, for the traders' signatures.  "
    f"[default: {workspace.INTAKE} if the header names a log]",
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
    header's commitment to them. 'zkroute settle accept' checks it. Slices that were cut from the
    same batch before are replaced, unless they are signed and these are not.
    """
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.batches import load_batch
    from zkroute.cli.intake_input import envelopes_of
    from zkroute.formats.slice import encode_slice
    from zkroute.protocol.intake import NO_LOG
    from zkroute.settlement.slice_making import cut_slices

    folder = BatchFolder.of(batch)
    verifying_key = read_key(key)
    stored = load_batch(folder, verifying_key)
    nodes = [node.name for node in stored.snapshot.nodes]
    unknown = set(names) - set(nodes)
    if unknown:
        raise UsageError(f"the batch's snapshot has no node {min(unknown)!r}")
    envelopes = {}
    came_from_log = stored.committed.header.intake != NO_LOG
    if intake is None and came_from_log and Path(workspace.INTAKE).exists():
        intake = Path(workspace.INTAKE)
    if intake is not None:
        envelopes = envelopes_of(intake, verifying_key, stored.committed)
    elif came_from_log:
        terminal.say("unsigned: the orders came from an intake log; name it with --intake")
    parts = [
        (name, folder.slice(name), part)
        for name, part in zip(
            nodes, cut_slices(verifying_key, stored.committed, envelopes), strict=True
        )
        if not names or name in names
    ]
    for _, target, part in parts:
        require_free(target, _earlier(target, part))
    for _, target, part in parts:
        write_output(target, encode_slice(part), _earlier(target, part), private=True)
    written = [
        # of no orders there are no signatures
        (name, len(part), bool(part.envelopes) if len(part) else None, str(target))
        for name, target, part in parts
    ]
    terminal.table(
        ("node", "orders", "signed", "file"),
        [
            (name, count, "-" if signed is None else signed, to)
            for name, count, signed, to in written
        ],
    )
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


def _earlier(target: Path, part: Slice) -> Recogniser:
    """Recognises slices of the same batch and node, which this one may replace.

    Raises UsageError for one that is signed, where this one is not.
    """
    from zkroute.formats.slice import decode_slice

    def is_one(data: bytes) -> bool:
        try:
            old = decode_slice(data, str(target))
        except MalformedError:
            return False
        is_same = (old.header_digest, old.slot) == (part.header_digest, part.slot)
        if is_same and old.envelopes and not part.envelopes:
            raise UsageError(
                f"{target} is signed and would be replaced by an unsigned slice; name the intake "
                "log with --intake"
            )
        return is_same

    return is_one
