"""The circuit's checker against the oracle: right outcomes pass, and each broken rule is named."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.oracle.broken import broken_outcome
from tests.oracle.circuit_names import CONSEQUENCES, NAMED_BY, broken_names
from tests.oracle.claim_traces import can_be_said, judged_by_circuit, public_side
from tests.oracle.following import every_claim
from tests.oracle.random_policies import next_case, random_case, settled
from tests.oracle.verdict import RULES


def check_right_outcomes(seed: int, count: int) -> None:
    """At least `count` outcomes of the oracle, in chains of up to three, are accepted."""
    rng, done = random.Random(seed), 0
    while done < count:
        case = random_case(rng)
        for _ in range(3):
            outcome = settled(case)
            if outcome["refused"]:
                break
            failures = judged_by_circuit(case, outcome)
            assert not failures, f"{case['policy_text']}\n" + "\n".join(map(str, failures[:5]))
            done += 1
            case = next_case(rng, case, outcome)


def check_broken_outcomes(seed: int, times: int) -> None:
    """Every rule is broken so often, and the checker names it each time."""
    rng, met = random.Random(seed), Counter[str]()
    while left := [rule for rule in RULES if met[rule] < times]:
        case = random_case(rng)
        for rule in left:
            claim = broken_outcome(rule, case, rng)
            if claim is None:
                continue
            circuit, _ = public_side(case, claim)
            if can_be_said(circuit, settled(case), claim):
                found = broken_names(case, claim)
                assert found & NAMED_BY[rule], (rule, claim["way"], found)
                assert found <= NAMED_BY[rule] | CONSEQUENCES[rule], (rule, claim["way"], found)
                met[rule] += 1


def test_right_outcomes_are_accepted() -> None:
    check_right_outcomes(seed=1, count=20)


def test_each_broken_rule_is_named() -> None:
    check_broken_outcomes(seed=2, times=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 30))
def test_10000_batches_half_of_them_broken_by_one_rule(seed: int) -> None:
    check_right_outcomes(seed, count=500)
    check_broken_outcomes(seed, times=32)


def check_every_claim(seed: int, batches: int, most_orders: int) -> None:
    """Of all ways to spread or hold a batch's bundles the checker accepts the right one alone."""
    rng, done = random.Random(seed), 0
    features = {"bundles", "overflow", "saturation", "breaker"}
    while done < batches:
        case = random_case(rng, features, orders=most_orders) | {"carried": []}
        right = settled(case)
        if right["refused"] or len(case["orders"]) < most_orders:
            continue
        claims = [claim for claim in every_claim(case, right) if not claim["refused"]]
        circuit, _ = public_side(case, right)
        if len(claims) > 300:
            continue
        wrong = [claim for claim in claims if can_be_said(circuit, right, claim)]
        assert right in claims
        assert not judged_by_circuit(case, right)
        assert all(judged_by_circuit(case, claim) for claim in wrong)
        done += 1


def test_of_all_claims_about_a_small_batch_the_checker_accepts_the_right_one() -> None:
    check_every_claim(seed=1, batches=1, most_orders=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_of_all_claims_about_larger_batches_the_checker_accepts_the_right_one(seed: int) -> None:
    check_every_claim(seed, batches=5, most_orders=4)
