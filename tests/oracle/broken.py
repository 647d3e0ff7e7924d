"""Outcomes that break exactly one rule, in one place, and follow the policy everywhere else."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.oracle import broken_orders, broken_placement
from tests.oracle.random_policies import settled

Way = Callable[[dict, dict, random.Random], dict | None]

WAYS: dict[str, tuple[Way, ...]] = {
    "sequence": (
        broken_orders.order_left_out,
        broken_orders.number_left_out,
        broken_orders.number_used_twice,
    ),
    "carry": (
        broken_orders.carried_order_left_out,
        broken_orders.carried_order_altered,
        broken_orders.carried_order_invented,
        broken_orders.held_order_lost,
        broken_orders.held_order_altered,
    ),
    "margin": (broken_orders.margin_flag_flipped, broken_orders.rejection_turned_round),
    "liquidation": (broken_orders.liquidation_flag_flipped,),
    "high_value": (broken_orders.value_flag_flipped,),
    "shard": (broken_orders.another_shard,),
    "route": (broken_orders.another_route,),
    "bundle": (
        broken_placement.leg_on_another_node,
        broken_orders.leg_on_its_own,
        broken_orders.lone_order_made_a_leg,
        broken_orders.only_failing_rows_rejected,
        broken_orders.last_leg_held,
    ),
    "priority_order": (broken_placement.later_bundle_first,),
    "min_key": (broken_placement.not_the_smallest_key,),
    "saturation": (broken_placement.taken_though_saturated,),
    "breaker": (broken_placement.taken_though_tripped,),
    "overflow": (broken_placement.left_though_open, broken_placement.overflowed_elsewhere),
    "hold": (broken_placement.held_though_open,),
    "drain": (broken_placement.drained_wrongly,),
    "work": (
        broken_placement.another_cost,
        broken_placement.another_work_out,
        broken_placement.another_composite,
    ),
}
"""Per rule of `verdict.RULES` the ways in which a claim can break it."""


def broken_outcome(rule: str, case: dict, rng: random.Random) -> dict | None:
    """A claim that breaks `rule` and no other, with the `way` it does; None if there is none.

    The claim has the form of an outcome (see `oracle.py`) and keeps every limit of the policy.
    """
    right = settled(case)
    if right["refused"]:
        return None
    ways = list(WAYS[rule])
    for way in rng.sample(ways, len(ways)):
        claim = way(case, right, rng)
        if claim is not None and not claim["refused"]:
            return claim | {"way": way.__name__}
    return None
