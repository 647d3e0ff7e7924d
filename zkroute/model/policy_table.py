"""First-match tables of a policy: which route and which margin rule an order falls under."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from zkroute.model.class_match import class_digits, combinations, set_bits
from zkroute.model.policy_risk import MAINTENANCE_MARGIN, MARGIN_KINDS, NO_MARGIN
from zkroute.model.policy_segments import MARGINS, VALUES, Route

if TYPE_CHECKING:
    from zkroute.model.policy import Policy

MAX_COMBINATIONS = 1 << 16
"""Most entries of a route table."""


def margin_table(policy: Policy) -> tuple[tuple[int, int], ...]:
    """(rate, kind) of every class: those of the first margin rule that fits, or (0, NO_MARGIN)."""
    rules = [(rule.rate, MARGIN_KINDS[rule.kind]) for rule in policy.margins]
    return tuple(
        (0, NO_MARGIN) if position is None else rules[position]
        for position in margin_positions(policy)
    )


def margin_positions(policy: Policy) -> list[int | None]:
    """Position of the first margin rule that fits, for every class; None where none does."""
    counts = [len(names) for names in policy.dimensions]
    fits = (
        combinations(class_digits(rule.match, policy.name_positions), counts)
        for rule in policy.margins
    )
    return _first_fits(fits, (1 << policy.class_count) - 1, policy.class_count)[0]


def combination_counts(policy: Policy) -> tuple[int, int, int]:
    """How many values `high`, `liquidation` and the shard can take; 1 where the policy has none."""
    liquidates = any(kind == MAINTENANCE_MARGIN for _, kind in policy.margin_rules)
    return (
        1 if policy.risk.high_value_notional is None else len(VALUES),
        len(MARGINS) if liquidates else 1,
        1 if policy.sharding is None else policy.sharding.shards,
    )


def occurring_count(policy: Policy) -> int:
    """How many combinations of class, high, liquidation and shard can occur."""
    high, margin, shards = combination_counts(policy)
    if margin == 1:
        return policy.class_count * high * shards
    own = sum(kind == MAINTENANCE_MARGIN for _, kind in policy.margin_rules)
    return (policy.class_count + own) * high * shards


def route_table(policy: Policy, gas_level: int) -> tuple[list[Route | None], list[int]]:
    """The route of every combination at a gas level, and those that occur but have none.

    A combination stands at ((class * high values + high) * margin values + liquidation) * shards
    + shard, with the counts of `combination_counts`; what cannot occur has no route.
    """
    counts = [*map(len, policy.dimensions), *combination_counts(policy)]
    fits = (
        0
        if route.gas_levels is not None and gas_level not in route.gas_levels
        else combinations(_route_digits(policy, route, counts), counts)
        for route in policy.routes
    )
    positions, uncovered = _first_fits(fits, _occurring(policy), math.prod(counts))
    routes = policy.routes
    return [None if found is None else routes[found] for found in positions], set_bits(uncovered)


def _first_fits(fits: Iterable[int], left: int, count: int) -> tuple[list[int | None], int]:
    """Per combination in `left` the position of the first of `fits` that has its bit, and the rest.

    Combinations that are not in `left`, or that nothing fits, get None.
    """
    found: list[int | None] = [None] * count
    for position, mask in enumerate(fits):
        for index in set_bits(mask & left):
            found[index] = position
        left &= ~mask
        if not left:
            break
    return found, left


def _route_digits(policy: Policy, route: Route, counts: Sequence[int]) -> list[Sequence[int]]:
    return [
        *class_digits(route.match, policy.name_positions),
        range(counts[-3]) if route.value is None else [VALUES.index(route.value)],
        range(counts[-2]) if route.margin is None else [MARGINS.index(route.margin)],
        range(counts[-1]) if route.shards is None else route.shards,
    ]


def _occurring(policy: Policy) -> int:
    """Bits of the combinations that occur: only maintenance rules put orders in liquidation."""
    high, margin, shards = combination_counts(policy)
    block = high * margin * shards
    if margin == 1:
        return (1 << (policy.class_count * block)) - 1
    healthy = combinations([range(high), [0], range(shards)], [high, margin, shards])
    healthy_only, either = format(healthy, f"0{block}b"), "1" * block
    blocks = (
        either if kind == MAINTENANCE_MARGIN else healthy_only
        for _, kind in reversed(policy.margin_rules)
    )
    return int("".join(blocks), 2)
