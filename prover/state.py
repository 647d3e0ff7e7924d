"""What a router keeps to itself about a batch: openings of commitments, and the chain's state."""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.model.order import Orders
from zkroute.protocol.header import Header
from zkroute.routing.batch import CarriedOrders, RoutedBatch


@dataclass(frozen=True)
class WorkState:
    """What one batch hands to the next, and the blinding of its commitments; private."""

    work: tuple[int, ...]
    """Each slot's work at the batch's end."""
    blinding: tuple[int, ...]
    held: CarriedOrders | None = None
    """Orders that wait for the next batch; None where there are none."""
    carry_blinding: tuple[tuple[int, ...], ...] = ()
    """One tuple per carry column; empty if the policy never holds orders."""


@dataclass(frozen=True)
class Opening:
    """What opens a header's commitments; private to the router."""

    order_blinding: tuple[tuple[int, ...], ...]
    """One tuple of scalars per order column."""
    before: WorkState
    after: WorkState
    masks: tuple[int, ...]
    """One scalar per node: hides its slice digest."""
    salts: tuple[bytes, ...]
    """32 bytes per slot: hide its slice commitment."""


@dataclass(frozen=True)
class CommittedBatch:
    """A routed batch with its signed header and the secrets that open it."""

    header: Header
    opening: Opening
    orders: Orders
    """The orders that arrived, in arrival order."""
    routed: RoutedBatch


@dataclass(frozen=True)
class Place:
    """Where a batch stands in its chain."""

    parent: Header | None
    state: WorkState | None
    """The parent's ``after``; None exactly for the first batch."""
    time_ms: int

    @property
    def first_sequence(self) -> int:
        """The number of the first order that arrives."""
        return self.parent.first_sequence + self.parent.order_count if self.parent else 0
