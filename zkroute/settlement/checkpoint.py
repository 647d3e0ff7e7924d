"""The head of a ledger in a file of its own, so that a ledger put back in time is noticed.

The file may lie on another disk or host than the ledger: whoever restores an old copy of one
must also have the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.files import read_bytes
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.protocol.header import COUNTER_LIMIT

FORMAT = "zkroute-ledger-checkpoint"
VERSION = 1
MAX_CHECKPOINT_BYTES = 1 << 12
NO_LINK = bytes(32)


@dataclass(frozen=True)
class Checkpoint:
    """How far a ledger has come; ``batches`` is 0 before the first."""

    batches: int
    link: bytes
    """The ledger's rolling hash over all of them (``zkroute.settlement.ledger``)."""


START = Checkpoint(0, NO_LINK)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint in the file, None if there is no file. Raises MalformedError."""
    if not path.exists():
        return None
    data = read_bytes(path, MAX_CHECKPOINT_BYTES)
    table = load_object(data, str(path), MAX_CHECKPOINT_BYTES)
    check_format(table, FORMAT, VERSION)
    checkpoint = Checkpoint(
        table.integer("batches", 0, COUNTER_LIMIT - 1), hexadecimal(table, "link", 32)
    )
    table.finish()
    if not checkpoint.batches and checkpoint != START:
        raise MalformedError(f"{path}: link: must be zero before the first batch")
    return checkpoint


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file in one step; it is on disk when this returns."""
    document: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "batches": checkpoint.batches,
        "link": checkpoint.link.hex(),
    }
    write_atomic(path, dump_object(document))
