"""The router at its limits, its classic special cases, and its speed."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.unit.model.order_samples import sample_orders
from tests.unit.model.test_policy import SMALL
from zkroute.errors import MismatchError, UsageError
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.order import Orders, new_orders
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.batch import RoutedBatch
from zkroute.routing.flow import generate_flow
from zkroute.routing.parameters import NodeParameters, node_parameters
from zkroute.routing.router import order_costs, route


def one_segment(cost: str, key: str = "", widths: str = "") -> Policy:
    text = SMALL[: SMALL.index("[cost]")]
    text += f"[cost]\n{cost}\n[key]\n{key}\n[widths]\n{widths}\n"
    text += '[[segments]]\nname = "all"\n[[routes]]\nsegment = "all"\n'
    return parse_policy(text, "policy.toml")


def nodes(*capacities: int) -> str:
    return "epoch = 1\n" + "".join(
        f'[[nodes]]\nname = "n{number}"\nchain = "c"\ngroup = "g"\ncapacity = {capacity}\n'
        "service_rate = 0\ngas_price = 0\nlatency_ms = 0\nreputation = 0\n"
        for number, capacity in enumerate(capacities)
    )


def parameters(policy: Policy, *capacities: int) -> NodeParameters:
    return node_parameters(policy, parse_snapshot(nodes(*capacities), "nodes.toml"), 0)


def orders(policy: Policy, *amounts: tuple[int, int]) -> Orders:
    columns = sample_orders(len(amounts), columns_only=True)
    columns.size[:] = [size for size, _ in amounts]
    columns.price[:] = [price for _, price in amounts]
    return new_orders(policy, columns)


def routed(policy: Policy, capacities: tuple[int, ...], batch: Orders, *work: int) -> RoutedBatch:
    return route(policy, parameters(policy, *capacities), work or [0] * 4, batch)


def test_unit_cost_and_equal_slopes_are_round_robin() -> None:
    policy = one_segment('kind = "unit"')
    batch = routed(policy, (1, 1, 1), orders(policy, *[(1, 1)] * 7))
    assert batch.node.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert batch.work_out == [3, 2, 2, 0]


def test_slopes_by_capacity_are_weighted_round_robin() -> None:
    policy = one_segment('kind = "unit"', 'slope = "inverse-capacity"\nslope_scale = 6')
    batch = routed(policy, (1, 2, 3), orders(policy, *[(1, 1)] * 60))
    assert np.bincount(batch.node).tolist() == [10, 20, 30]


def test_size_cost_is_least_loaded() -> None:
    policy = one_segment('kind = "size"')
    batch = routed(policy, (1, 1), orders(policy, (9, 1), (2, 1), (3, 1), (5, 1), (1, 1)))
    assert batch.node.tolist() == [0, 1, 1, 1, 0]
    assert batch.composite[:, 0].tolist() == [0, 1, 9, 21, 36]
    assert batch.work_out == [10, 10, 0, 0]


def test_notional_cost_is_rounded_up() -> None:
    policy = one_segment('kind = "notional"\nunit = 10')
    batch = orders(policy, (1, 1), (5, 2), (11, 1), (20, 1))
    assert order_costs(policy, batch).tolist() == [1, 1, 2, 2]


def test_products_beyond_64_bits_are_exact() -> None:
    policy = one_segment('kind = "notional"\nunit = 281474976710656')
    top = (1 << 48) - 1
    assert order_costs(policy, orders(policy, (top, top))).tolist() == [-(-top * top >> 48)]


def test_composites_of_76_bits_come_in_two_words() -> None:
    text = SMALL.replace("slots = 4\n", "slots = 4096\n").replace(
        "[cost]", "[widths]\nkey_bits = 64\n[cost]"
    )
    policy = parse_policy(text.replace("unit = 3", "unit = 1"), "policy.toml")
    both = nodes(1, 1).replace('"c"', '"x"', 1).replace('"n1"', '"n"')
    values = node_parameters(policy, parse_snapshot(both, "nodes.toml"), 0)
    work = [(1 << 64) - 10, 3] + [0] * 4094
    batch = route(policy, values, work, orders(policy, (1, 1), (4, 1)))
    assert batch.segment.tolist() == [0, 0]
    composite = [low + (high << 64) for low, high in batch.composite.tolist()]
    assert composite == [((1 << 64) - 10) * 4096, ((1 << 64) - 9) * 4096]
    assert batch.work_out[:2] == [(1 << 64) - 5, 3]


def test_a_cost_past_its_width_is_refused_by_order() -> None:
    policy = one_segment('kind = "notional"', widths="cost_bits = 8")
    fine = orders(policy, (5, 51))
    assert order_costs(policy, fine).tolist() == [255]
    with pytest.raises(UsageError, match=r"order 2 \(id id-1\) costs 256 by notional.* 2\^8"):
        order_costs(policy, orders(policy, (5, 51), (128, 2), (255, 2)))


def test_a_cost_of_zero_is_refused_by_order() -> None:
    policy = one_segment('kind = "notional"', widths="cost_bits = 8")
    free = one_segment('kind = "unit"')
    batch = orders(free, (5, 0))
    with pytest.raises(UsageError, match=r"order 1 \(id id-0\) costs 0"):
        order_costs(policy, batch)


def test_a_key_past_its_width_is_refused_by_order_and_node() -> None:
    policy = one_segment('kind = "size"', widths="key_bits = 8")
    fits = routed(policy, (1, 1), orders(policy, (200, 1), (255, 1), (55, 1)))
    assert fits.work_out == [255, 255, 0, 0]
    with pytest.raises(UsageError, match=r"order 3 \(id id-2\) takes the key of node 'n0' past 8"):
        routed(policy, (1, 1), orders(policy, (200, 1), (255, 1), (56, 1), (1, 1)))


def test_a_node_that_starts_past_the_width_is_refused() -> None:
    policy = one_segment('kind = "size"', widths="key_bits = 8")
    with pytest.raises(UsageError, match="node 'n1' starts the batch with key 256"):
        routed(policy, (1, 1), orders(policy, (1, 1)), 0, 256, 0, 0)
    routed(policy, (1, 1), orders(policy, (1, 1)), 0, 255, 2**64 - 1, 2**64 - 1)


def test_work_must_be_one_small_number_per_slot() -> None:
    policy = one_segment('kind = "unit"')
    for work in ((0, 0, 0), (0, 0, 0, 0, 0)):
        with pytest.raises(UsageError, match="the chain has 4"):
            routed(policy, (1,), orders(policy, (1, 1)), *work)
    for value in (-1, 1 << 64):
        with pytest.raises(UsageError, match="of slot 3 is not within"):
            routed(policy, (1,), orders(policy, (1, 1)), 0, 0, 0, value)


def test_slots_without_an_eligible_node_keep_their_work() -> None:
    policy = one_segment('kind = "unit"')
    batch = routed(policy, (1,), orders(policy, (1, 1)), 5, 2**64 - 1, 7, 0)
    assert batch.work_in == [5, 2**64 - 1, 7, 0]
    assert batch.work_out == [6, 2**64 - 1, 7, 0]


def test_nothing_to_route() -> None:
    policy = one_segment('kind = "unit"')
    batch = routed(policy, (1,), orders(policy), 3, 0, 0, 0)
    assert len(batch) == 0
    assert batch.composite.shape == (0, 2)
    assert batch.work_out == [3, 0, 0, 0]


def test_orders_checked_against_another_policy_are_refused() -> None:
    policy, other = one_segment('kind = "unit"'), one_segment('kind = "size"')
    with pytest.raises(MismatchError, match="not prepared for policy 'small'"):
        routed(policy, (1,), orders(other, (1, 1)))


def test_65536_orders_over_64_nodes_take_less_than_half_a_second() -> None:
    policy = parse_policy(trades_policy(64), "policy.toml")
    snapshot = parse_snapshot(made_up_nodes(64), "nodes.toml")
    values, flow = node_parameters(policy, snapshot, 0), generate_flow(policy, 65_536)
    best = min(_seconds(policy, values, flow) for _ in range(3))
    assert best < 0.5


def _seconds(policy: Policy, values: NodeParameters, flow: Orders) -> float:
    start = time.perf_counter()
    route(policy, values, [0] * policy.slots, flow)
    return time.perf_counter() - start
