"""Honest batches over random policies: the checker accepts every one the router makes."""

from __future__ import annotations

import random

import pytest

from tests.circuits.tracing import traced, verdict_of
from tests.oracle.documents import routed
from tests.oracle.random_policies import next_case, random_case, settled


def check_chains(seed: int, count: int) -> int:
    rng = random.Random(seed)
    checked = 0
    while checked < count:
        case = random_case(rng)
        for _ in range(3):
            outcome = settled(case)
            if outcome["refused"]:
                break
            failures = verdict_of(*traced(case, routed(case)))
            assert not failures, f"{case['policy_text']}\n" + "\n".join(map(str, failures[:5]))
            checked += 1
            case = next_case(rng, case, outcome)
    return checked


def test_the_checker_accepts_random_honest_batches() -> None:
    check_chains(seed=11, count=60)


@pytest.mark.slow
def test_the_checker_accepts_10_000_random_honest_batches() -> None:
    check_chains(seed=12, count=10_000)
