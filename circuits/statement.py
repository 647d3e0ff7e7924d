"""The public side of the statement: its shape and the features a policy uses."""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.model.policy import Policy
from zkroute.routing.parameters import route_entries

MINIMUM_LOG_ROWS = 6
MAXIMUM_LOG_ROWS = 20
MAXIMUM_LIMB_BITS = 16
PRIORITY_BITS = 8
MINIMUM_TABLE_ROWS = 16
"""Blinding adds multiples of the vanishing polynomial; tiny domains leave it no room."""


@dataclass(frozen=True)
class Features:
    """What a policy uses; a circuit contains nothing else."""

    primaries: frozenset[int]
    """Segments that the route table names."""
    priorities: frozenset[int]
    """Priorities that the route table names."""
    cost: str
    """unit, size or notional."""
    drains: bool
    """Work drains between batches."""
    bundles: bool
    """Legs ride with the order before them."""
    margins: bool
    """Some class has a margin rule."""
    rejects: bool
    """Some class is rejected when short of margin."""
    liquidates: bool
    """Some class is in liquidation when short of margin."""
    high_value: bool
    """Orders above a notional are routed apart."""
    shards: bool
    """Orders are routed by a universal hash of their account."""
    saturates: bool
    """Some segment closes when all its keys reach a threshold."""
    breaks: bool
    """Some segment closes when its cumulative cost reaches a limit."""
    overflows: bool
    """Some segment that closes sends later orders to another one."""

    @property
    def closes(self) -> bool:
        """Segments may close, so orders may be held for the next batch."""
        return self.saturates or self.breaks

    @property
    def statuses(self) -> bool:
        """Not every order is placed in its primary segment."""
        return self.closes or self.rejects

    @property
    def grouped(self) -> bool:
        """Rows carry the group they stand in: a segment, held, or rejected."""
        return len(self.primaries) > 1 or self.statuses

    @property
    def prioritised(self) -> bool:
        """Rows carry their priority."""
        return len(self.priorities) > 1

    @property
    def routed(self) -> bool:
        """There is more than one way through the route table."""
        return len(self.primaries) > 1 or self.prioritised

    @property
    def classes(self) -> bool:
        """Rows carry their class."""
        return self.routed or self.margins

    @property
    def notional(self) -> bool:
        """Size times price matters."""
        return self.cost == "notional" or self.margins or self.high_value

    @property
    def sizes(self) -> bool:
        """Rows carry their size."""
        return self.notional or self.cost == "size"

    @classmethod
    def of(cls, policy: Policy) -> Features:
        """The features a policy uses."""
        entries = [
            entry
            for level in range(len(policy.gas_levels) + 1)
            for entry in route_entries(policy, level)
        ]
        kinds = {kind for _, kind in policy.margin_rules}
        breaks = any(segment.breaker is not None for segment in policy.segments)
        saturates = any(segment.saturation is not None for segment in policy.segments)
        return cls(
            primaries=frozenset(entry[4] for entry in entries),
            priorities=frozenset(entry[5] for entry in entries),
            cost=policy.cost.kind,
            drains=policy.drain != "none",
            bundles=policy.bundles,
            margins=bool(kinds - {0}),
            rejects=1 in kinds,
            liquidates=2 in kinds,
            high_value=policy.risk.high_value_notional is not None,
            shards=policy.sharding is not None,
            saturates=saturates,
            breaks=breaks,
            overflows=any(
                segment.overflow is not None
                and (segment.breaker is not None or segment.saturation is not None)
                for segment in policy.segments
            ),
        )


@dataclass(frozen=True)
class Shape:
    """Sizes the circuit depends on; the row class is 2**log_rows orders at most."""

    log_rows: int
    log_node_rows: int
    log_carry_rows: int
    slots: int

    @classmethod
    def of(cls, policy: Policy, log_rows: int) -> Shape:
        """The shape for a policy's slots and a row class."""
        return cls(
            log_rows,
            _log(max(policy.slots, MINIMUM_TABLE_ROWS)),
            _log(max(policy.carry or 0, MINIMUM_TABLE_ROWS)),
            policy.slots,
        )

    @property
    def limb_bits(self) -> int:
        """Width of range-check limbs: what the lookup table of this row class can hold."""
        return min(self.log_rows, MAXIMUM_LIMB_BITS)

    @property
    def slot_bits(self) -> int:
        """Bits of a slot number."""
        return self.slots.bit_length() - 1


def composite_bits(policy: Policy, shape: Shape) -> int:
    """Bits of a composite: key * slots + slot."""
    return policy.widths.key_bits + shape.slot_bits


def cumulative_bits(policy: Policy, shape: Shape) -> int:
    """Bits of the cost of a whole batch."""
    return policy.widths.cost_bits + shape.log_rows


def smallest_log_rows(policy: Policy, orders: int) -> int:
    """The smallest row class that holds so many orders under this policy."""
    routes = max(len(route_entries(policy, level)) for level in range(len(policy.gas_levels) + 1))
    needed = max(
        orders, policy.slots, policy.carry or 0, MINIMUM_TABLE_ROWS, routes, policy.class_count
    )
    return max(MINIMUM_LOG_ROWS, _log(needed))


def _log(count: int) -> int:
    return (count - 1).bit_length()
