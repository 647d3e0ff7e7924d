"""Public columns and public numbers of one batch, derived alike by every party."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits.routing import RoutingCircuit
from circuits.statement import cumulative_bits
from circuits.tables import lookup, nodes, orders
from circuits.tables.order_placement import held_group
from zkroute.algebra.scalars import MODULUS, batch_invert
from zkroute.model.policy import Policy
from zkroute.model.snapshot import Snapshot
from zkroute.routing.parameters import NodeParameters, node_parameters, route_entries

PublicColumns = Mapping[tuple[str, str], list[int]]
"""(table, column) to its first values; the rest of the domain is zero."""


@dataclass(frozen=True)
class Figures:
    """What a policy may publish about a batch; empty or None where it does not."""

    counts: tuple[int, ...] = ()
    """Orders sent to each node of the snapshot."""
    loads: tuple[int, ...] = ()
    """Work of each node after the batch."""
    herfindahl: int | None = None
    """Sum of squared counts."""
    max_count: int | None = None
    """The largest count."""
    placed_count: int | None = None
    """Orders that were sent to any node."""


@dataclass(frozen=True)
class Instance:
    """The public side of one batch."""

    policy: Policy
    parameters: NodeParameters
    first_sequence: int
    order_count: int
    figures: Figures

    @classmethod
    def of(
        cls,
        policy: Policy,
        snapshot: Snapshot,
        elapsed_ms: int,
        first_sequence: int,
        order_count: int,
        figures: Figures,
    ) -> Instance:
        """The instance of a header's public fields.

        Raises MismatchError where policy and snapshot do not fit.
        """
        return cls(
            policy,
            node_parameters(policy, snapshot, elapsed_ms),
            first_sequence,
            order_count,
            figures,
        )

    @property
    def claims(self) -> dict[str, int]:
        """The public numbers gates refer to."""
        claims = {"first_sequence": self.first_sequence, "order_count": self.order_count}
        for name in ("herfindahl", "max_count", "placed_count"):
            value = getattr(self.figures, name)
            if value is not None:
                claims[name] = value
        return claims


def public_columns(
    circuit: RoutingCircuit, instance: Instance, slice_node: int | None = None
) -> dict[tuple[str, str], list[int]]:
    """Values of every public column; ``slice_weight`` only once ``slice_node`` is drawn."""
    columns: dict[tuple[str, str], list[int]] = {(orders.NAME, "first_row"): [1]}
    declared = circuit.lowered.circuit.tables[nodes.NAME].columns
    columns |= {
        (nodes.NAME, name): list(values)
        for name, values in _node_columns(circuit, instance).items()
        if name in declared
    }
    if slice_node is not None:
        columns[nodes.NAME, "slice_weight"] = slice_weights(circuit, slice_node)
    if circuit.features.routed:
        entries = route_entries(instance.policy, instance.parameters.gas_level)
        columns |= _list_columns("route", [name for name, _ in lookup.ROUTE], entries)
    if circuit.features.margins:
        rules = [
            (index, rate, int(kind == 1), int(kind == 2))
            for index, (rate, kind) in enumerate(instance.policy.margin_rules)
        ]
        columns |= _list_columns("margin", [name for name, _ in lookup.MARGIN], rules)
    return columns


def _node_columns(circuit: RoutingCircuit, instance: Instance) -> dict[str, Sequence[int]]:
    policy, parameters = instance.policy, instance.parameters
    heads = segment_heads(parameters)
    live = [slot for slot, exists in enumerate(parameters.exists) if exists]
    weight = [-exists % MODULUS for exists in parameters.exists]
    for segment, slot in heads.items():
        weight[slot] = sum(parameters.segment[other] == segment for other in live) - 1
    columns: dict[str, Sequence[int]] = {
        "exists": parameters.exists,
        "slot": range(circuit.shape.slots),
        "segment": parameters.segment,
        "base": parameters.base,
        "slope": parameters.slope,
        "head": _on_heads(parameters, heads, [1] * len(policy.segments)),
        "threshold_weight": weight,
        "drain": parameters.drain,
        "published_count": instance.figures.counts,
        "listed": [1] * len(instance.figures.loads),
        "published_load": instance.figures.loads,
    }
    return columns | _closing_columns(circuit, instance, heads)


def _closing_columns(
    circuit: RoutingCircuit, instance: Instance, heads: Mapping[int, int]
) -> dict[str, Sequence[int]]:
    """Ceilings on every node of a segment; limits and destinations on its head."""
    policy, parameters = instance.policy, instance.parameters
    segments = policy.segments
    onward = [
        held_group(len(segments))
        if segment.overflow is None
        else policy.segment_index(segment.overflow)
        for segment in segments
    ]
    # thresholds that no batch reaches before its last order count as none: they must fit their
    # range checks
    limits = [_reachable(s.breaker, cumulative_bits(policy, circuit.shape)) for s in segments]
    keys = [_reachable(segment.saturation, policy.widths.key_bits) for segment in segments]
    everywhere = [
        (slot, segment)
        for slot, segment in enumerate(parameters.segment)
        if parameters.exists[slot]
    ]
    ceiling, may_saturate = [0] * circuit.shape.slots, [0] * circuit.shape.slots
    for slot, segment in everywhere:
        ceiling[slot] = (keys[segment] or 0) * circuit.shape.slots
        may_saturate[slot] = int(keys[segment] is not None)
    return {
        "onward": _on_heads(parameters, heads, onward),
        "limit": _on_heads(parameters, heads, [limit or 0 for limit in limits]),
        "may_trip": _on_heads(parameters, heads, [int(limit is not None) for limit in limits]),
        "ceiling": ceiling,
        "may_saturate": may_saturate,
    }


def _reachable(threshold: int | None, bits: int) -> int | None:
    return threshold if threshold is not None and threshold < 1 << bits else None


def segment_heads(parameters: NodeParameters) -> dict[int, int]:
    """Each segment's first eligible slot."""
    heads: dict[int, int] = {}
    for slot, exists in enumerate(parameters.exists):
        if exists:
            heads.setdefault(parameters.segment[slot], slot)
    return heads


def _on_heads(
    parameters: NodeParameters, heads: Mapping[int, int], values: Sequence[int]
) -> list[int]:
    column = [0] * len(parameters.exists)
    for segment, slot in heads.items():
        column[slot] = values[segment]
    return column


def _list_columns(
    name: str, parts: Sequence[str], entries: Sequence[tuple[int, ...]]
) -> dict[tuple[str, str], list[int]]:
    columns = {(lookup.NAME, f"{name}_listed"): [1] * len(entries)}
    for position, part in enumerate(parts):
        columns[lookup.NAME, f"{name}_{part}"] = [entry[position] for entry in entries]
    return columns


def slice_weights(circuit: RoutingCircuit, slice_node: int) -> list[int]:
    """1 / (slice_node - slot) for every row of the nodes table.

    Raises ZeroDivisionError if the challenge is a slot number (chance below 2**-240).
    """
    rows = 1 << circuit.shape.log_node_rows
    return batch_invert([(slice_node - slot) % MODULUS for slot in range(rows)])


def slice_claim(public: PublicColumns, digests: Sequence[int]) -> int:
    """Sum of D_j / (slice_node - j) over the nodes' slice digests, by the column of weights."""
    total: int = sum(map(operator.mul, digests, public[nodes.NAME, "slice_weight"]))
    return total % MODULUS
