"""Which of the circuit's rules say no to a claim that breaks a rule of the policy."""

from __future__ import annotations

import re

from circuits.check import check_trace
from circuits.gadgets.range import RANGE
from circuits.routing import RoutingCircuit
from tests.oracle.claim_traces import claimed_columns, public_side
from tests.oracle.completion import Rows

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
    # the node chosen instead may itself be past the threshold
    "min_key": frozenset({"nodes.saturation_room in range"}),
    # figures that contradict the orders contradict whatever is computed from them
    "work": frozenset(
        {
            "a group's cost adds up",
            "a leg follows at once",
            "bus ends",
            "nodes.margin in range",
            "nodes.saturation_room in range",
            "orders.composite_gap in range",
        }
    ),
}
"""Per rule of the policy: what else of the circuit may say no."""

_LIMB = re.compile(r"(.*)_limb_\d+ is below .*")
_BUS = re.compile(r"(bus \w+) does not balance: .*")


def broken_names(case: dict, claim: dict) -> set[str]:
    """The circuit's rules that a claim breaks; range checks by the value they bound."""
    circuit, instance = public_side(case, claim)
    columns = claimed_columns(circuit, instance, case, claim)
    found = set()
    for failure in check_trace(circuit, instance, columns):
        match = _BUS.fullmatch(failure.rule)
        found.add(match[1] if match else failure.rule)
    if f"bus {RANGE}" in found:
        # equal values out of range are one failure to the checker, whoever looks them up
        found.remove(f"bus {RANGE}")
        found |= out_of_range(circuit, Rows(circuit, instance, columns))
    return found


def out_of_range(circuit: RoutingCircuit, resolver: Rows) -> set[str]:
    """Every bounded value with a limb that the range table does not hold."""
    lowered, found = circuit.lowered.circuit, set()
    for each in lowered.interactions:
        match = _LIMB.fullmatch(each.sentence)
        if each.bus == RANGE and match:
            limbs = resolver.values(each.values[0], lowered.tables[each.table].rows)
            if max(limbs) >= lowered.tables["lookup"].rows:
                found.add(f"{each.table}.{match[1]} in range")
    return found
