"""What a policy makes of the nodes of a snapshot, and what of it is probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkroute.model.policy import Policy
from zkroute.model.policy_review import Problem
from zkroute.model.snapshot import Snapshot
from zkroute.routing.parameters import NodeParameters, node_parameters

COARSE_PERCENT = 5
"""How far rounding may take a slope from its capacity before it is worth a remark."""


@dataclass(frozen=True)
class NodeRow:
    """Derived numbers of one node.

    `segment` is "" and numbers are 0 for a node that is down. `share_percent`: its share of its
    segment's cost in the long run, while no work drains. `drain_per_second` in cost units.
    """

    slot: int
    name: str
    segment: str
    base: int
    slope: int
    share_percent: float
    drain_per_second: int


def node_rows(policy: Policy, snapshot: Snapshot) -> list[NodeRow]:
    """The derived numbers of every node, in slot order.

    Raises MismatchError where policy and snapshot do not fit.
    """
    parameters = node_parameters(policy, snapshot, 1000)
    pace = [
        1 / slope if exists else 0.0
        for slope, exists in zip(parameters.slope, parameters.exists, strict=True)
    ]
    total = [0.0] * len(policy.segments)
    for slot, segment in enumerate(parameters.segment):
        total[segment] += pace[slot]
    return [
        NodeRow(
            slot=slot,
            name=node.name,
            segment=policy.segments[parameters.segment[slot]].name if node.is_up else "",
            base=parameters.base[slot],
            slope=parameters.slope[slot],
            share_percent=100 * pace[slot] / total[parameters.segment[slot]] if node.is_up else 0.0,
            drain_per_second=parameters.drain[slot],
        )
        for slot, node in enumerate(snapshot.nodes)
    ]


def node_problems(policy: Policy, snapshot: Snapshot) -> list[Problem]:
    """What the policy says without effect for these nodes.

    Raises MismatchError where policy and snapshot do not fit.
    """
    parameters = node_parameters(policy, snapshot, 0)
    remarks = [
        *_flat_slopes(policy, snapshot),
        *_closed_segments(policy, parameters),
        *_impossible_shares(policy, parameters),
    ]
    return [Problem(None, message) for message in remarks]


def _flat_slopes(policy: Policy, snapshot: Snapshot) -> Iterator[str]:
    """Slopes that would be zero, or too coarse, before rounding up."""
    if policy.key.slope != "inverse-capacity":
        return
    scale = policy.key.slope_scale
    for node in snapshot.nodes:
        exact = scale / node.capacity
        slope = max(1, -(-scale // node.capacity))
        if exact < 1:
            yield (
                f"the slope of node {node.name!r} would be {exact:.3g}, so nearly zero, and is "
                f"raised to 1: its capacity {node.capacity:,} counts as {scale:,}; make "
                "slope_scale larger than every capacity"
            )
        elif 100 * (slope - exact) > COARSE_PERCENT * exact:
            yield (
                f"the slope of node {node.name!r} is {slope}, rounded up from {exact:.3g}: it gets "
                f"{100 - 100 * exact / slope:.0f} % less than its capacity says; a larger "
                "slope_scale is more exact"
            )


def _closed_segments(policy: Policy, parameters: NodeParameters) -> Iterator[str]:
    for index, segment in enumerate(policy.segments):
        bases = [
            base
            for base, exists, own in zip(
                parameters.base, parameters.exists, parameters.segment, strict=True
            )
            if exists and own == index
        ]
        if segment.saturation and bases and min(bases) >= segment.saturation:
            yield (
                f"segment {segment.name!r} is closed from the start: its saturation "
                f"{segment.saturation:,} is not above the base key of any node "
                f"(the lowest is {min(bases):,})"
            )


def _impossible_shares(policy: Policy, parameters: NodeParameters) -> Iterator[str]:
    percent, live = policy.publish.max_share_percent, sum(parameters.exists)
    if percent is not None and percent * live < 100:
        yield (
            f"no batch can keep max_share_percent = {percent}: with {live} nodes up, one of them "
            f"gets at least {100 / live:.1f} %"
        )
