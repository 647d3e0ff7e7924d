"""Which of the circuit's rules say no to a claim that breaks a rule of the policy."""

from __future__ import annotations

import re
from collections.abc import Iterable

from circuits.ir.check import Failure

NAMED_BY: dict[str, frozenset[str]] = {
    "sequence": frozenset({"bus sequence", "the number of orders that arrived is the claimed one"}),
    "carry": frozenset({"bus carry_in", "bus carry_out"}),
    "margin": frozenset(
        {
            "orders.margin_distance in range",
            "an order is rejected exactly when it fails its margin",
            "a failing order is rejected",
            "a rejected bundle has a failing order",
        }
    ),
    "liquidation": frozenset({"orders.margin_distance in range"}),
    "high_value": frozenset({"orders.value_distance in range"}),
    "shard": frozenset({"the shard is the hash modulo shards"}),
    "route": frozenset({"bus route"}),
    "bundle": frozenset(
        {
            "a leg is in its leader's group",
            "a leg arrived with its leader",
            "a leg's sequence number is the next one",
            "a leg shares its leader's priority",
            "a leg shares its leader's primary",
            "a leg goes to its leader's node",
            "a leg follows at once",
            "a leader's composite is its own",
            "a leg carries its leader's composite",
            "a leader's group cost is its own",
            "a leg carries its leader's",
            "a leader fails by itself",
            "a bundle has failed once one order fails",
            "a rejected bundle has a failing order",
            "bus route",
        }
    ),
    "priority_order": frozenset({"orders.order_gap in range"}),
    "min_key": frozenset({"orders.composite_gap in range", "nodes.margin in range"}),
    "saturation": frozenset({"nodes.saturation_room in range"}),
    "breaker": frozenset({"nodes.breaker_room in range"}),
    "overflow": frozenset(
        {
            "bus closing",
            "an order that did not move is in its primary segment",
            "orders.closing_gap in range",
            "an open segment displaces no order",
        }
    ),
    "hold": frozenset(
        {
            "orders.closing_gap in range",
            "orders.closing_gap_again in range",
            "an open segment displaces no order",
            "an open segment holds up no order",
        }
    ),
    "drain": frozenset(
        {
            "work in is what is left after draining, or zero",
            "work stays where there is no eligible node",
            "bus path",
        }
    ),
    "work": frozenset(
        {
            "bus path",
            "work stays where there is no eligible node",
            "cost is size times price",
            "orders.rounding in range",
            "orders.rounding_room in range",
        }
    ),
}
"""Per rule of the policy: the circuit's rules of which at least one must say no."""

TOO_EARLY = frozenset(
    {
        "orders.closing_gap in range",
        "orders.closing_gap_again in range",
        "an open segment displaces no order",
        "an open segment holds up no order",
    }
)
"""An order is displaced by a segment that has not closed when it is the order's turn."""

CONSEQUENCES: dict[str, frozenset[str]] = dict.fromkeys(NAMED_BY, frozenset[str]()) | {
    # without carried orders a gap in the numbers may be wider than any batch
    "sequence": frozenset({"orders.order_gap in range"}),
    # a leg held alone is held though open; one placed alone has no leader in its segment
    "bundle": TOO_EARLY | {"bus ends"},
    # orders turned away before the one that was taken now look too early
    "saturation": TOO_EARLY,
    "breaker": TOO_EARLY,
    # figures that contradict the orders contradict whatever is computed from them
    "work": frozenset(
        {
            "a group's cost adds up",
            "a leg follows at once",
            "bus ends",
            "nodes.margin in range",
            "orders.composite_gap in range",
        }
    ),
}
"""Per rule of the policy: what else of the circuit may say no."""

_RANGE = re.compile(r"bus range does not balance: (.*)_limb_\d+ is below .*")
_BUS = re.compile(r"(bus \w+) does not balance: .*")


def names(failures: Iterable[Failure]) -> set[str]:
    """The rules of the circuit that failed; range checks by the value they bound."""
    found = set()
    for failure in failures:
        if match := _RANGE.fullmatch(failure.rule):
            found.add(f"{failure.table}.{match[1]} in range")
        elif match := _BUS.fullmatch(failure.rule):
            found.add(match[1])
        else:
            found.add(failure.rule)
    return found
