"""What the policy says of each order before any is placed: value, margin, shard, route."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkroute.model.order import Indices, Orders, positions_in_bundle
from zkroute.model.policy import Policy
from zkroute.model.policy_risk import INITIAL_MARGIN, MAINTENANCE_MARGIN, NO_MARGIN
from zkroute.model.policy_table import combination_counts
from zkroute.routing.parameters import route_entries

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Judgement:
    """Per order, in the order given. `primary` and `priority` are by the route of its leader.

    `is_rejected` marks all orders of a bundle in which one is short of its initial margin.
    """

    is_high: Flags
    is_short: Flags
    in_liquidation: Flags
    shard: Indices
    is_rejected: Flags
    primary: Indices
    priority: Indices


def judge(policy: Policy, orders: Orders, gas_level: int) -> Judgement:
    """The judgement on every order; `orders` must be whole bundles checked against `policy`."""
    is_high = _high_values(policy, orders)
    margin_rules = np.array(policy.margin_rules, dtype=np.int64)[orders.class_index]
    rate, kind = margin_rules[:, 0], margin_rules[:, 1]
    is_short = _short_of_margin(policy, orders, rate, kind)
    in_liquidation = is_short & (kind == MAINTENANCE_MARGIN)
    shard = _shards(policy, orders)
    high_count, margin_count, shards = combination_counts(policy)
    combination = orders.class_index * high_count + is_high
    combination = (combination * margin_count + in_liquidation) * shards + shard
    leader = np.arange(len(orders)) - positions_in_bundle(orders.is_leg)
    entries = np.array(route_entries(policy, gas_level), dtype=np.int64)
    listed = entries[:, 0] * high_count + entries[:, 1]
    listed = (listed * margin_count + entries[:, 2]) * shards + entries[:, 3]
    entry = np.searchsorted(listed, combination)[leader]
    return Judgement(
        is_high=is_high,
        is_short=is_short,
        in_liquidation=in_liquidation,
        shard=shard,
        is_rejected=_any_of_bundle(is_short & (kind == INITIAL_MARGIN), leader),
        primary=entries[entry, 4],
        priority=entries[entry, 5],
    )


def _any_of_bundle(flags: Flags, leader: Indices) -> Flags:
    """Whether any order of the bundle has its flag set, for every order."""
    marked = np.zeros(len(flags), dtype=np.bool_)
    marked[leader[flags]] = True
    return marked[leader]


def _high_values(policy: Policy, orders: Orders) -> Flags:
    threshold = policy.risk.high_value_notional
    if threshold is None:
        return np.zeros(len(orders), dtype=np.bool_)
    pairs = zip(orders.size.tolist(), orders.price.tolist(), strict=True)
    return np.array([size * price >= threshold for size, price in pairs], dtype=np.bool_)


def _short_of_margin(policy: Policy, orders: Orders, rate: Indices, kind: Indices) -> Flags:
    """Whether margin < notional * rate / rate_scale, in exact integers."""
    is_short = np.zeros(len(orders), dtype=np.bool_)
    ruled = np.flatnonzero(kind != NO_MARGIN)
    if not len(ruled):
        return is_short
    a, b = policy.margin_factors
    rows = zip(
        orders.size[ruled].tolist(),
        orders.price[ruled].tolist(),
        orders.margin[ruled, 0].tolist(),
        orders.margin[ruled, 1].tolist(),
        rate[ruled].tolist(),
        strict=True,
    )
    is_short[ruled] = [
        ((high << 64) + low) * a < size * price * share * b
        for size, price, low, high, share in rows
    ]
    return is_short


def _shards(policy: Policy, orders: Orders) -> Indices:
    rule = policy.sharding
    if rule is None:
        return np.zeros(len(orders), dtype=np.int64)
    a, b, p, shards = rule.a, rule.b, rule.p, rule.shards
    values = [(a * account + b) % p % shards for account in orders.account.tolist()]
    return np.array(values, dtype=np.int64)
