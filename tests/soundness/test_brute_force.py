"""Every claim a router can make about a small batch: the checker accepts the true one only."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.property.brute_force import expected_routing, random_case
from tests.support.claims import (
    Claim,
    Row,
    Setting,
    claimed_columns,
    follow,
    is_accepted,
    rows_of_orders,
    smallest_key,
)
from tests.support.settings import setting_of_case


def small_case(rng: random.Random, orders: int) -> dict:
    """At most three nodes, so few that every assignment can be tried; keys that often tie."""
    while True:
        case = random_case(rng, max_orders=orders)
        if len(case["nodes"]) <= 3 and len(case["orders"]) == orders:
            break
    case["work"] = [rng.randint(0, 3) for _ in case["work"]]
    if rng.random() < 0.5:  # keys that differ by work alone
        case["policy"] |= {"gas_weight": 0, "latency_weight": 0, "reputation_weight": 0}
    for order in case["orders"]:
        order |= {"size": rng.randint(1, 3), "price": rng.randint(1, 3)}
    return case


def honest_rows(case: dict) -> tuple[Setting, list[Row]]:
    """The rows as two independent routers place them."""
    setting, orders = setting_of_case(case)
    rows = smallest_key(setting, rows_of_orders(setting, orders))
    expected = expected_routing(case)["rows"]
    assert [(row.node, row.priority) for row in rows] == [
        (row["node"], row["priority"]) for row in expected
    ]
    return setting, rows


def accepted(setting: Setting, claim: Claim) -> bool:
    return is_accepted(setting, claimed_columns(setting, claim), len(claim.rows))


def assignments(case: dict, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows with every choice of nodes, eligible or not."""
    for nodes in itertools.product(range(len(case["nodes"])), repeat=len(rows)):
        yield [replace(row, node=node) for row, node in zip(rows, nodes, strict=True)]


def try_every_assignment(case: dict) -> int:
    setting, rows = honest_rows(case)
    tried = 0
    for claimed in assignments(case, rows):
        tried += 1
        assert accepted(setting, follow(setting, claimed)) == (claimed == rows), (case, claimed)
    return tried


def try_every_chain(case: dict) -> int:
    """Every assignment, and every order in which the nodes' work could have come about."""
    setting, rows = honest_rows(case)
    tried = 0
    for claimed in assignments(case, rows):
        seen = set()
        for chain in itertools.permutations(range(len(rows))):
            claim = follow(setting, claimed, chain)
            if claim.rows in seen:  # orders of different nodes commute
                continue
            seen.add(claim.rows)
            tried += 1
            in_row_order = claim == follow(setting, claimed)
            expected = claimed == rows and in_row_order
            assert accepted(setting, claim) == expected, (case, claim)
    return tried


def try_every_row_order(case: dict) -> int:
    """Every order of the rows: within a segment only the true one; segments may change places."""
    setting, rows = honest_rows(case)
    tried = 0
    for order in itertools.permutations(rows):
        for claimed in assignments(case, order):
            tried += 1
            runs = [key for key, _ in itertools.groupby(row.segment for row in claimed)]
            is_true = len(runs) == len(set(runs)) and all(
                [row for row in claimed if row.segment == segment]
                == [row for row in rows if row.segment == segment]
                for segment in runs
            )
            assert accepted(setting, follow(setting, claimed)) == is_true, (case, claimed)
    return tried


def campaign(seed: int, batches: int, wide: int, deep: int, orders: int) -> int:
    """How many claims were tried: assignments, chains and row orders of so many orders each."""
    rng = random.Random(seed)
    tried = 0
    for number in range(batches):
        tried += try_every_assignment(small_case(rng, wide - number % 2))
        tried += try_every_chain(small_case(rng, deep))
        if number % 3 == 0:
            tried += try_every_row_order(small_case(rng, orders))
    return tried


def test_only_the_true_claim_about_50_random_small_batches_is_accepted() -> None:
    assert campaign(seed=1, batches=25, wide=4, deep=3, orders=2) > 1_000


def test_five_orders_on_three_nodes_with_ties() -> None:
    rng = random.Random(4)
    case = small_case(rng, 5)
    while len(case["nodes"]) < 3 or len(case["policy"]["segments"]) > 2:
        case = small_case(rng, 5)
    assert try_every_assignment(case) == 3**5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 22))
def test_only_the_true_claim_about_2100_random_small_batches_is_accepted(seed: int) -> None:
    assert campaign(seed, batches=75, wide=5, deep=4, orders=3) > 10_000
