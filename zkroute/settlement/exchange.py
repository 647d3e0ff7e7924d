"""A ledger written out, and read into another node's ledger after every proof was checked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from verifier.accept import Acceptance, Position
from verifier.many import Claim, verify_many
from zkroute.errors import MismatchError, UsageError
from zkroute.formats.ledger_export import (
    ExportedBatch,
    ExportStart,
    export_lines,
    read_export,
)
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.settlement.configuration import Configuration
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.ledger import Ledger

TOGETHER = 64
"""Batches verified by one product of pairings."""


def export_ledger(ledger: Ledger, path: Path) -> int:
    """The number of batches written to a new file. Raises UsageError if it is there already."""
    head = ledger.head
    if head is None:
        raise UsageError(f"{ledger.path}: nothing was accepted yet")
    start = ExportStart(head.header.chain, head.height + 1, head.link)
    try:
        with path.open("xb") as file:
            file.writelines(export_lines(start, _parts(ledger, head.height)))
    except FileExistsError:
        raise UsageError(f"{path}: is there already; choose another name") from None
    return start.batches


def import_ledger(ledger: Ledger, path: Path, configuration: Configuration) -> int:
    """The number of batches added to an empty ledger: the whole exported chain, every proof and
    signature of it verified under this node's configuration.

    The node snapshots are those of the file: the exporting node checked their signatures when they
    were fresh. Whoever does not trust it compares the newest batch with other nodes.

    Raises VerificationError for a batch that does not hold, MismatchError where the result is not
    what the file announces, UsageError where the ledger is not empty.
    """
    if ledger.head is not None:
        raise UsageError(f"{ledger.path}: has batches already; import into a new ledger")
    start, parts = read_export(path)
    if start.chain != configuration.chain:
        raise MismatchError(f"{path}: a ledger of chain {start.chain!r}")
    snapshots = dict(configuration.snapshots)
    parent: Header | None = None
    batches = _batches(parts, snapshots)
    while block := list(islice(batches, TOGETHER)):
        claims = []
        for batch in block:
            claims.append(_claim(batch, parent, configuration, snapshots))
            parent = batch.header
        verify_many(claims)
        for batch in block:
            snapshot = snapshots[batch.header.snapshot]
            ledger.append(batch.header, batch.proof, snapshot, batch.orders, batch.accepted_ms)
    head = ledger.head
    if head is None or head.link != start.link:
        raise MismatchError(f"{path}: its batches do not lead to the state its first line states")
    return start.batches


def _parts(ledger: Ledger, last: int) -> Iterator[Snapshot | ExportedBatch]:
    known: set[bytes] = set()
    for entry in islice(ledger.entries(), last + 1):
        header = entry.header
        if header.snapshot not in known:
            known.add(header.snapshot)
            snapshot = ledger.snapshot(header.snapshot)
            if snapshot is None:
                raise LedgerError(
                    Reason.LEDGER_DAMAGED, f"the snapshot of batch {entry.height} is missing"
                )
            yield snapshot
        orders = tuple(ledger.orders_of(entry.height))
        yield ExportedBatch(header, entry.proof, entry.accepted_ms, orders)


def _batches(
    parts: Iterator[Snapshot | ExportedBatch], snapshots: dict[bytes, Snapshot]
) -> Iterator[ExportedBatch]:
    for part in parts:
        if isinstance(part, Snapshot):
            snapshots[part.digest] = part
        else:
            yield part


def _claim(
    batch: ExportedBatch,
    parent: Header | None,
    configuration: Configuration,
    snapshots: dict[bytes, Snapshot],
) -> Claim:
    header = batch.header
    key = configuration.keys.get(header.key)
    if key is None:
        raise MismatchError(f"batch {header.batch} names a verifying key that is not accepted")
    accept = Acceptance.of(
        [key.digest],
        snapshots.values(),
        configuration.routers.at(header.batch),
        after=parent or Position.START,
        development_srs=configuration.development_srs,
    )
    return Claim(key, header, batch.proof, accept)
