"""What routing makes of a batch: rows in processing order, segment ends, orders held for later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zkroute.model.order import Indices, Orders, Words

PLACED, HELD, REJECTED = range(3)
SEQUENCE_BITS = 40


@dataclass(frozen=True)
class CarriedOrders:
    """Orders a batch held for the next one, whole bundles, ascending by sequence number.

    `sequence` uint64: the numbers they have kept since they arrived.
    """

    orders: Orders
    sequence: Words

    def __len__(self) -> int:
        return len(self.sequence)


@dataclass(frozen=True)
class SegmentEnd:
    """Where a segment stood at the end of a batch.

    `closed_by_saturation`: it has a saturation threshold, and no eligible node's key is below it.
    `closed_by_breaker`: it has a breaker, and the costs placed in it reached it.
    `cumulative`: sum of the costs placed in it; `cumulative_before_leader`: that sum when its last
    leader was placed.
    """

    closed_by_saturation: bool
    closed_by_breaker: bool
    cumulative: int
    cumulative_before_leader: int


@dataclass(frozen=True)
class RoutedBatch:
    """A routed batch; per-row arrays are in processing order.

    That is by (group, priority, sequence of the leader, position in the bundle), where the group
    is the segment of a placed row, the number of segments for a held row, and one more for a
    rejected row. All arrays are int64 unless said otherwise.

    `source`: position in the carried and then the new orders. `sequence` uint64. `status`:
    PLACED, HELD or REJECTED. `segment`: the group. `primary` and `priority`: by the route of the
    row's leader. `leg`, `high`, `liquidation`, `short`, `carried`: 0 or 1, of the order itself;
    `shard` likewise. `cost` uint64: what the order adds or would have added.

    0 for rows that are not placed: `node`; `composite` (n, 2) uint64, low word first, the chosen
    node's composite before the order.

    `work_in` (drained) and `work_out`: per slot, Python integers below 2^64. `closing`: per
    segment. `documents`: the carried and then the new orders.
    """

    source: Indices
    sequence: Words
    status: Indices
    segment: Indices
    primary: Indices
    priority: Indices
    leg: Indices
    high: Indices
    liquidation: Indices
    short: Indices
    shard: Indices
    carried: Indices
    node: Indices
    composite: Words
    cost: Words
    work_in: list[int]
    work_out: list[int]
    closing: list[SegmentEnd]
    documents: Orders

    def __len__(self) -> int:
        return len(self.source)

    @cached_property
    def orders(self) -> Orders:
        """The orders in processing order."""
        return self.documents.take(self.source)

    def held(self) -> CarriedOrders:
        """The orders the next batch begins with, ascending by sequence number."""
        rows = np.flatnonzero(self.status == HELD)
        rows = rows[np.argsort(self.sequence[rows])]
        return CarriedOrders(self.documents.take(self.source[rows]), self.sequence[rows])
