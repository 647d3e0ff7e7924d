"""Public integers that policy and snapshot give each node slot and each order class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkroute.errors import MismatchError, UsageError
from zkroute.model.policy import Policy
from zkroute.model.policy_parts import KeyRule
from zkroute.model.policy_table import combination_counts
from zkroute.model.snapshot import Node, Snapshot

SLOPE_BITS = 24
WORK_LIMIT = 1 << 64
RouteEntry = tuple[int, int, int, int, int, int]
MAX_ELAPSED_MS = (1 << 40) - 1


@dataclass(frozen=True)
class NodeParameters:
    """Per slot, in slot order, lists as long as the policy's `slots`.

    `exists` is 1 where an eligible node (present and up) stands, else 0. `segment`, `base`,
    `slope` and `drain` are that node's and 0 elsewhere: a node that is down serves nothing, so
    its work neither grows nor drains. `names` holds "" for slots without a node.
    base < 2^key_bits, 1 <= slope < 2^24, drain < 2^key_bits. `gas_level` is the snapshot's under
    the policy, and decides which route table holds.
    """

    exists: list[int]
    segment: list[int]
    base: list[int]
    slope: list[int]
    drain: list[int]
    names: list[str]
    gas_level: int = 0


def node_parameters(policy: Policy, snapshot: Snapshot, elapsed_ms: int) -> NodeParameters:
    """Parameters of every slot for a batch that starts `elapsed_ms` after the one before it.

    drain_j = service_rate_j * elapsed_ms // 1000 where the policy lets work drain, at most
    2^key_bits - 1, which is more than the work any node of the policy may have.

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
    segments = _segments_of(policy, snapshot.nodes)
    zeros = [0] * policy.slots
    parameters = NodeParameters(
        zeros[:],
        zeros[:],
        zeros[:],
        zeros[:],
        zeros[:],
        [""] * policy.slots,
        policy.gas_level(snapshot),
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


def route_entries(policy: Policy, gas_level: int) -> list[RouteEntry]:
    """The public route table at a gas level: one entry per combination that can occur, ascending.

    An entry is (class, high, liquidation, shard, segment, priority); what the policy does not tell
    apart is 0. At most 2^16 entries. Raises UsageError for a gas level the policy does not have.
    """
    if not 0 <= gas_level <= len(policy.gas_levels):
        raise UsageError(f"policy {policy.name!r} has no gas level {gas_level}")
    high_count, margin_count, shards = combination_counts(policy)
    positions = {segment.name: index for index, segment in enumerate(policy.segments)}
    entries = []
    for index, route in enumerate(policy.combination_routes(gas_level)):
        if route is not None:
            rest, shard = divmod(index, shards)
            rest, liquidation = divmod(rest, margin_count)
            class_index, high = divmod(rest, high_count)
            target = (positions[route.segment], route.priority)
            entries.append((class_index, high, liquidation, shard, *target))
    return entries


def _segments_of(policy: Policy, nodes: Sequence[Node]) -> list[int]:
    """The segment of each node; nodes that no selector tells apart are looked up once."""
    by_name = any(segment.nodes.names is not None for segment in policy.segments)
    known: dict[tuple[str, str, str], int] = {}
    segments = []
    for node in nodes:
        seen_as = (node.chain, node.group, node.name if by_name else "")
        if seen_as not in known:
            known[seen_as] = _segment_of(policy, node)
        segments.append(known[seen_as])
    return segments


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
        + key.forecast_weight * node.forecast
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
    """Work served since the previous batch; the cap empties any queue a policy allows."""
    if policy.drain == "none":
        return 0
    return min(node.service_rate * elapsed_ms // 1000, (1 << policy.widths.key_bits) - 1)


def _check_live(policy: Policy, parameters: NodeParameters) -> None:
    live = {
        segment
        for segment, exists in zip(parameters.segment, parameters.exists, strict=True)
        if exists
    }
    primary = {entry[4] for entry in route_entries(policy, parameters.gas_level)}
    for index in sorted(primary):
        segment = policy.segments[index]
        if index not in live:
            raise MismatchError(
                f"orders are routed to segment {segment.name!r}, but no node of it is up"
            )
        if not segment.can_close or segment.overflow is None:
            continue
        if policy.segment_index(segment.overflow) not in live:
            raise MismatchError(
                f"segment {segment.name!r} overflows to {segment.overflow!r}, "
                "but no node of it is up"
            )
