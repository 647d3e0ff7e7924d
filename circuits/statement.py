"""The public side of the statement: its shape, its features and its public numbers."""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.model.policy import Policy
from zkroute.routing.parameters import route_entries

MINIMUM_LOG_ROWS = 6
MAXIMUM_LOG_ROWS = 20
MAXIMUM_LIMB_BITS = 16
SEQUENCE_BITS = 40
MINIMUM_NODE_ROWS = 16
"""Blinding adds multiples of the vanishing polynomial; tiny domains leave it no room."""


@dataclass(frozen=True)
class Features:
    """What a policy uses; a circuit contains nothing else."""

    segments: bool
    """Orders go to more than one segment: rows carry theirs."""
    priorities: bool
    """Orders have more than one priority: rows carry theirs."""
    only_segment: int
    """The segment of every order where ``segments`` is false."""
    only_priority: int
    """The priority of every order where ``priorities`` is false."""
    cost: str
    """unit, size or notional."""
    drains: bool
    """Work drains between batches."""

    @property
    def classes(self) -> bool:
        """Whether rows carry their class and the route table exists."""
        return self.segments or self.priorities

    @classmethod
    def of(cls, policy: Policy) -> Features:
        """The features a policy uses."""
        entries = route_entries(policy)
        segments = {segment for _, segment, _ in entries}
        priorities = {priority for _, _, priority in entries}
        return cls(
            segments=len(segments) > 1,
            priorities=len(priorities) > 1,
            only_segment=min(segments),
            only_priority=min(priorities),
            cost=policy.cost.kind,
            drains=policy.drain != "none",
        )


@dataclass(frozen=True)
class Shape:
    """Sizes the circuit depends on; the row class is 2**log_rows orders at most."""

    log_rows: int
    log_node_rows: int
    slots: int

    @classmethod
    def of(cls, policy: Policy, log_rows: int) -> Shape:
        """The shape for a policy's slots and a row class."""
        node_rows = max(policy.slots, MINIMUM_NODE_ROWS)
        return cls(log_rows, node_rows.bit_length() - 1, policy.slots)

    @property
    def limb_bits(self) -> int:
        """Width of range-check limbs: what the lookup table of this row class can hold."""
        return min(self.log_rows, MAXIMUM_LIMB_BITS)

    @property
    def slot_bits(self) -> int:
        """Bits of a slot number."""
        return self.slots.bit_length() - 1


def smallest_log_rows(policy: Policy, orders: int) -> int:
    """The smallest row class that holds so many orders under this policy."""
    needed = max(orders, policy.slots, MINIMUM_NODE_ROWS, len(route_entries(policy)))
    return max(MINIMUM_LOG_ROWS, (needed - 1).bit_length())
