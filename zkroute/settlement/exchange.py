"""A ledger written out, and read into another node's ledger after every proof was checked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from verifier.accept import Acceptance, Position
from verifier.many import Claim, verify_many
from zkroute.atomic import PRIVATE_MODE
from zkroute.errors import MismatchError, UsageError
from zkroute.formats.ledger_export import (
    ExportedBatch,
    ExportStart,
    export_lines,
    read_export,
)
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.settlement.checkpoint import NO_LINK
from zkroute.settlement.configuration import Configuration
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.ledger_entry import Entry

TOGETHER = 64
"""Batches verified by one product of pairings."""


def export_ledger(ledger: Ledger, path: Path) -> int:
    """The number of batches written to a new file. Raises UsageError if it is there already."""
    head = ledger.head
    if head is None:
        raise UsageError(f"{ledger.path}: nothing was accepted yet")
    start = ExportStart(head.header.chain, head.height + 1, head.link)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        # which orders a node settles is for its owner alone
        descriptor = os.open(path, flags, PRIVATE_MODE)
    except FileExistsError:
        raise UsageError(f"{path}: is there already; choose another name") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(export_lines(start, _parts(ledger, head.height)))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return start.batches


def import_ledger(
    ledger: Ledger, path: Path, configuration: Configuration, own_link: bytes | None = None
) -> int:
    """The number of batches added to an empty ledger: the whole exported chain, every proof and
    signature of it verified under this node's configuration before the first is added.

    Which orders were settled with them is taken over only where ``own_link`` is the rolling hash
    that the file states, so that it is this node's own export: another node settled other orders,
    and a made-up list would make this one refuse true batches. The node snapshots are those of the
    file: the exporting node checked their signatures when they were fresh.

    Raises VerificationError for a batch that does not hold, MismatchError where the batches are
    not what the file announces or ``own_link`` is another, UsageError where the ledger is not
    empty.
    """
    if ledger.head is not None:
        raise UsageError(
            f"{ledger.path}: has batches already; import into a new ledger: name another file for "
            "it, and for its checkpoint, in the node's configuration"
        )
    start, _ = read_export(path)
    if start.chain != configuration.chain:
        raise MismatchError(f"{path}: a ledger of chain {start.chain!r}")
    if own_link is not None and own_link != start.link:
        raise MismatchError(f"{path}: its link is {start.link.hex()}, not the one given")
    _verify_all(path, start, configuration)
    snapshots: dict[bytes, Snapshot] = {}
    for batch in _batches(read_export(path)[1], snapshots):
        snapshot = snapshots.get(batch.header.snapshot) or configuration.snapshots.get(
            batch.header.snapshot
        )
        if snapshot is None:
            raise MismatchError(f"{path}: was changed while it was read")
        orders = batch.orders if own_link is not None else ()
        ledger.append(batch.header, batch.proof, snapshot, orders, batch.accepted_ms)
    return start.batches


def _verify_all(path: Path, start: ExportStart, configuration: Configuration) -> None:
    """Every batch of the file holds, and together they are what its first line states."""
    snapshots = dict(configuration.snapshots)
    parent: Header | None = None
    link, count = NO_LINK, 0
    batches = _batches(read_export(path)[1], snapshots)
    while block := list(islice(batches, TOGETHER)):
        claims = []
        for batch in block:
            claims.append(_claim(batch, parent, configuration, snapshots))
            parent = batch.header
        verify_many(claims)
        for batch in block:
            entry = Entry.of(batch.header, batch.proof, batch.orders, batch.accepted_ms)
            link, count = entry.linked_to(link), count + 1
    if (link, count) != (start.link, start.batches):
        raise MismatchError(f"{path}: its batches do not lead to the state its first line states")


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
