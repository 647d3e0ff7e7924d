"""The routing statement: which tables a policy needs, joined into one circuit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from circuits.gadgets.range import RANGE
from circuits.ir.circuit import Circuit
from circuits.ir.lowering import LoweredCircuit, lower
from circuits.ir.pin import circuit_digest
from circuits.ir.table import ColumnSpecification, Kind
from circuits.statement import MAXIMUM_LOG_ROWS, Features, Shape, smallest_log_rows
from circuits.tables import carry, lookup, nodes, orders
from circuits.tables.orders import slice_total
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import UsageError
from zkroute.model.policy import Policy

GATE_DEGREE = 5
"""Four quotient chunks and four bus fractions a helper (docs/decisions/0008-degree-five.md)."""

BUSES = (
    RANGE,
    "route",
    "margin",
    "node",
    "path",
    "sequence",
    "ends",
    "threshold",
    "closing",
    "closing_again",
    "carry_in",
    "carry_out",
)
"""Every bus of every policy; a tag is the position, so tags do not depend on features."""


@dataclass(frozen=True)
class RoutingCircuit:
    """The lowered circuit of one policy and row class."""

    lowered: LoweredCircuit
    features: Features
    shape: Shape
    digest: bytes

    @property
    def order_columns(self) -> list[ColumnSpecification]:
        """Header columns of the orders table, in header order."""
        return self.lowered.circuit.tables[orders.NAME].of_kind(Kind.HEADER)

    @property
    def content_names(self) -> list[str]:
        """Those columns' names without the node: an order as its trader knows it."""
        return [column.name for column in self.order_columns if column.name != "node"]


def routing_circuit(policy: Policy, log_rows: int) -> RoutingCircuit:
    """The circuit that proves batches of at most 2**log_rows orders under a policy.

    Raises UsageError if the row class cannot hold the policy's slots and routes.
    """
    return _cached_circuit(policy.canonical_bytes(), policy, log_rows)


@lru_cache(maxsize=32)
def _cached_circuit(_identity: bytes, policy: Policy, log_rows: int) -> RoutingCircuit:
    smallest = smallest_log_rows(policy, 0)
    if not smallest <= log_rows <= MAXIMUM_LOG_ROWS:
        raise UsageError(
            f"row class 2^{log_rows} is outside 2^{smallest}..2^{MAXIMUM_LOG_ROWS} for this "
            f"policy ({policy.slots} slots, {policy.class_count} order classes)"
        )
    features = Features.of(policy)
    shape = Shape.of(policy, log_rows)
    circuit = Circuit("routing", orders.NAME, GATE_DEGREE)
    for bus in BUSES:
        circuit.bus(bus)
    row = orders.add_orders_table(circuit, policy, features, shape)
    mask_terms = nodes.add_nodes_table(circuit, policy, features, shape)
    lookup.add_lookup_table(circuit, features, shape)
    if features.closes:
        carry.add_carry_table(circuit, shape)
    circuit.totals.append(slice_total(row, mask_terms))
    lowered = lower(circuit, MODULUS)
    return RoutingCircuit(lowered, features, shape, circuit_digest(lowered))
