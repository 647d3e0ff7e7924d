"""The router against a brute-force minimum over all nodes that shares no code with it."""

from __future__ import annotations

import random

import pytest

from tests.property.brute_force import expected_routing, random_case
from tests.property.documents import case_orders, policy_text, snapshot_text
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.batch import RoutedBatch
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route


def routed(case: dict) -> RoutedBatch:
    policy = parse_policy(policy_text(case), "policy.toml")
    snapshot = parse_snapshot(snapshot_text(case), "nodes.toml")
    parameters = node_parameters(policy, snapshot, case["elapsed_ms"])
    return route(policy, parameters, case["work"], case_orders(case, policy))


def as_rows(batch: RoutedBatch) -> list[dict]:
    composite = [low + (high << 64) for low, high in batch.composite.tolist()]
    columns = {
        name: getattr(batch, name).tolist()
        for name in ("source", "segment", "priority", "node", "cost")
    } | {"composite": composite}
    return [{name: values[row] for name, values in columns.items()} for row in range(len(batch))]


def compare(seed: int, count: int) -> None:
    rng = random.Random(seed)
    for number in range(count):
        case = random_case(rng)
        expected, batch = expected_routing(case), routed(case)
        assert as_rows(batch) == expected["rows"], (seed, number)
        assert batch.work_in == expected["work_in"], (seed, number)
        assert batch.work_out == expected["work_out"], (seed, number)


def test_router_is_the_brute_force_minimum_on_300_random_batches() -> None:
    compare(seed=1, count=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_router_is_the_brute_force_minimum_on_10000_random_batches(seed: int) -> None:
    compare(seed, count=1000)
