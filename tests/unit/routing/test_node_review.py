"""The per-node table of a policy, and remarks on how it fits the nodes."""

from __future__ import annotations

import pytest

from tests.unit.routing.rule_samples import nodes, policy
from zkroute.errors import MismatchError
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.routing.node_review import node_problems, node_rows

BY_CAPACITY = '[key]\nlatency_weight = 3\nslope = "inverse-capacity"\nslope_scale = 100\n'


def snapshot(*capacities: int, latency: int = 7) -> Snapshot:
    text = nodes("ffs").replace("latency_ms = 0", f"latency_ms = {latency}")
    for capacity in capacities:
        text = text.replace("capacity = 1\n", f"capacity = {capacity}\n", 1)
    return parse_snapshot(text.replace("service_rate = 0", "service_rate = 9"), "nodes.toml")


def test_derived_numbers_of_every_node() -> None:
    rule = policy(BY_CAPACITY + '[queue]\ndrain = "service-rate"\n')
    rows = node_rows(rule, snapshot(50, 10, 100))
    assert [(row.slot, row.name, row.segment) for row in rows] == [
        (0, "n0", "fast"),
        (1, "n1", "fast"),
        (2, "n2", "slow"),
    ]
    assert [(row.base, row.slope, row.drain_per_second) for row in rows] == [
        (21, 2, 9),
        (21, 10, 9),
        (21, 1, 9),
    ]
    assert [round(row.share_percent, 3) for row in rows] == [83.333, 16.667, 100.0]
    assert node_problems(rule, snapshot(50, 10, 100)) == []


def test_a_node_that_is_down_has_no_numbers() -> None:
    text = nodes("ffs").replace('name = "n1"', 'name = "n1"\nstatus = "down"')
    row = node_rows(policy(), parse_snapshot(text, "nodes.toml"))[1]
    assert (row.segment, row.base, row.slope, row.share_percent) == ("", 0, 0, 0.0)


def test_slopes_that_would_be_zero_or_coarse_are_explained() -> None:
    messages = [each.message for each in node_problems(policy(BY_CAPACITY), snapshot(400, 70, 50))]
    assert len(messages) == 2
    assert "node 'n0' would be 0.25, so nearly zero, and is raised to 1" in messages[0]
    assert "node 'n1' is 2, rounded up from 1.43: it gets 29 % less" in messages[1]
    assert node_problems(policy(), snapshot(400, 70, 50)) == []


def test_a_segment_closed_by_its_base_keys_is_explained() -> None:
    rule = policy("[key]\nlatency_weight = 3\n[queue]\ncarry = 16\n", fast="saturation = 21")
    (problem,) = node_problems(rule, snapshot(1, 1, 1))
    assert "'fast' is closed from the start: its saturation 21 is not above" in problem.message
    assert node_problems(rule, snapshot(1, 1, 1, latency=6)) == []


def test_a_promise_no_batch_can_keep_is_explained() -> None:
    rule = policy("[publish]\nmax_share_percent = 33\n")
    (problem,) = node_problems(rule, snapshot(1, 1, 1))
    assert "with 3 nodes up, one of them gets at least 33.3 %" in problem.message


def test_nodes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(MismatchError, match="belongs to no segment"):
        node_rows(policy(), parse_snapshot(nodes("fx"), "nodes.toml"))
