"""How the nodes table is filled; columns as in circuits/tables/nodes.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from circuits.instance import Instance, public_columns, segment_heads
from circuits.routing import RoutingCircuit
from circuits.statement import composite_bits, cumulative_bits
from circuits.tables.nodes import NAME
from prover.trace.limbs import Trace, decompose, from_integers
from prover.trace.order_placement import displaced_rows, onward_groups, segment_bounds
from zkroute.routing.batch import RoutedBatch


def nodes_trace(
    circuit: RoutingCircuit,
    instance: Instance,
    work_before: Sequence[int],
    routed: RoutedBatch,
    masks: Sequence[int],
) -> Trace:
    """Every private column of the nodes table; ``masks`` has one scalar per slice digest."""
    parameters = instance.parameters
    slots = circuit.shape.slots
    counts = np.bincount(routed.node[routed.status == 0], minlength=slots).tolist()
    columns: dict[str, Sequence[int]] = {
        "work_before": work_before,
        "work_after": routed.work_out,
        "work_in": routed.work_in,
        "multiplicity": counts,
        "mask": masks,
        "reaches_maximum": [int(slot == counts.index(max(counts))) for slot in range(slots)],
    }
    columns |= _ends(circuit, instance, routed)
    limbs: dict[str, tuple[Sequence[int], int]] = _drain(circuit, instance, work_before, columns)
    composites = [
        (parameters.base[slot] + parameters.slope[slot] * routed.work_out[slot]) * slots + slot
        for slot in range(slots)
    ]
    margins = [
        composite - threshold if exists else 0
        for composite, threshold, exists in zip(
            composites, columns["threshold"], parameters.exists, strict=True
        )
    ]
    limbs["margin"] = (margins, composite_bits(instance.policy, circuit.shape))
    limbs |= _closing(circuit, instance, columns, composites)
    limbs |= _figures(circuit, instance, counts)
    rows = 1 << circuit.shape.log_node_rows
    trace = {name: from_integers(values, rows) for name, values in columns.items()}
    # rows beyond the slots carry zero work, and zero is not below a zero drain
    trace["carried"][slots:, 0] = 1
    for name, (values, bits) in limbs.items():
        trace |= decompose(name, _rest(name, values, instance, rows), bits, circuit.shape.limb_bits)
    declared = circuit.lowered.circuit.tables[NAME].columns
    return {name: column for name, column in trace.items() if name in declared}


def _ends(
    circuit: RoutingCircuit, instance: Instance, routed: RoutedBatch
) -> dict[str, Sequence[int]]:
    """Per slot: what its segment's head knows of the segment's end, and the threshold."""
    policy, parameters = instance.policy, instance.parameters
    heads = segment_heads(parameters)
    bounds = segment_bounds(policy, routed).tolist()
    moved, rerouted = displaced_rows(policy, routed)
    displaced = np.bincount(routed.primary[moved | (routed.status == 1)], minlength=256)
    onward = onward_groups(policy).astype(np.int64)
    again = np.bincount(onward[routed.primary[rerouted]], minlength=258)
    columns: dict[str, list[int]] = {
        name: [0] * circuit.shape.slots
        for name in (
            "nonempty",
            "threshold",
            "bound",
            "cost_before",
            "cost_after",
            "saturated",
            "tripped",
            "displaced",
            "displaced_again",
        )
    }
    thresholds = _thresholds(routed)
    for slot, exists in enumerate(parameters.exists):
        if exists:
            columns["threshold"][slot] = thresholds.get(parameters.segment[slot], 0)
            end = routed.closing[parameters.segment[slot]]
            columns["saturated"][slot] = int(end.closed_by_saturation)
    for segment, slot in heads.items():
        end = routed.closing[segment]
        columns["nonempty"][slot] = int(segment in thresholds)
        columns["bound"][slot] = bounds[segment]
        columns["cost_before"][slot] = end.cumulative_before_leader
        columns["cost_after"][slot] = end.cumulative
        columns["tripped"][slot] = int(end.closed_by_breaker)
        columns["displaced"][slot] = int(displaced[segment])
        columns["displaced_again"][slot] = int(again[segment])
    return dict(columns)


def _thresholds(routed: RoutedBatch) -> dict[int, int]:
    """One above the leader's composite of the last choice in each segment with orders."""
    thresholds: dict[int, int] = {}
    rows = zip(
        routed.segment.tolist(),
        routed.status.tolist(),
        routed.leg.tolist(),
        routed.composite.tolist(),
        strict=True,
    )
    for segment, status, leg, (low, high) in rows:
        if not status and not leg:
            thresholds[segment] = 1 + low + (high << 64)
    return thresholds


