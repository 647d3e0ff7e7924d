"""The example documents fit each other and the readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkroute.model.examples import (
    EXAMPLE_NODES,
    EXAMPLE_POLICY,
    example_orders_csv,
    made_up_nodes,
    trades_policy,
)
from zkroute.model.order import read_orders
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route


def test_example_policy_nodes_and_orders_go_together(tmp_path: Path) -> None:
    policy = parse_policy(EXAMPLE_POLICY, "policy.toml")
    snapshot = parse_snapshot(EXAMPLE_NODES, "nodes.toml")
    path = tmp_path / "orders.csv"
    path.write_text(example_orders_csv(500))
    orders = read_orders(path, policy)
    batch = route(policy, node_parameters(policy, snapshot, 1000), [0] * policy.slots, orders)
    assert len(batch) == 500
    assert set(batch.segment.tolist()) == {0, 1}
    assert set(batch.priority.tolist()) == {0, 1, 2}
    assert set(batch.node.tolist()) == {0, 1, 2, 3, 4, 5, 7}


def test_example_orders_are_the_same_every_time() -> None:
    assert example_orders_csv(50) == example_orders_csv(50)
    assert example_orders_csv(100).startswith(example_orders_csv(50))


@pytest.mark.parametrize("count", [2, 3, 16, 64, 1000, 4096])
def test_made_up_nodes_fit_the_trades_policy(count: int) -> None:
    policy = parse_policy(trades_policy(count), "policy.toml")
    parameters = node_parameters(policy, parse_snapshot(made_up_nodes(count), "nodes.toml"), 0)
    assert policy.slots >= count
    assert sum(parameters.exists) == count
