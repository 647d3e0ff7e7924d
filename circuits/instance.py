"""Public columns and public numbers of one batch, derived alike by every party."""

from __future__ import annotations

from collections.abc import Mapping

from circuits.routing import RoutingCircuit
from circuits.tables import lookup, nodes, orders
from zkroute.algebra.scalars import MODULUS, batch_invert
from zkroute.model.policy import Policy
from zkroute.routing.parameters import NodeParameters, route_entries

PublicColumns = Mapping[tuple[str, str], list[int]]
"""(table, column) to its first values; the rest of the domain is zero."""


def public_columns(
    circuit: RoutingCircuit,
    policy: Policy,
    parameters: NodeParameters,
    slice_node: int | None = None,
) -> dict[tuple[str, str], list[int]]:
    """Values of every public column; ``slice_weight`` only once ``slice_node`` is drawn."""
    columns: dict[tuple[str, str], list[int]] = {(orders.NAME, "first_row"): [1]}
    head, threshold_weight = _segment_heads(parameters)
    derived = {
        "exists": parameters.exists,
        "slot": list(range(circuit.shape.slots)),
        "segment": parameters.segment,
        "base": parameters.base,
        "slope": parameters.slope,
        "head": head,
        "threshold_weight": threshold_weight,
        "drain": [min(drain, (1 << policy.widths.key_bits) - 1) for drain in parameters.drain],
    }
    declared = circuit.lowered.circuit.tables[nodes.NAME].columns
    columns |= {
        (nodes.NAME, name): list(values) for name, values in derived.items() if name in declared
    }
    if slice_node is not None:
        columns[nodes.NAME, "slice_weight"] = slice_weights(circuit, slice_node)
    if circuit.features.classes:
        entries = route_entries(policy)
        columns[lookup.NAME, "route_listed"] = [1] * len(entries)
        for position, name in enumerate(("class", "segment", "priority")):
            columns[lookup.NAME, f"route_{name}"] = [entry[position] for entry in entries]
    return columns


def slice_weights(circuit: RoutingCircuit, slice_node: int) -> list[int]:
    """1 / (slice_node - slot) for every row of the nodes table.

    Raises ZeroDivisionError if the challenge is a slot number (chance below 2**-240).
    """
    rows = 1 << circuit.shape.log_node_rows
    return batch_invert([(slice_node - slot) % MODULUS for slot in range(rows)])


def _segment_heads(parameters: NodeParameters) -> tuple[list[int], list[int]]:
    """One on each segment's first node; head * (nodes of the segment) - exists."""
    live = [slot for slot, exists in enumerate(parameters.exists) if exists]
    count: dict[int, int] = {}
    for slot in live:
        count[parameters.segment[slot]] = count.get(parameters.segment[slot], 0) + 1
    head = [0] * len(parameters.exists)
    weight = [-exists % MODULUS for exists in parameters.exists]
    seen: set[int] = set()
    for slot in live:
        segment = parameters.segment[slot]
        if segment not in seen:
            seen.add(segment)
            head[slot] = 1
            weight[slot] = count[segment] - 1
    return head, weight


def slice_claim(circuit: RoutingCircuit, digests: list[int], slice_node: int) -> int:
    """Sum of D_j / (slice_node - j) over the nodes' slice digests."""
    weights = slice_weights(circuit, slice_node)
    return sum(d * w for d, w in zip(digests, weights, strict=False)) % MODULUS
