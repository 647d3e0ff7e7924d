"""Segments that close: saturation, breakers, overflow, orders held and carried on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.routing.rule_samples import Ask, nodes, orders, parameters, policy, routed
from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import digests
from zkroute.routing.batch import HELD, PLACED, REJECTED, CarriedOrders, SegmentEnd
from zkroute.routing.router import route

CARRY = "[queue]\ncarry = 16\n"
BUNDLES = "bundles = true"


def test_a_breaker_closes_once_the_costs_reach_it_and_the_rest_is_held() -> None:
    rule = policy(CARRY, fast="breaker = 5")
    batch = routed(rule, Ask(2), Ask(2), Ask(9), Ask(1), Ask(1))
    assert batch.status.tolist() == [PLACED] * 3 + [HELD] * 2
    assert batch.segment.tolist() == [0, 0, 0, 2, 2]
    assert batch.primary.tolist() == [0] * 5
    assert batch.node.tolist() == [0, 1, 0, 0, 0]
    assert batch.cost.tolist() == [2, 2, 9, 1, 1]
    assert batch.composite.tolist() == [[0, 0], [1, 0], [8, 0], [0, 0], [0, 0]]
    assert batch.work_out == [11, 2, 0, 0]
    assert batch.closing == [
        SegmentEnd(False, True, 13, 4),
        SegmentEnd(False, False, 0, 0),
    ]
    assert batch.held().sequence.tolist() == [3, 4]


def test_a_breaker_that_is_just_not_reached_stays_open() -> None:
    rule = policy(CARRY, fast="breaker = 5")
    batch = routed(rule, Ask(2), Ask(2))
    assert batch.closing[0] == SegmentEnd(False, False, 4, 2)
    assert routed(rule, Ask(2), Ask(3)).closing[0].closed_by_breaker
    assert routed(rule, Ask(2), Ask(2), Ask(1)).status.tolist() == [PLACED] * 3


def test_saturation_closes_once_every_node_is_there() -> None:
    rule = policy(CARRY, fast="saturation = 5")
    batch = routed(rule, Ask(5), Ask(4), Ask(1), Ask(1))
    assert batch.node.tolist() == [0, 1, 1, 0]
    assert batch.status.tolist() == [PLACED, PLACED, PLACED, HELD]
    assert batch.closing[0] == SegmentEnd(True, False, 10, 9)
    assert batch.work_out == [5, 5, 0, 0]


def test_saturation_counts_what_nodes_begin_with() -> None:
    rule = policy(CARRY, fast="saturation = 5")
    batch = routed(rule, Ask(1), work=(5, 7, 0, 0))
    assert batch.status.tolist() == [HELD]
    assert batch.closing[0] == SegmentEnd(True, False, 0, 0)
    assert routed(rule, Ask(1), work=(5, 4, 0, 0)).node.tolist() == [1]


def test_overflow_takes_what_the_segment_does_not_and_is_sorted_in() -> None:
    routes = (
        '[[routes]]\nmatch = { intent = ["close"] }\nsegment = "slow"\npriority = 1\n'
        '[[routes]]\nmatch = { fee_class = ["high"] }\nsegment = "fast"\npriority = 2\n'
        '[[routes]]\nsegment = "fast"\npriority = 0\n'
    )
    rule = policy(CARRY, fast='breaker = 2\noverflow = "slow"', routes=routes)
    asks = [Ask(1, fee=1), Ask(1, intent=1), Ask(2), Ask(3), Ask(1, intent=1)]
    batch = routed(rule, *asks)
    # fast: order 2 closes it; orders 3 (priority 0) and 0 (priority 2) go to slow
    assert batch.source.tolist() == [2, 3, 1, 4, 0]
    assert batch.segment.tolist() == [0, 1, 1, 1, 1]
    assert batch.primary.tolist() == [0, 0, 1, 1, 0]
    assert batch.priority.tolist() == [0, 0, 1, 1, 2]
    assert batch.node.tolist() == [0, 2, 2, 2, 2]
    assert batch.composite[:, 0].tolist() == [0, 2, 14, 18, 22]
    assert len(batch.held()) == 0


def test_an_order_overflows_once_and_is_then_held() -> None:
    rule = policy(CARRY, fast='breaker = 1\noverflow = "slow"', slow="breaker = 3")
    batch = routed(rule, Ask(1), Ask(2), Ask(2), Ask(1))
    assert batch.segment.tolist() == [0, 1, 1, 2]
    assert batch.status.tolist() == [PLACED, PLACED, PLACED, HELD]
    assert batch.primary.tolist() == [0, 0, 0, 0]
    circle = policy(CARRY, slow='breaker = 1\noverflow = "fast"', fast="breaker = 1")
    assert circle.placement_order == (1, 0)


def test_overflow_is_served_after_the_segment_it_comes_from_whatever_the_order() -> None:
    routes = '[[routes]]\nsegment = "slow"\n'
    rule = policy(CARRY, slow='breaker = 1\noverflow = "fast"', routes=routes)
    batch = routed(rule, Ask(1), Ask(1), Ask(1))
    assert batch.segment.tolist() == [0, 0, 1]
    assert batch.source.tolist() == [1, 2, 0]
    assert batch.primary.tolist() == [1, 1, 1]


def test_bundles_stay_on_one_node_and_end_before_the_segment_closes() -> None:
    rule = policy(CARRY, fast="breaker = 4", top=BUNDLES)
    asks = [Ask(1), Ask(1), Ask(3, leg=True), Ask(2, leg=True), Ask(1), Ask(1, leg=True)]
    batch = routed(rule, *asks)
    assert batch.node.tolist() == [0, 1, 1, 1, 0, 0]
    assert batch.composite[:, 0].tolist() == [0, 1, 5, 17, 0, 0]
    assert batch.leg.tolist() == [0, 0, 1, 1, 0, 1]
    assert batch.status.tolist() == [PLACED] * 4 + [HELD] * 2
    assert batch.closing[0] == SegmentEnd(False, True, 7, 1)
    assert batch.work_out == [1, 6, 0, 0]
    assert batch.held().orders.is_leg.tolist() == [False, True]


def test_legs_without_closing_segments_ride_along_too() -> None:
    rule = policy(top=BUNDLES)
    batch = routed(rule, Ask(1), Ask(5, leg=True), Ask(1), Ask(1), Ask(1, leg=True), Ask(1))
    assert batch.node.tolist() == [0, 0, 1, 1, 1, 1]
    assert batch.closing[0] == SegmentEnd(False, False, 10, 9)


def test_a_leg_takes_its_leaders_route() -> None:
    routes = (
        '[[routes]]\nmatch = { intent = ["close"] }\nsegment = "slow"\n'
        '[[routes]]\nsegment = "fast"\npriority = 3\n'
    )
    batch = routed(policy(routes=routes, top=BUNDLES), Ask(intent=1), Ask(leg=True), Ask())
    assert batch.source.tolist() == [2, 0, 1]
    assert batch.segment.tolist() == [0, 1, 1]
    assert batch.priority.tolist() == [3, 0, 0]
    assert batch.node.tolist() == [0, 2, 2]


def test_held_orders_come_first_in_the_next_batch_under_their_old_numbers() -> None:
    rule = policy(CARRY, fast="breaker = 2", top=BUNDLES)
    first = routed(rule, Ask(2), Ask(1), Ask(3), Ask(1, leg=True), first_sequence=7)
    held = first.held()
    assert held.sequence.tolist() == [8, 9, 10]
    second = routed(rule, Ask(1), work=tuple(first.work_out), first_sequence=11, carried=held)
    assert second.sequence.tolist() == [8, 9, 10, 11]
    assert second.carried.tolist() == [1, 1, 1, 0]
    assert second.source.tolist() == [0, 1, 2, 3]
    assert second.status.tolist() == [PLACED, PLACED, PLACED, HELD]
    assert second.held().sequence.tolist() == [11]
    assert np.array_equal(digests(second.orders.records)[:3], digests(held.orders.records))
    assert second.orders.size.tolist() == [1, 3, 1, 1]
    third = routed(rule, work=tuple(second.work_out), first_sequence=12, carried=second.held())
    assert third.sequence.tolist() == [11]
    assert third.status.tolist() == [PLACED]


def test_held_rows_stand_by_priority_and_are_carried_by_sequence() -> None:
    routes = (
        '[[routes]]\nmatch = { intent = ["close"] }\nsegment = "fast"\npriority = 1\n'
        '[[routes]]\nsegment = "fast"\npriority = 2\n'
    )
    rule = policy(CARRY, fast="breaker = 1", routes=routes)
    batch = routed(rule, Ask(), Ask(), Ask(intent=1), Ask(intent=1))
    assert batch.sequence.tolist() == [2, 3, 0, 1]
    assert batch.status.tolist() == [PLACED, HELD, HELD, HELD]
    held = batch.held()
    assert held.sequence.tolist() == [0, 1, 3]
    assert held.orders.class_index.tolist() == [0, 0, 2]


def test_more_held_orders_than_the_policy_carries_are_refused() -> None:
    rule = policy(CARRY, fast="breaker = 1")
    assert len(routed(rule, *[Ask()] * 17).held()) == 16
    with pytest.raises(
        UsageError, match=r"17 orders would be held .* at most 16; .* smaller batch"
    ):
        routed(rule, *[Ask()] * 18)


def test_carried_orders_must_fit_the_place_in_the_chain() -> None:
    rule = policy(CARRY, fast="breaker = 1", top=BUNDLES)
    three = orders(rule, Ask(), Ask(leg=True), Ask())
    good = CarriedOrders(three, np.array([3, 4, 9], dtype=np.uint64))
    assert routed(rule, first_sequence=10, carried=good).sequence.tolist() == [3, 4, 9]
    for numbers in ([3, 4, 10], [3, 5, 9], [4, 3, 9], [3, 4, 4]):
        bad = CarriedOrders(three, np.array(numbers, dtype=np.uint64))
        with pytest.raises(MismatchError, match="must be whole bundles"):
            routed(rule, first_sequence=10, carried=bad)
    legless = CarriedOrders(three.take(slice(1, 3)), np.array([4, 9], dtype=np.uint64))
    with pytest.raises(MismatchError, match="must be whole bundles"):
        routed(rule, first_sequence=10, carried=legless)
    with pytest.raises(MismatchError, match="not prepared for policy"):
        routed(policy(top=BUNDLES), first_sequence=10, carried=good)
    plain = policy(top=BUNDLES)
    other = replace(good, orders=orders(plain, Ask(), Ask(), Ask()))
    with pytest.raises(MismatchError, match="3 orders are carried; policy 'rule' carries 0"):
        routed(plain, first_sequence=10, carried=other)


def test_sequence_numbers_end_at_40_bits() -> None:
    rule = policy()
    batch = routed(rule, Ask(), Ask(), first_sequence=(1 << 40) - 2)
    assert batch.sequence.tolist() == [(1 << 40) - 2, (1 << 40) - 1]
    for first in ((1 << 40) - 1, -1):
        with pytest.raises(UsageError, match="sequence numbers"):
            routed(rule, Ask(), Ask(), first_sequence=first)


def test_an_overflow_segment_needs_a_node_that_is_up() -> None:
    rule = policy(CARRY, fast='breaker = 1\noverflow = "slow"')
    with pytest.raises(MismatchError, match="'fast' overflows to 'slow', but no node of it is up"):
        parameters(rule, nodes("ff"))
    without_nodes = replace(parameters(policy()), exists=[0, 0, 1, 0])
    with pytest.raises(MismatchError, match="'fast' has orders, but no node of it is up"):
        route(policy(), without_nodes, [0] * 4, orders(policy(), Ask()))


def test_the_promise_on_shares_is_kept_or_the_batch_refused() -> None:
    rule = policy("[publish]\nmax_share_percent = 50\n")
    assert routed(rule, *[Ask()] * 4).node.tolist() == [0, 1, 0, 1]
    with pytest.raises(UsageError, match=r"'n0' gets 2 of 3 placed orders; .* at most 50 %"):
        routed(rule, *[Ask()] * 3)


def test_only_placed_orders_count_for_shares() -> None:
    margins = '[[margins]]\nrate = 10000\nkind = "initial"\n[publish]\nmax_share_percent = 50\n'
    batch = routed(policy(margins), Ask(margin=1), Ask(2, 10), Ask(margin=1))
    assert batch.status.tolist() == [PLACED, PLACED, REJECTED]
    assert batch.sequence.tolist() == [0, 2, 1]
