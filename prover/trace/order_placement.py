"""How placement columns are filled: where orders were displaced to, and what a group cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from circuits.instance import Instance
from circuits.routing import RoutingCircuit
from circuits.tables.order_placement import SORT_KEY_BITS, held_group
from prover.trace.limbs import Trace, decompose, from_integers, from_small
from zkroute.model.policy import Policy
from zkroute.routing.batch import SEQUENCE_BITS, RoutedBatch

Words = NDArray[np.uint64]


def placement_columns(circuit: RoutingCircuit, instance: Instance, routed: RoutedBatch) -> Trace:
    """Columns that exist only where segments close or orders are rejected."""
    rows = 1 << circuit.shape.log_rows
    trace: Trace = {}
    if circuit.features.rejects:
        trace["failed"] = from_small(_failed_so_far(instance.policy, routed), rows)
    if circuit.features.breaks:
        trace |= _cumulative(routed, rows)
    if circuit.features.closes:
        trace |= _displacement(circuit, instance.policy, routed, rows)
    return trace


def _failed_so_far(policy: Policy, routed: RoutedBatch) -> Words:
    """One from the first order of a bundle on that fails its initial margin."""
    kinds = np.array([kind for _, kind in policy.margin_rules], dtype=np.uint64)
    fails = (routed.short == 1) & (kinds[routed.orders.class_index] == 1)
    failed = np.zeros(len(fails), dtype=np.uint64)
    for row, (leg, fail) in enumerate(zip(routed.leg.tolist(), fails.tolist(), strict=True)):
        failed[row] = fail or (leg and failed[row - 1])
    return failed


def _cumulative(routed: RoutedBatch, rows: int) -> Trace:
    """Cost of the group before each order, and before its bundle's leader."""
    cumulative: list[int] = []
    leader: list[int] = []
    total = 0
    group = None
    costs = zip(routed.segment.tolist(), routed.leg.tolist(), routed.cost.tolist(), strict=True)
    for segment, leg, cost in costs:
        total = total if segment == group else 0
        group = segment
        cumulative.append(total)
        leader.append(leader[-1] if leg else total)
        total += cost
    return {
        "cumulative": from_integers(cumulative, rows),
        "leader_cumulative": from_integers(leader, rows),
    }


def segment_bounds(policy: Policy, routed: RoutedBatch) -> Words:
    """One above each segment's last sort key; zero for a segment that received nothing."""
    keys = (routed.priority.astype(np.uint64) << np.uint64(SEQUENCE_BITS)) + routed.sequence
    bounds = np.zeros(len(policy.segments) + 2, dtype=np.uint64)
    # keys increase within a group, so the last row written is the largest
    bounds[routed.segment] = keys + np.uint64(1)
    return bounds


def onward_groups(policy: Policy) -> Words:
    """Where each segment sends orders once it closed."""
    held = held_group(len(policy.segments))
    return np.array(
        [
            held if segment.overflow is None else policy.segment_index(segment.overflow)
            for segment in policy.segments
        ],
        dtype=np.uint64,
    )


def displaced_rows(
    policy: Policy, routed: RoutedBatch
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows moved to an overflow segment, and which are held although there is one."""
    moved = (routed.status == 0) & (routed.segment != routed.primary)
    onward = onward_groups(policy)[routed.primary]
    rerouted = (routed.status == 1) & (onward != held_group(len(policy.segments)))
    return moved, rerouted


def _displacement(circuit: RoutingCircuit, policy: Policy, routed: RoutedBatch, rows: int) -> Trace:
    bounds = segment_bounds(policy, routed)
    moved, rerouted = displaced_rows(policy, routed)
    displaced = moved | (routed.status == 1)
    target = np.where(displaced, onward_groups(policy)[routed.primary], np.uint64(0))
    keys = (routed.priority.astype(np.uint64) << np.uint64(SEQUENCE_BITS)) + routed.sequence
    bound = np.where(displaced, bounds[routed.primary], np.uint64(0))
    again = np.where(rerouted, bounds[target.astype(np.int64)], np.uint64(0))
    gap = np.where(displaced, keys - bound, np.uint64(0))
    gap_again = np.where(rerouted, keys - again, np.uint64(0))
    limb_bits = circuit.shape.limb_bits
    trace = {
        "moved": from_small(moved, rows),
        "rerouted": from_small(rerouted, rows),
        "target": from_small(target, rows),
        "bound": from_small(bound, rows),
        "bound_again": from_small(again, rows),
    }
    trace |= decompose("closing_gap", from_small(gap, rows), SORT_KEY_BITS, limb_bits)
    return trace | decompose(
        "closing_gap_again", from_small(gap_again, rows), SORT_KEY_BITS, limb_bits
    )
