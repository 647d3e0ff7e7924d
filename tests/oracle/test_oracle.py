"""The router against the oracle, and the oracle's two statements of the rule against each other."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import pytest

from tests.oracle import oracle
from tests.oracle.broken import WAYS, broken_outcome
from tests.oracle.documents import comparable, outcome_of, routed
from tests.oracle.following import follow, settled_bundles
from tests.oracle.random_policies import arguments, next_case, numbers, random_case, settled
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


def every_claim(case: dict, right: dict) -> list[dict]:
    """Every way to hold the bundles or spread them over the nodes, followed in turn."""
    policy, nodes = case["policy"], case["nodes"]
    bundles = [bundle for bundle in settled_bundles(case, right) if not bundle["rejected"]]
    leaders = [bundle["rows"][0]["sequence"] for bundle in bundles]
    places = [
        (segment, slot)
        for segment in range(len(policy["segments"]))
        for slot in oracle.eligible(policy, nodes, segment)
    ]
    claims = []
    for chosen in product([None, *places], repeat=len(leaders)):
        fate = dict(zip(leaders, chosen, strict=True))

        def change(bundles: list[dict], fate: dict = fate) -> None:
            for bundle in bundles:
                where = fate.get(bundle["rows"][0]["sequence"])
                bundle["path"] = [] if where is None else [where[0]]

        def choose(bundle: dict, row: dict, keys: dict[int, int], fate: dict = fate) -> int:
            return fate[bundle["rows"][0]["sequence"]][1]

        def never(bundle: dict, segment: int, reasons: set[str]) -> bool:
            return False

        claims.append(follow(case, right, change=change, choose=choose, turned_away=never))
    return claims


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
