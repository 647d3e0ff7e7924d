"""The gallery of policies: valid, without remarks, listed, and doing what their page says."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.support.shared import ROOT, shared_path
from zkroute.model.examples import made_up_nodes
from zkroute.model.order import Orders, read_trades
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.policy_review import policy_problems
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.routing.batch import HELD, PLACED, REJECTED, RoutedBatch
from zkroute.routing.flow import generate_flow
from zkroute.routing.node_review import node_problems
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

GALLERY = ROOT / "docs" / "policies"
NAMES = sorted(path.stem for path in GALLERY.glob("*.toml"))
NODES = parse_snapshot(made_up_nodes(16), "nodes.toml")


@cache
def gallery_policy(name: str) -> Policy:
    path = GALLERY / f"{name}.toml"
    return parse_policy(path.read_text(encoding="utf-8"), path.name)


def routed(name: str, count: int = 2000, snapshot: Snapshot = NODES) -> RoutedBatch:
    policy = gallery_policy(name)
    return _route(policy, generate_flow(policy, count), snapshot)


def _route(policy: Policy, orders: Orders, snapshot: Snapshot = NODES) -> RoutedBatch:
    return route(policy, node_parameters(policy, snapshot, 0), [0] * policy.slots, orders)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_used_as_it_is_and_listed(name: str) -> None:
    policy = gallery_policy(name)
    assert policy_problems(policy, {}) == []
    assert all("rounded up" in each.message for each in node_problems(policy, NODES))
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert f"| [{name}]({name}.toml) |" in page
    assert policy.chain == name


@pytest.mark.parametrize("name", NAMES)
def test_each_routes_real_trades(name: str) -> None:
    path: Path = shared_path("data", "binance_trades_normalised.csv.gz")
    policy = gallery_policy(name)
    orders = read_trades(path, policy, count=4096, skip_unlisted=True)
    batch = _route(policy, orders)
    assert len(batch) == 4096
    assert (batch.status == PLACED).sum() > 2000


def test_there_are_eight() -> None:
    assert len(NAMES) == 8


def test_round_robin_is_even() -> None:
    assert np.bincount(routed("round-robin").node).tolist() == [125] * 16


def test_stake_decides_the_counts() -> None:
    counts = np.bincount(routed("stake-weighted", 20_000).node, minlength=16)
    stake = np.array([node.capacity for node in NODES.nodes])
    assert np.abs(counts - 20_000 * stake / stake.sum()).max() < 3


def test_the_shortest_queue_stays_close_to_the_longest() -> None:
    batch = routed("join-shortest-queue")
    assert max(batch.work_out) - min(batch.work_out) <= int(batch.cost.max())


def test_economy_orders_leave_the_fast_nodes_while_gas_is_dear() -> None:
    dear = parse_snapshot("gas_price = 25\n" + made_up_nodes(16), "nodes.toml")
    for snapshot, expected in ((NODES, {0}), (dear, {1})):
        batch = routed("gas-and-latency-aware", snapshot=snapshot)
        economy = batch.orders.class_index % 2 == 0
        assert set(batch.segment[economy].tolist()) == expected
        assert set(batch.segment[~economy].tolist()) == {0}


def test_tiers_and_large_orders_get_their_nodes() -> None:
    batch = routed("institutional-retail-tiers")
    leads = batch.leg == 0
    institutional = leads & (batch.orders.class_index // 4 == 1)
    assert set(batch.segment[institutional].tolist()) == {0}
    assert set(batch.segment[leads & ~institutional & (batch.high == 1)].tolist()) <= {0}
    assert set(batch.segment[leads & ~institutional & (batch.high == 0)].tolist()) == {1}
    assert batch.leg.sum() > 0


def test_an_account_stays_in_its_shard() -> None:
    batch = routed("sharded-perpetuals")
    perpetual = batch.orders.class_index < 2
    assert set(batch.segment[~perpetual].tolist()) == {2}
    seen: dict[int, int] = {}
    accounts = batch.orders.account[perpetual].tolist()
    for account, segment in zip(accounts, batch.segment[perpetual].tolist(), strict=True):
        assert seen.setdefault(account, segment) == segment
    assert set(seen.values()) == {0, 1}


def test_liquidations_go_first_and_poor_openings_nowhere() -> None:
    batch = routed("liquidation-first")
    assert (batch.status[batch.liquidation == 1] == PLACED).all()
    fast = batch.segment == 0
    assert (np.diff(batch.priority[fast]) >= 0).all()
    assert set(batch.liquidation[fast & (batch.priority == 0)].tolist()) == {1}
    opening = batch.orders.class_index < 4
    assert ((batch.status == REJECTED) == (opening & (batch.short == 1))).all()
    assert (batch.status == REJECTED).any()


def test_the_breaker_stops_the_fast_nodes() -> None:
    batch = routed("volatility-breaker", 1000)
    end = batch.closing[0]
    assert end.closed_by_breaker
    assert end.cumulative_before_leader < 250_000 <= end.cumulative
    assert ((batch.primary == 0) & (batch.segment == 1)).any()
    assert batch.closing[1].closed_by_breaker == bool((batch.status == HELD).any())
