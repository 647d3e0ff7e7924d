"""Public integers that policy and snapshot give each node slot and each order class."""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.errors import MismatchError, UsageError
from zkroute.model.policy import Policy
from zkroute.model.policy_parts import KeyRule
from zkroute.model.snapshot import Node, Snapshot

SLOPE_BITS = 24
WORK_LIMIT = 1 << 64
MAX_ELAPSED_MS = (1 << 40) - 1


@dataclass(frozen=True)
class NodeParameters:
    """Per slot, in slot order, lists as long as the policy's `slots`.

    `exists` is 1 where an eligible node (present and up) stands, else 0. `segment`, `base`,
    `slope` and `drain` are that node's and 0 elsewhere: a node that is down serves nothing, so
    its work neither grows nor drains. `names` holds "" for slots without a node.
    base < 2^key_bits, 1 <= slope < 2^24, drain < 2^64.
    """

    exists: list[int]
    segment: list[int]
    base: list[int]
    slope: list[int]
    drain: list[int]
    names: list[str]


def node_parameters(policy: Policy, snapshot: Snapshot, elapsed_ms: int) -> NodeParameters:
    """Parameters of every slot for a batch that starts `elapsed_ms` after the one before it.

    drain_j = service_rate_j * elapsed_ms // 1000 where the policy lets work drain, at most
    2^64 - 1 (work is smaller than that, so nothing is lost by the cap).

    Raises MismatchError naming node or segment where policy and snapshot do not fit;
    UsageError for an elapsed time out of range.
    """
    if not 0 <= elapsed_ms <= MAX_ELAPSED_MS:
        raise UsageError(f"elapsed time must be 0 to {MAX_ELAPSED_MS} ms, not {elapsed_ms}")
    if len(snapshot.nodes) > policy.slots:
        raise MismatchError(
            f"the snapshot has {len(snapshot.nodes)} nodes, policy {policy.name!r} has "
            f"{policy.slots} slots"
        )
    segments = [_segment_of(policy, node) for node in snapshot.nodes]
    zeros = [0] * policy.slots
    parameters = NodeParameters(
        zeros[:], zeros[:], zeros[:], zeros[:], zeros[:], [""] * policy.slots
    )
    for slot, (node, segment) in enumerate(zip(snapshot.nodes, segments, strict=True)):
        parameters.names[slot] = node.name
        if node.is_up:
            parameters.exists[slot] = 1
            parameters.segment[slot] = segment
            parameters.base[slot] = _base(policy, node)
            parameters.slope[slot] = _slope(policy.key, node)
            parameters.drain[slot] = _drain(policy, node, elapsed_ms)
    _check_live(policy, parameters)
    return parameters


def route_entries(policy: Policy) -> list[tuple[int, int, int]]:
    """The public route table: (class, segment, priority) of every class, in class order."""
    positions = {segment.name: index for index, segment in enumerate(policy.segments)}
    return [
        (index, positions[route.segment], route.priority)
        for index, route in enumerate(policy.class_routes)
    ]


def _segment_of(policy: Policy, node: Node) -> int:
    """The one segment that selects the node."""
    found = [
        index
        for index, segment in enumerate(policy.segments)
        if segment.nodes.selects(node.name, node.chain, node.group)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise MismatchError(
            f"node {node.name!r} (chain {node.chain!r}, group {node.group!r}) belongs to no "
            f"segment of policy {policy.name!r}"
        )
    names = " and ".join(repr(policy.segments[index].name) for index in found)
    raise MismatchError(f"node {node.name!r} belongs to segments {names}; it must be one")


def _base(policy: Policy, node: Node) -> int:
    key = policy.key
    deficit = 0
    if key.reputation_weight:
        if node.reputation > key.max_reputation:
            raise MismatchError(
                f"node {node.name!r} has reputation {node.reputation}, above the policy's "
                f"max_reputation {key.max_reputation}"
            )
        deficit = key.max_reputation - node.reputation
    base = (
        key.gas_weight * node.gas_price
        + key.latency_weight * node.latency_ms
        + key.reputation_weight * deficit
    )
    if base >> policy.widths.key_bits:
        raise MismatchError(
            f"node {node.name!r} has base key {base}, which does not fit the policy's "
            f"{policy.widths.key_bits} key bits; lower the key weights"
        )
    return base


def _slope(key: KeyRule, node: Node) -> int:
    if key.slope == "equal":
        return 1
    slope = max(1, -(-key.slope_scale // node.capacity))
    if slope >> SLOPE_BITS:
        raise MismatchError(
            f"node {node.name!r} with capacity {node.capacity} has slope {slope}, which does "
            f"not fit {SLOPE_BITS} bits; lower slope_scale"
        )
    return slope


def _drain(policy: Policy, node: Node, elapsed_ms: int) -> int:
    if policy.drain == "none":
        return 0
    return min(node.service_rate * elapsed_ms // 1000, WORK_LIMIT - 1)


def _check_live(policy: Policy, parameters: NodeParameters) -> None:
    live = {
        segment
        for segment, exists in zip(parameters.segment, parameters.exists, strict=True)
        if exists
    }
    for _, segment, _ in route_entries(policy):
        if segment not in live:
            raise MismatchError(
                f"orders are routed to segment {policy.segments[segment].name!r}, "
                "but no node of it is up"
            )
