"""Public parameters by hand, and policies and snapshots that do not fit each other."""

from __future__ import annotations

import pytest

from tests.unit.model.test_policy import SMALL
from zkroute.errors import MismatchError, UsageError
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.routing.parameters import MAX_ELAPSED_MS, node_parameters, route_entries

KEY = """\
gas_weight = 3
latency_weight = 5
reputation_weight = 7
max_reputation = 100
slope = "inverse-capacity"
slope_scale = 1000
[queue]
drain = "service-rate"
"""
NODES = """\
epoch = 1
[[nodes]]
name = "a"
chain = "x"
group = "g"
capacity = 300
service_rate = 1001
gas_price = 11
latency_ms = 13
reputation = 90
[[nodes]]
name = "b"
chain = "y"
group = "g"
capacity = 5000
service_rate = 9
gas_price = 0
latency_ms = 0
reputation = 100
status = "down"
[[nodes]]
name = "n"
chain = "z"
group = "g"
capacity = 5000
service_rate = 281474976710655
gas_price = 0
latency_ms = 1
reputation = 0
"""


def policy(**changes: str) -> Policy:
    text = SMALL.replace("gas_weight = 1\n", KEY)
    for old, new in changes.items():
        text = text.replace(old, new)
    return parse_policy(text, "policy.toml")


def snapshot(text: str = NODES) -> Snapshot:
    return parse_snapshot(text, "nodes.toml")


def test_parameters_by_hand() -> None:
    parameters = node_parameters(policy(), snapshot(), 1500)
    assert parameters.names == ["a", "b", "n", ""]
    assert parameters.exists == [1, 0, 1, 0]
    assert parameters.segment == [0, 0, 1, 0]
    assert parameters.base == [3 * 11 + 5 * 13 + 7 * 10, 0, 5 + 700, 0]
    assert parameters.slope == [4, 0, 1, 0]
    assert parameters.drain == [1501, 0, 281474976710655 * 1500 // 1000, 0]


def test_drain_is_capped_where_work_ends() -> None:
    assert node_parameters(policy(), snapshot(), MAX_ELAPSED_MS).drain[2] == 2**52 - 1
    assert node_parameters(policy(), snapshot(), 0).drain == [0, 0, 0, 0]
    calm = parse_policy(SMALL, "policy.toml")
    assert node_parameters(calm, snapshot(), 10_000).drain == [0, 0, 0, 0]
    for elapsed in (-1, MAX_ELAPSED_MS + 1):
        with pytest.raises(UsageError, match="elapsed time"):
            node_parameters(policy(), snapshot(), elapsed)


def test_route_entries_list_every_class_in_order() -> None:
    assert route_entries(policy(), 0) == [
        (0, 0, 0, 0, 0, 7),
        (1, 0, 0, 0, 0, 7),
        (2, 0, 0, 0, 0, 7),
        (3, 0, 0, 0, 1, 0),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "n"', 'name = "m"', "node 'm' .* belongs to no segment"),
        ('chain = "z"', 'chain = "x"', "node 'n' belongs to segments 'one' and 'two'"),
        ("reputation = 90", "reputation = 101", "node 'a' has reputation 101, above"),
        ("gas_price = 11", "gas_price = 281474976710655", None),
        ("latency_ms = 1\n", 'latency_ms = 1\nstatus = "down"\n', "segment 'two', but no node"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, message: str | None) -> None:
    text = NODES.replace(old, new, 1)
    if message is None:
        node_parameters(policy(), snapshot(text), 0)
        return
    with pytest.raises(MismatchError, match=message):
        node_parameters(policy(), snapshot(text), 0)


def test_base_key_and_slope_must_fit_their_widths() -> None:
    high = NODES.replace("gas_price = 11", "gas_price = 281474976710655")
    narrow = policy(**{"[cost]": "[widths]\nkey_bits = 48\n[cost]"})
    with pytest.raises(MismatchError, match=r"node 'a' has base key .* 48 key bits"):
        node_parameters(narrow, snapshot(high), 0)
    steep = policy(**{"slope_scale = 1000": f"slope_scale = {300 << 24}"})
    with pytest.raises(MismatchError, match="node 'a' with capacity 300 has slope 16777216"):
        node_parameters(steep, snapshot(), 0)
    just = policy(**{"slope_scale = 1000": f"slope_scale = {300 * ((1 << 24) - 1)}"})
    assert node_parameters(just, snapshot(), 0).slope[0] == (1 << 24) - 1


def test_a_node_that_is_down_must_still_belong_to_a_segment() -> None:
    with pytest.raises(MismatchError, match=r"node 'b' .* belongs to no segment"):
        node_parameters(policy(), snapshot(NODES.replace('chain = "y"', 'chain = "q"')), 0)


def test_a_segment_nobody_is_routed_to_may_be_empty() -> None:
    text = NODES.replace("latency_ms = 1\n", 'latency_ms = 1\nstatus = "down"\n')
    unused = policy(**{'segment = "two"': 'segment = "one"'})
    assert node_parameters(unused, snapshot(text), 0).exists == [1, 0, 0, 0]


def test_more_nodes_than_slots_are_refused() -> None:
    extra = "".join(
        NODES[NODES.index("[[nodes]]") : NODES.index("[[nodes]]", 20)].replace('"a"', f'"e{i}"')
        for i in range(2)
    )
    with pytest.raises(MismatchError, match="5 nodes, policy 'small' has 4 slots"):
        node_parameters(policy(), snapshot(NODES + extra), 0)
