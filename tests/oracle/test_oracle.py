"""The router against the oracle, and the oracle's two statements of the rule against each other."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from tests.oracle import oracle
from tests.oracle.broken import WAYS, broken_outcome
from tests.oracle.documents import comparable, outcome_of, routed
from tests.oracle.following import every_claim
from tests.oracle.random_policies import arguments, next_case, numbers, random_case, settled
from tests.oracle.toml_text import snapshot_toml, toml
from tests.oracle.verdict import RULES, verdict
from zkroute.errors import UsageError


def judged(case: dict, claim: dict) -> list[str]:
    return verdict(*arguments(case), claim, **numbers(case))


def compare_with_router(case: dict) -> dict | None:
    """Both settle the case alike, or both refuse it."""
    expected = settled(case)
    if expected["refused"]:
        with pytest.raises(UsageError):
            routed(case)
        return None
    assert outcome_of(routed(case)) == comparable(case, expected)
    return expected


def compare_chains(seed: int, count: int) -> Counter[str]:
    """At least `count` batches: chains of up to three, each over a random policy."""
    rng, met = random.Random(seed), Counter[str]()
    while met["batches"] < count:
        case = random_case(rng)
        for _ in range(3):
            outcome = compare_with_router(case)
            met["batches"] += 1
            if outcome is None:
                met["refused"] += 1
                break
            met.update(row["status"] for row in outcome["rows"])
            met["overflowed"] += sum(
                row["status"] == oracle.PLACED and row["segment"] != row["primary"]
                for row in outcome["rows"]
            )
            case = next_case(rng, case, outcome)
    return met


def test_router_agrees_with_the_oracle_on_200_random_batches() -> None:
    met = compare_chains(seed=1, count=200)
    assert min(met[each] for each in ("placed", "held", "rejected", "overflowed", "refused")) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_router_agrees_with_the_oracle_on_10000_random_batches(seed: int) -> None:
    compare_chains(seed, count=1000)


def one_node_case(count: int, **changes: Any) -> dict:
    """`count` equal orders for one node whose key grows by 1 with each, from 200."""
    policy = {
        "name": "limits",
        "chain": "test",
        "slots": 4,
        "classes": {dimension: ["any"] for dimension in oracle.DIMENSIONS.values()},
        "key": {"gas_weight": 1},
        "segments": [{"name": "all", "nodes": {}}],
        "routes": [{"segment": "all"}],
    } | changes
    node = {"name": "one", "chain": "c", "group": "g", "capacity": 1, "service_rate": 0}
    node |= {"gas_price": 200, "latency_ms": 0, "reputation": 0}
    order = dict.fromkeys(oracle.DIMENSIONS, "any") | {"leg": False}
    order |= {"account": 0, "size": 1, "price": 1, "margin": 0}
    return {
        "policy": policy,
        "policy_text": toml(policy),
        "nodes": [node],
        "snapshot_text": snapshot_toml([node], 0),
        "gas_price": 0,
        "elapsed_ms": 0,
        "work_before": [0] * 4,
        "carried": [],
        "first_sequence": 0,
        "orders": [dict(order) for _ in range(count)],
    }


BREAKER = {"name": "all", "nodes": {}, "breaker": 3}


@pytest.mark.parametrize(
    ("most", "reason", "changes"),
    [
        (55, "key", {"widths": {"key_bits": 8}}),
        (19, "carry", {"segments": [BREAKER], "queue": {"carry": 16}}),
        (0, "share", {"publish": {"max_share_percent": 99}}),
    ],
)
def test_limits_are_kept_up_to_the_last_order(most: int, reason: str, changes: dict) -> None:
    assert compare_with_router(one_node_case(most, **changes)) is not None
    too_many = one_node_case(most + 1, **changes)
    assert settled(too_many)["refused"] == [reason]
    assert compare_with_router(too_many) is None


def test_no_node_drains_more_than_the_largest_key() -> None:
    rule = {"queue": {"drain": "service-rate"}, "widths": {"key_bits": 9}}
    case = one_node_case(1, **rule) | {"elapsed_ms": 60_000, "work_before": [600, 0, 0, 0]}
    case["nodes"][0]["service_rate"] = 1_000
    case["snapshot_text"] = snapshot_toml(case["nodes"], 0)
    outcome = compare_with_router(case)
    assert outcome is not None
    assert outcome["work_in"] == [600 - 511, 0, 0, 0]


def test_the_two_statements_of_the_rule_agree() -> None:
    rng = random.Random(2)
    for number in range(200):
        case = random_case(rng)
        outcome = settled(case)
        if "carry" not in outcome["refused"]:
            assert judged(case, outcome) == [], number


def break_each_rule(seed: int, times: int) -> Counter[str]:
    """Every rule is broken so often, each time named, and named alone; returns ways met."""
    rng, met, ways = random.Random(seed), Counter[str](), Counter[str]()
    while left := [rule for rule in RULES if met[rule] < times]:
        case = random_case(rng)
        for rule in left:
            claim = broken_outcome(rule, case, rng)
            if claim is not None:
                assert judged(case, claim) == [rule], claim["way"]
                met[rule] += 1
                ways[claim["way"]] += 1
    return ways


def test_each_way_to_break_a_rule_is_named() -> None:
    assert set(WAYS) == set(RULES)
    ways = break_each_rule(seed=3, times=40)
    assert set(ways) == {way.__name__ for ways in WAYS.values() for way in ways}


@pytest.mark.slow
def test_each_rule_broken_1000_times_is_named() -> None:
    break_each_rule(seed=4, times=1000)


@pytest.mark.parametrize("seed", range(4))
def test_of_all_claims_about_a_small_batch_the_verdict_accepts_the_right_one(seed: int) -> None:
    rng, done = random.Random(seed), 0
    while done < 3:
        case = random_case(rng, {"bundles", "overflow", "saturation", "breaker"}, orders=4)
        case |= {"carried": [], "policy": case["policy"] | {"slots": 4}}
        case["nodes"], case["work_before"] = case["nodes"][:4], case["work_before"][:4]
        right = settled(case)
        if right["refused"] or len(case["orders"]) < 3:
            continue
        accepted = [claim for claim in every_claim(case, right) if judged(case, claim) == []]
        assert accepted == [right]
        done += 1