def _drain(
    circuit: RoutingCircuit,
    instance: Instance,
    work_before: Sequence[int],
    columns: dict[str, Sequence[int]],
) -> dict[str, tuple[Sequence[int], int]]:
    """Fills ``carried`` and returns the distance between work and drain."""
    bits = instance.policy.widths.key_bits
    difference = [
        work - drain for work, drain in zip(work_before, instance.parameters.drain, strict=True)
    ]
    columns["carried"] = [int(value >= 0) for value in difference]
    distance = [value if value >= 0 else -value - 1 for value in difference]
    return {"drain_distance": (distance, bits)} if circuit.features.drains else {}


def _closing(
    circuit: RoutingCircuit,
    instance: Instance,
    columns: dict[str, Sequence[int]],
    composites: Sequence[int],
) -> dict[str, tuple[Sequence[int], int]]:
    """Distances of keys and costs from the thresholds that close a segment."""
    policy, shape = instance.policy, circuit.shape
    slots = range(shape.slots)
    public = _public_columns(circuit, instance)
    limbs: dict[str, tuple[Sequence[int], int]] = {}
    if circuit.features.saturates:
        ceiling, may = public["ceiling"], public["may_saturate"]
        bits = composite_bits(policy, shape)
        limbs["saturation"] = (
            [columns["saturated"][j] * (composites[j] - ceiling[j]) for j in slots],
            bits,
        )
        limbs["saturation_room"] = (
            [
                columns["nonempty"][j] * may[j] * (ceiling[j] - columns["threshold"][j])
                for j in slots
            ],
            bits,
        )
    if circuit.features.breaks:
        limit, may = public["limit"], public["may_trip"]
        bits = cumulative_bits(policy, shape)
        limbs["breaker"] = (
            [columns["tripped"][j] * (columns["cost_after"][j] - limit[j]) for j in slots],
            bits,
        )
        limbs["breaker_room"] = (
            [
                columns["nonempty"][j] * may[j] * (limit[j] - 1 - columns["cost_before"][j])
                for j in slots
            ],
            bits,
        )
    return limbs


def _public_columns(circuit: RoutingCircuit, instance: Instance) -> dict[str, list[int]]:
    """Public columns of the nodes table by name, one value per slot."""
    return {
        name: values + [0] * (circuit.shape.slots - len(values))
        for (table, name), values in public_columns(circuit, instance).items()
        if table == NAME
    }


def _figures(
    circuit: RoutingCircuit, instance: Instance, counts: Sequence[int]
) -> dict[str, tuple[Sequence[int], int]]:
    """Distances of the counts from the published maximum and the promised share."""
    figures, log_rows = instance.figures, circuit.shape.log_rows
    limbs: dict[str, tuple[Sequence[int], int]] = {}
    if figures.max_count is not None:
        limbs["maximum_room"] = ([figures.max_count - count for count in counts], log_rows + 1)
    percent = instance.policy.publish.max_share_percent
    if figures.placed_count is not None and percent is not None:
        most = figures.placed_count * percent
        limbs["share_room"] = ([most - 100 * count for count in counts], log_rows + 7)
    return limbs


def _rest(
    name: str, values: Sequence[int], instance: Instance, rows: int
) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Values padded as the gates define them on rows beyond the slots."""
    figures = instance.figures
    beyond = {
        "maximum_room": figures.max_count or 0,
        "share_room": (figures.placed_count or 0)
        * (instance.policy.publish.max_share_percent or 0),
    }.get(name, 0)
    return from_integers([*values, *[beyond] * (rows - len(values))], rows)
