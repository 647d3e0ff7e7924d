"""A settlement node's ledger: the one chain it accepted, and what contradicted it.

Each acceptance is one transaction. Every entry carries a rolling hash over itself and all before
it; the newest is repeated in a checkpoint file, so that damage inside the ledger and a ledger put
back in time are both seen at the next start (docs/settlement.md).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from glob import escape
from pathlib import Path

from zkroute.errors import MalformedError
from zkroute.formats.header import encode_header
from zkroute.model.snapshot import Snapshot, snapshot_from_canonical
from zkroute.protocol.header import NO_PARENT, Header
from zkroute.settlement.checkpoint import NO_LINK, START, Checkpoint, read_checkpoint
from zkroute.settlement.checkpoint import write_checkpoint as _write_checkpoint
from zkroute.settlement.database import explained, transaction
from zkroute.settlement.errors import ForkError, LedgerError, NotNextError, Reason, SettlementError
from zkroute.settlement.ledger_entry import Appended, Entry, Fork, orders_digest
from zkroute.settlement.ledger_file import connect, settled

NO_ORDERS = orders_digest([])
MAX_FORKS_PER_BATCH = 16
"""One is proof enough; a router that signs thousands must not fill the disk."""


_BATCHES = "SELECT height, digest, parent, header, proof, orders, accepted_ms, link FROM batches"


class Ledger:
    """The ledger in one file, for any number of processes and threads.

    Opening it checks the whole chain (``check``). Raises LedgerError where it is damaged, was put
    back in time, or cannot be used, or where its newest batch has not the digest
    ``restore_for_head``. With that a ledger that lost its checkpoint gets a new one: only for an
    owner who knows the digest from others.
    """

    def __init__(
        self, path: Path, checkpoint: Path | None = None, *, restore_for_head: bytes | None = None
    ) -> None:
        self.path = path
        self.checkpoint_path = checkpoint or path.with_name(path.name + ".checkpoint")
        self._lock = threading.Lock()
        known = self._read_checkpoint()
        if known is not None and known.batches and not path.exists():
            self._rolled_back(known, 0)
        self._connection = connect(path)
        try:
            self._require_checkpoint(restore_for_head)
            self.check()
            self._advance_checkpoint()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> Entry | None:
        """The newest accepted batch."""
        with self._lock, explained(self.path):
            return self._head()

    def entry(self, height: int) -> Entry | None:
        """The batch accepted with this number."""
        with self._lock, explained(self.path):
            return self._one("WHERE height = ?", height)

    def entry_of(self, digest: bytes) -> Entry | None:
        """The accepted batch with this header digest."""
        with self._lock, explained(self.path):
            return self._one("WHERE digest = ?", digest)

    def entries(self, first: int = 0) -> Iterator[Entry]:
        """All accepted batches from number ``first`` on."""
        height = first
        while (entry := self.entry(height)) is not None:
            yield entry
            height += 1

    def forks(self) -> list[Fork]:
        """Every kept contradiction, oldest first."""
        with self._lock, explained(self.path):
            rows = self._connection.execute(
                "SELECT height, digest, header, proof, seen_ms FROM forks ORDER BY seen_ms, digest"
            ).fetchall()
            found = [(self._one("WHERE height = ?", height), *rest) for height, *rest in rows]
        return [Fork(entry, *rest) for entry, *rest in found if entry is not None]

    def snapshot(self, digest: bytes) -> Snapshot | None:
        """A node snapshot that some accepted batch was routed by."""
        with self._lock, explained(self.path):
            row = self._connection.execute(
                "SELECT document FROM snapshots WHERE digest = ?", (digest,)
            ).fetchone()
        if row is None:
            return None
        snapshot = snapshot_from_canonical(row[0])
        if snapshot.digest != digest:
            raise LedgerError(
                Reason.LEDGER_DAMAGED, f"{self.path}: a snapshot is not the one of its digest"
            )
        return snapshot

    def append(
        self,
        header: Header,
        proof: bytes,
        snapshot: Snapshot,
        orders: Sequence[bytes] = (),
        now_ms: int | None = None,
    ) -> Appended:
        """The entry of this batch, on disk, with the checkpoint, when this returns.

        ``orders`` are the 32-byte digests of the orders settled with it; each may be settled once
        in the life of the ledger. The batch's identity is its header's digest: another proof of
        the same header is the same batch.

        Raises ForkError, having kept the evidence, where another batch stands in its place;
        NotNextError where it is not the one due; SettlementError where an order was settled
        before; LedgerError where the disk fails, in which case nothing was accepted.

        Soundness: the caller has verified signature, chain and proof.
        """
        now = int(time.time() * 1000) if now_ms is None else now_ms
        fork: ForkError | None = None
        with self._lock, explained(self.path):
            with transaction(self._connection):
                self._require_not_behind(self._read_checkpoint())
                entry = self._one("WHERE digest = ?", header.digest)
                again = entry is not None
                if entry is None:
                    fork = self._keep_fork(header, proof, now)
                    if fork is None:
                        entry = self._insert(header, proof, snapshot, orders, now)
            if fork is not None:
                raise fork
        self.vouch(header.batch)
        assert entry is not None  # noqa: S101  # narrows for the type checker: no fork, so an entry
        return Appended(entry, again)

    def refuse_fork(self, header: Header, proof: bytes, now_ms: int | None = None) -> None:
        """No other batch stands in the place of this one.

        Raises ForkError, having kept the evidence, where one does. The batch itself, accepted
        before, is no fork.

        Soundness: the caller has verified the header's signature, which is what makes it evidence.
        """
        now = int(time.time() * 1000) if now_ms is None else now_ms
        fork: ForkError | None = None
        with self._lock, explained(self.path), transaction(self._connection):
            if self._one("WHERE digest = ?", header.digest) is None:
                fork = self._keep_fork(header, proof, now)
        if fork is not None:
            raise fork

    def orders_of(self, height: int) -> list[bytes]:
        """Digests of the orders that were settled with a batch, in the order of its slice."""
        with self._lock, explained(self.path):
            rows = self._connection.execute(
                "SELECT digest FROM orders WHERE height = ? ORDER BY position", (height,)
            ).fetchall()
        return [row[0] for row in rows]

    def check(self) -> int:
        """The number of entries, all linked, without a gap, and reaching to the checkpoint.

        Raises LedgerError naming the first that is not. Headers are compared by their bytes; that
        these say what the entry says is checked for the newest.
        """
        with self._lock, explained(self.path):
            # read before the ledger: whatever it says was in the ledger by then
            known = self._read_checkpoint() or START
            self._connection.execute("BEGIN")
            try:
                self._require_whole_file()
                return self._check(known)
            finally:
                self._connection.execute("ROLLBACK")

    def _require_whole_file(self) -> None:
        """Tables and their indexes agree: a damaged index would hide entries from a look-up."""
        (answer,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            self._damaged(" ".join(str(answer).split()))

    def _check(self, known: Checkpoint) -> int:
        link, parent, height, newest = NO_LINK, NO_PARENT, 0, None
        orders = settled(self._connection)
        for row in self._connection.execute(f"{_BATCHES} ORDER BY height"):
            entry = Entry(*row)
            if (entry.height, entry.parent) != (height, parent):
                self._damaged(f"entry {entry.height} does not follow on the one before it")
            link = entry.linked_to(link)
            if link != entry.link:
                self._damaged(f"entry {entry.height} was changed after it was accepted")
            if orders.pop(height, NO_ORDERS) != entry.orders:
                self._damaged(f"the orders settled with entry {entry.height} were changed since")
            parent, newest, height = entry.digest, entry, height + 1
            if known.batches == height and known.link != link:
                self._rolled_back(known, height)
        if orders:
            self._damaged(f"it has orders of batch {min(orders)}, which it does not have")
        if known.batches > height:
            self._rolled_back(known, height)
        if newest is not None and not newest.is_consistent():
            self._damaged(f"entry {newest.height} does not hold the header of its digest")
        return height

    def _head(self) -> Entry | None:
        return self._one("ORDER BY height DESC LIMIT 1")

    def _one(self, condition: str, *values: object) -> Entry | None:
        row = self._connection.execute(f"{_BATCHES} {condition}", values).fetchone()
        return Entry(*row) if row else None

    def _keep_fork(self, header: Header, proof: bytes, now: int) -> ForkError | None:
        """The fork that this batch makes, kept for ever; None if its place is free."""
        standing = self._one("WHERE height = ? OR parent = ?", header.batch, header.previous)
        if standing is None:
            return None
        count = self._connection.execute(
            "SELECT count(*) FROM forks WHERE height = ?", (standing.height,)
        ).fetchone()[0]
        if count < MAX_FORKS_PER_BATCH:
            self._connection.execute(
                "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?)",
                (header.digest, standing.height, encode_header(header), proof, now),
            )
        return ForkError(standing.digest, header.digest, standing.height)

    def _insert(
        self, header: Header, proof: bytes, snapshot: Snapshot, orders: Sequence[bytes], now: int
    ) -> Entry:
        head = self._head()
        due = head.height + 1 if head else 0
        if (header.batch, header.previous) != (due, head.digest if head else NO_PARENT):
            raise NotNextError(
                f"batch {header.batch} does not extend the chain: batch {due} is due"
                + (f" on top of {head.digest.hex()[:16]}" if head else "")
            )
        self._settle(orders, due)
        entry = Entry.of(header, proof, orders, now)
        entry = replace(entry, link=entry.linked_to(head.link if head else NO_LINK))
        self._connection.execute(
            "INSERT OR IGNORE INTO snapshots VALUES (?, ?)",
            (snapshot.digest, snapshot.canonical_bytes()),
        )
        self._connection.execute(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(entry)
        )
        return entry

    def _settle(self, orders: Sequence[bytes], height: int) -> None:
        rows = [(digest, height, position) for position, digest in enumerate(orders)]
        try:
            self._connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        except sqlite3.IntegrityError:
            raise SettlementError(
                Reason.ORDER_SETTLED_BEFORE,
                "an order of the slice was settled before, in this batch or an earlier one; its "
                "trader placed it once",
            ) from None

    def _read_checkpoint(self) -> Checkpoint | None:
        try:
            return read_checkpoint(self.checkpoint_path)
        except MalformedError as error:
            raise LedgerError(Reason.LEDGER_DAMAGED, str(error)) from None

    def _current(self) -> Checkpoint:
        head = self._head()
        return Checkpoint(head.height + 1, head.link) if head else START

    def _require_not_behind(self, known: Checkpoint | None) -> None:
        """What the checkpoint says is still in the ledger; another copy may have taken its place
        while this process ran."""
        if known is None:
            self._require_no_history()
            _write_checkpoint(self.checkpoint_path, START)
            return
        if not known.batches:
            return
        entry = self._one("WHERE height = ?", known.batches - 1)
        if entry is None or entry.link != known.link:
            self._rolled_back(known, self._current().batches)

    def _require_checkpoint(self, restore_for_head: bytes | None) -> None:
        """There is a checkpoint, or there is nothing yet that it could vouch for."""
        with explained(self.path), transaction(self._connection):
            # under the write lock: nobody appends before there is a checkpoint
            if restore_for_head is not None:
                self._require_head(restore_for_head)
            if self._read_checkpoint() is not None:
                return
            if restore_for_head is None:
                self._require_no_history()
            _write_checkpoint(self.checkpoint_path, START)

    def vouch(self, batch: int) -> None:
        """Afterwards the checkpoint reaches to this batch of the ledger, on disk.

        Raises LedgerError where it cannot be written; then the batch is not to be answered as
        accepted.
        """
        try:
            with self._lock:
                self._advance_checkpoint()
        except LedgerError as error:
            raise LedgerError(
                error.code,
                f"batch {batch} is in the ledger, but not yet in the checkpoint, so it is not "
                f"answered as accepted; ask again when this is repaired: {error}",
            ) from error

    def _require_no_history(self) -> None:
        """Nothing was accepted yet that a lost checkpoint vouched for."""
        head = self._head()
        if head is not None:
            raise LedgerError(
                Reason.LEDGER_ROLLED_BACK,
                f"{self.checkpoint_path}: there is no checkpoint for this ledger; put it back, "
                f"or if it is truly lost compare the newest batch, {head.digest.hex()}, with "
                "other nodes and run 'zkroute settle checkpoint'",
            )

    def _require_head(self, digest: bytes) -> None:
        """The newest batch has this digest, which its owner has from others."""
        head, named = self._head(), self._one("WHERE digest = ?", digest)
        if head is not None and head.digest == digest:
            return
        if named is not None:
            wrong = (
                f"{digest.hex()} is batch {named.height} here and not the newest; who named it is "
                "behind, so compare with a node that has come as far as this one"
            )
        else:
            newest = f"batch {head.height}, the newest here, nor any other" if head else "here"
            wrong = (
                f"{digest.hex()} is not {newest}; compare the newest batch with other nodes once "
                "more. If they have that one, this ledger is an old or a foreign copy: put back a "
                "newer one, or import the chain into a new ledger"
            )
        raise LedgerError(Reason.LEDGER_ROLLED_BACK, f"{self.path}: {wrong}")

    def _advance_checkpoint(self) -> None:
        """The checkpoint file says at least what this process knows to be in the ledger."""
        with explained(self.path), transaction(self._connection):
            # alone under the write lock: processes cannot overtake each other with older heads,
            # and whatever part of a checkpoint lies around was left by one that was killed
            parts = f".{escape(self.checkpoint_path.name)}.*.part"
            for left_over in self.checkpoint_path.parent.glob(parts):
                left_over.unlink(missing_ok=True)
            known = self._read_checkpoint()
            self._require_not_behind(known)
            current = self._current()
            if known != current:
                _write_checkpoint(self.checkpoint_path, current)

    def _damaged(self, what: str) -> None:
        raise LedgerError(
            Reason.LEDGER_DAMAGED,
            f"{self.path}: {what}; restore the ledger from a copy, or import the chain anew",
        )

    def _rolled_back(self, known: Checkpoint, height: int) -> None:
        raise LedgerError(
            Reason.LEDGER_ROLLED_BACK,
            f"{self.path}: holds another history of {height} batches than the {known.batches} that "
            f"{self.checkpoint_path} vouches for; an old or foreign copy was put in its place",
        )
