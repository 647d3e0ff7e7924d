"""The router's intake: orders get their sequence numbers, and traders their receipts.

A number is given once and kept: order, time and place in the log are on disk before the receipt
leaves. The file holds orders in the clear and belongs to the router alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.errors import UsageError
from zkroute.formats.intake import IntakeLeaves
from zkroute.formats.receipt import Receipt
from zkroute.formats.slice import ENVELOPE_BYTES
from zkroute.model.order import ORDER_RECORD, Orders, digests, orders_from_bytes
from zkroute.model.policy import Policy
from zkroute.protocol.intake import head_after, intake_leaf, start_head
from zkroute.routing.admission import check_admission
from zkroute.routing.parameters import NodeParameters
from zkroute.settlement.database import explained, transaction
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.intake_file import connect
from zkroute.settlement.order_signatures import Traders, check_signatures
from zkroute.settlement.receipts import sign_receipt
from zkroute.settlement.slices import digest_bytes

DEFAULT_PROMISE_MS = 60_000
UNSIGNED = b""
"""Envelope of an order that came without a signature."""
_LENGTHS = {
    "digest": (32,),
    "record": (ORDER_RECORD.itemsize,),
    "envelope": (0, ENVELOPE_BYTES),
    "before": (32,),
    "router": (32,),
    "signature": (64,),
}
"""Column to the lengths its bytes can have; the other columns are whole numbers."""
_MAX_NUMBER = 1 << 63


@dataclass(frozen=True)
class TakenIn:
    """The orders of one batch as they came in, with what the batch must carry and publish."""

    orders: Orders
    head: bytes
    """The log's head after them: the header's ``intake``."""
    leaves: IntakeLeaves


@dataclass(frozen=True)
class Terms:
    """What a router asks of orders and promises to their traders."""

    policy: Policy
    promise_ms: int = DEFAULT_PROMISE_MS
    """An order is in a batch at the latest this long after it came."""
    must_be_signed: bool = True
    traders: Traders | None = None
    """Keys per account; None lets any key sign."""
    nodes: NodeParameters | None = None
    """What the nodes are like now: an order too large for one of them is not taken in."""


class Intake:
    """The intake log in one file, for any number of threads and processes.

    ``router`` signs receipts; without it the log can be read and takes nothing in.
    """

    def __init__(
        self,
        path: Path,
        terms: Terms,
        router: Ed25519PrivateKey | None,
        clock: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self.path = path
        self.terms = terms
        self._router = router
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = connect(path, terms.policy.chain)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, orders: Orders, envelopes: bytes = UNSIGNED) -> list[Receipt]:
        """A receipt for each order, on consecutive numbers, all of them or none.

        Legs come in one call with the order they ride with. Orders that were all taken in before
        get the receipts they got then.

        Raises SettlementError for a signature that does not hold, UsageError where only some of
        the orders are new or one is too large for any batch, LedgerError where the disk fails.
        """
        if self._router is None:
            raise UsageError(f"{self.path}: was opened without a key to sign receipts with")
        if orders.policy_digest != self.terms.policy.digest:
            raise UsageError("the orders were checked against another policy than the intake's")
        if self.terms.must_be_signed or envelopes:
            check_signatures(orders, envelopes, self.terms.policy.chain, self.terms.traders)
        check_admission(self.terms.policy, orders, self.terms.nodes)
        named = digest_bytes(digests(orders.records))
        if len(set(named)) != len(named):
            raise UsageError("an order is there twice")
        with self._lock, explained(self.path), transaction(self._connection):
            known = [self._number(digest) for digest in named]
            if any(number is not None for number in known):
                return [self._receipt(number) for number in _all(known)]
            return self._append(orders, envelopes, named, self._router)

    def take(self, first_sequence: int, limit: int) -> TakenIn:
        """The orders from this number on, at most ``limit``, without splitting a bundle.

        No orders where the next ones ride together and are more.
        """
        with self._lock, explained(self.path):
            self._connection.execute("BEGIN")
            try:
                # envelopes only to be checked: a batch is not made of orders that lost theirs
                rows = self._rows(
                    "sequence, record, digest, time_ms, envelope",
                    "WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                    first_sequence,
                    limit + 1,
                )
                before = self._head_before(first_sequence)
            finally:
                self._connection.execute("ROLLBACK")
        count = self._whole_bundles(rows, limit)
        orders = orders_from_bytes(
            b"".join(row[1] for row in rows[:count]), self.terms.policy, str(self.path)
        )
        leaves = [intake_leaf(row[0], row[2], row[3]) for row in rows[:count]]
        return TakenIn(
            orders,
            head_after(before, leaves),
            IntakeLeaves(first_sequence, tuple(leaves)),
        )

    def head_at(self, count: int) -> bytes | None:
        """The log's head after its first ``count`` orders, None where it has fewer."""
        with self._lock, explained(self.path):
            return self._head_before(count) if count <= self._count() else None

    def envelopes(self, sequence: Iterable[int]) -> dict[int, bytes]:
        """The envelopes of those of these orders that came signed, by sequence number."""
        return {number: found for number, found in self._each("envelope", sequence) if found}

    def digests(self, sequence: Iterable[int]) -> dict[int, bytes]:
        """The digests of those of these numbers that were given, by number."""
        return dict(self._each("digest", sequence))

    def _each(self, column: str, sequence: Iterable[int]) -> list[tuple[int, bytes]]:
        with self._lock, explained(self.path):
            return [
                (row[0], row[1])
                for number in sequence
                for row in self._rows(f"sequence, {column}", "WHERE sequence = ?", number)
            ]

    def _whole_bundles(self, rows: Sequence[tuple[Any, ...]], limit: int) -> int:
        """How many rows to take so that no leg is parted from its leader."""
        if len(rows) <= limit:
            return len(rows)
        data = b"".join(row[1] for row in rows)
        is_leg = orders_from_bytes(data, self.terms.policy, str(self.path)).is_leg
        leaders = np.flatnonzero(~is_leg[: limit + 1])
        return int(leaders[-1]) if is_leg[limit] else limit

    def _append(
        self,
        orders: Orders,
        envelopes: bytes,
        named: Sequence[bytes],
        router: Ed25519PrivateKey,
    ) -> list[Receipt]:
        sequence = self._count()
        head = self._head_before(sequence)
        now = max(self._clock(), self._last_time())
        receipts = []
        for position, digest in enumerate(named):
            receipt = sign_receipt(
                Receipt(
                    chain=self.terms.policy.chain,
                    router=b"",
                    sequence=sequence + position,
                    digest=digest,
                    time_ms=now,
                    include_by_ms=now + self.terms.promise_ms,
                    before=head,
                ),
                router,
            )
            start = position * ENVELOPE_BYTES
            self._connection.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    receipt.sequence,
                    digest,
                    orders.records[position].tobytes(),
                    envelopes[start : start + ENVELOPE_BYTES],
                    now,
                    receipt.include_by_ms,
                    head,
                    receipt.router,
                    receipt.signature,
                ),
            )
            head = receipt.head
            receipts.append(receipt)
        return receipts

    def _receipt(self, sequence: int) -> Receipt:
        columns = "router, sequence, digest, time_ms, include_by_ms, before, signature"
        rows = self._rows(columns, "WHERE sequence = ?", sequence)
        if not rows:
            raise UsageError(f"number {sequence} was not given to any order")
        return Receipt(self.terms.policy.chain, *rows[0])

    def _number(self, digest: bytes) -> int | None:
        rows = self._rows("sequence", "WHERE digest = ?", digest)
        return rows[0][0] if rows else None

    def _count(self) -> int:
        row = self._connection.execute("SELECT max(sequence) FROM entries").fetchone()
        return 0 if row[0] is None else row[0] + 1

    def _last_time(self) -> int:
        rows = self._rows("time_ms", "ORDER BY sequence DESC LIMIT 1")
        return rows[0][0] if rows else 0

    def _rows(self, columns: str, condition: str, *values: object) -> list[tuple[Any, ...]]:
        """These columns of the entries; SQLite gives back whatever a damaged file holds."""
        rows = self._connection.execute(
            f"SELECT {columns} FROM entries {condition}",  # noqa: S608  # our own words, above
            values,
        ).fetchall()
        names = columns.split(", ")
        for row in rows:
            for name, value in zip(names, row, strict=True):
                if not _is_sound(name, value):
                    raise LedgerError(
                        Reason.LEDGER_DAMAGED,
                        f"{self.path}: the {name} of an order is damaged; restore the intake log "
                        "from a copy",
                    )
        return rows

    def _head_before(self, sequence: int) -> bytes:
        if not sequence:
            return start_head(self.terms.policy.chain)
        if sequence > self._count():
            raise UsageError(
                f"{self.path} has given numbers up to {self._count()}, and number {sequence} is "
                "next in the chain: batches took orders from elsewhere. A chain keeps to one "
                "intake log from its first batch on"
            )
        return self._receipt(sequence - 1).head


def _is_sound(name: str, value: object) -> bool:
    """Whether the value can be one of this column."""
    if name in _LENGTHS:
        return isinstance(value, bytes) and len(value) in _LENGTHS[name]
    return isinstance(value, int) and 0 <= value < _MAX_NUMBER


def _all(known: Sequence[int | None]) -> list[int]:
    numbers = [number for number in known if number is not None]
    if len(numbers) != len(known):
        raise UsageError(
            "some of these orders were taken in before and some were not; submit the new ones alone"
        )
    return numbers
