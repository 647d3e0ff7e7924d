"""How the nodes table is filled; columns as in circuits/tables/nodes.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from circuits.routing import RoutingCircuit
from circuits.tables.nodes import NAME
from prover.trace.limbs import Trace, decompose, from_integers
from zkroute.model.policy import Policy
from zkroute.routing.parameters import NodeParameters
from zkroute.routing.router import RoutedBatch


def nodes_trace(
    circuit: RoutingCircuit,
    policy: Policy,
    parameters: NodeParameters,
    work_before: Sequence[int],
    routed: RoutedBatch,
    masks: Sequence[int],
) -> Trace:
    """Every private column of the nodes table; ``masks`` has one scalar per slice digest."""
    rows = 1 << circuit.shape.log_node_rows
    slots = range(circuit.shape.slots)
    thresholds = _thresholds(parameters, routed)
    head = _heads(parameters)
    threshold = [
        thresholds.get(parameters.segment[slot], 0) if parameters.exists[slot] else 0
        for slot in slots
    ]
    margin = [
        (parameters.base[slot] + parameters.slope[slot] * routed.work_out[slot])
        * circuit.shape.slots
        + slot
        - threshold[slot]
        if parameters.exists[slot]
        else 0
        for slot in slots
    ]
    most = (1 << policy.widths.key_bits) - 1
    columns: dict[str, Sequence[int]] = {
        "work_before": work_before,
        "work_after": routed.work_out,
        "work_in": routed.work_in,
        "carried": [int(work_before[slot] >= min(parameters.drain[slot], most)) for slot in slots],
        "multiplicity": np.bincount(routed.node, minlength=len(slots)).tolist(),
        "nonempty": [int(head[slot] and parameters.segment[slot] in thresholds) for slot in slots],
        "threshold": threshold,
        "mask": masks,
    }
    difference = [work_before[slot] - min(parameters.drain[slot], most) for slot in slots]
    distance = [left if left >= 0 else -left - 1 for left in difference]
    trace = {name: from_integers(values, rows) for name, values in columns.items()}
    # rows beyond the slots carry zero work, and zero is not below a zero drain
    trace["carried"][circuit.shape.slots :, 0] = 1
    gap_bits = policy.widths.key_bits + circuit.shape.slot_bits
    limb_bits = circuit.shape.limb_bits
    trace |= decompose("margin", from_integers(margin, rows), gap_bits, limb_bits)
    trace |= decompose(
        "drain_distance", from_integers(distance, rows), policy.widths.key_bits, limb_bits
    )
    declared = circuit.lowered.circuit.tables[NAME].columns
    return {name: limbs for name, limbs in trace.items() if name in declared}


def _thresholds(parameters: NodeParameters, routed: RoutedBatch) -> dict[int, int]:
    """One above the last chosen composite of each segment that received orders."""
    segments = routed.segment
    last = np.flatnonzero(np.append(segments[1:] != segments[:-1], True)[: len(segments)])
    return {
        int(segments[row]): 1
        + int(routed.composite[row, 0])
        + (int(routed.composite[row, 1]) << 64)
        for row in last
    }


def _heads(parameters: NodeParameters) -> list[int]:
    """One on the first eligible node of each segment."""
    seen: set[int] = set()
    heads = []
    for exists, segment in zip(parameters.exists, parameters.segment, strict=True):
        heads.append(int(bool(exists) and segment not in seen))
        if exists:
            seen.add(segment)
    return heads
