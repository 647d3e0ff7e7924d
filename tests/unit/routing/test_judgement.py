"""What decides an order's route: margins, notional, shard, fee class, gas level, forecast."""

from __future__ import annotations

import pytest

from tests.unit.routing.rule_samples import Ask, nodes, orders, parameters, policy, routed
from zkroute.errors import UsageError
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.batch import PLACED, REJECTED
from zkroute.routing.judgement import judge
from zkroute.routing.parameters import route_entries

INITIAL = '[[margins]]\nmatch = { intent = ["open"] }\nrate = 333\nkind = "initial"\n'
MAINTENANCE = '[[margins]]\nrate = 1000\nkind = "maintenance"\n'
LIQUIDATION_FIRST = (
    '[[routes]]\nmatch = { margin = "liquidation" }\nsegment = "slow"\n'
    '[[routes]]\nsegment = "fast"\npriority = 1\n'
)


def test_margin_is_compared_exactly_across_decimals() -> None:
    # notional has 2 decimals, margin 1: short iff margin / 10 < size * price / 100 * rate / 10000
    rule = policy(INITIAL + MAINTENANCE)
    assert rule.margin_rules == ((333, 1), (333, 1), (1000, 2), (1000, 2))
    assert rule.margin_factors == (10_000 * 100 // 10, 1)
    exact = [Ask(100, 1000, 333), Ask(100, 1000, 332), Ask(100, 1000, 334)]
    verdict = judge(rule, orders(rule, *exact, Ask(100, 1000, 999, 1), Ask(100, 1000, 1000, 1)), 0)
    assert verdict.is_short.tolist() == [False, True, False, True, False]
    assert verdict.in_liquidation.tolist() == [False, False, False, True, False]
    assert verdict.is_rejected.tolist() == [False, True, False, False, False]


def test_a_required_margin_is_rounded_up() -> None:
    rule = policy(MAINTENANCE)
    # notional 3 * 7 = 21 in hundredths: a tenth of it is 0.021, which 0 does not reach and 1 does
    verdict = judge(rule, orders(rule, Ask(3, 7, 0), Ask(3, 7, 1)), 0)
    assert verdict.is_short.tolist() == [True, False]


def test_an_order_short_of_initial_margin_rejects_its_bundle_only() -> None:
    rule = policy(INITIAL, top="bundles = true")
    rich = 10**6
    asks = [
        Ask(5, 9, rich),
        Ask(5, 9, 0),
        Ask(5, 9, rich, leg=True),
        Ask(5, 9, rich),
        Ask(5, 9, 0, leg=True),
        Ask(5, 9, rich, leg=True),
        Ask(5, 9, 0, intent=1),
    ]
    batch = routed(rule, *asks)
    assert batch.sequence.tolist() == [0, 6, 1, 2, 3, 4, 5]
    assert batch.status.tolist() == [PLACED] * 2 + [REJECTED] * 5
    assert batch.segment.tolist() == [0, 0, 3, 3, 3, 3, 3]
    assert batch.short.tolist() == [0, 0, 1, 0, 0, 1, 0]
    assert batch.leg.tolist() == [0, 0, 0, 1, 0, 1, 1]
    assert batch.work_out == [5, 5, 0, 0]
    assert len(batch.held()) == 0


def test_liquidation_decides_the_route_of_a_leader_but_not_of_a_leg() -> None:
    rule = policy(MAINTENANCE, routes=LIQUIDATION_FIRST, top="bundles = true")
    rich = 10**6
    asks = [Ask(5, 9, rich), Ask(5, 9, 0, leg=True), Ask(5, 9, 0), Ask(5, 9, rich, leg=True)]
    batch = routed(rule, *asks)
    assert batch.segment.tolist() == [0, 0, 1, 1]
    assert batch.liquidation.tolist() == [0, 1, 1, 0]
    assert batch.priority.tolist() == [1, 1, 0, 0]


def test_high_value_begins_at_the_threshold() -> None:
    routes = '[[routes]]\nmatch = { value = "high" }\nsegment = "slow"\n' + (
        '[[routes]]\nmatch = { value = "normal" }\nsegment = "fast"\n'
    )
    rule = policy("[risk]\nhigh_value_notional = 100\n", routes=routes)
    batch = routed(rule, Ask(9, 11), Ask(10, 10), Ask((1 << 48) - 1, (1 << 48) - 1))
    assert batch.high.tolist() == [0, 1, 1]
    assert batch.segment.tolist() == [0, 1, 1]


def test_shards_follow_the_universal_hash() -> None:
    routes = '[[routes]]\nmatch = { shard = [0, 2] }\nsegment = "slow"\n' + (
        '[[routes]]\nsegment = "fast"\n'
    )
    a, b, p = 3_141_592_653_589, 2_718_281, (1 << 61) - 1
    rule = policy(f"[sharding]\na = {a}\nb = {b}\nshards = 3\n", routes=routes)
    accounts = [0, 1, 2, 77, 2**64 - 1, 2**61 - 1, 12345678901234567890]
    batch = routed(rule, *[Ask(account=account) for account in accounts])
    expected = {account: (a * account + b) % p % 3 for account in accounts}
    assert set(expected.values()) == {0, 1, 2}
    for account, shard, segment in zip(
        batch.orders.account.tolist(), batch.shard.tolist(), batch.segment.tolist(), strict=True
    ):
        assert shard == expected[account]
        assert segment == (1 if shard in (0, 2) else 0)


def test_fee_class_and_gas_level_decide_together() -> None:
    routes = (
        '[[routes]]\nmatch = { fee_class = ["low"], gas_level = [1, 2] }\nsegment = "slow"\n'
        '[[routes]]\nsegment = "fast"\n'
    )
    rule = policy("[gas]\nlevels = [10, 20]\n", routes=routes)
    for gas_price, level, segments in ((9, 0, [0, 0]), (10, 1, [0, 1]), (25, 2, [0, 1])):
        text = nodes(gas_price=gas_price)
        assert rule.gas_level(parse_snapshot(text, "n")) == level
        assert parameters(rule, text).gas_level == level
        batch = routed(rule, Ask(fee=0), Ask(fee=1), snapshot=text)
        assert batch.segment.tolist() == segments
    assert [entry[4] for entry in route_entries(rule, 1)] == [1, 0, 1, 0]
    with pytest.raises(UsageError, match="no gas level 3"):
        route_entries(rule, 3)


def test_forecasts_shift_the_base_key() -> None:
    rule = policy("[key]\nforecast_weight = 5\n")
    assert parameters(rule, nodes(forecast=2)).base == [10, 20, 30, 0]
    assert parameters(policy(), nodes(forecast=2)).base == [0, 0, 0, 0]


def test_route_entries_list_what_can_occur_and_nothing_else() -> None:
    tables = (
        INITIAL
        + '[[margins]]\nmatch = { fee_class = ["high"] }\nrate = 1\nkind = "maintenance"\n'
        + "[risk]\nhigh_value_notional = 5\n[sharding]\na = 1\nb = 0\nshards = 2\n"
    )
    routes = '[[routes]]\nmatch = { shard = [1] }\nsegment = "slow"\npriority = 9\n' + ALL_ELSE
    entries = route_entries(policy(tables, routes=routes), 0)
    combinations = [entry[:4] for entry in entries]
    assert combinations == sorted(set(combinations))
    # classes open/low, open/high, close/low have no maintenance margin, close/high has
    assert len(entries) == 3 * 4 + 8
    assert {entry[0] for entry in entries if entry[2]} == {3}
    assert all(entry[4:] == ((1, 9) if entry[3] else (0, 4)) for entry in entries)


ALL_ELSE = '[[routes]]\nsegment = "fast"\npriority = 4\n'
