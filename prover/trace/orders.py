"""How the orders table is filled; columns as in circuits/tables/orders.py."""

from __future__ import annotations

import numpy as np

from circuits.routing import RoutingCircuit
from circuits.tables.orders import NAME
from prover.trace.limbs import Trace, decompose, from_small, padded, subtract
from zkroute.algebra.engine import Limbs
from zkroute.model.order import Orders, digests
from zkroute.model.policy import Policy
from zkroute.routing.parameters import NodeParameters
from zkroute.routing.router import RoutedBatch


def order_columns(
    circuit: RoutingCircuit,
    orders: Orders,
    routed: RoutedBatch,
    first_sequence: int,
) -> Trace:
    """The header columns: what the router commits to before any proof."""
    rows = 1 << circuit.shape.log_rows
    arrival = routed.arrival
    sequence = arrival.astype(np.uint64) + np.uint64(first_sequence)
    available = {
        "sequence": lambda: from_small(sequence, rows),
        "digest": lambda: padded(digests(orders.records)[arrival], rows),
        "class": lambda: from_small(orders.class_index[arrival], rows),
        "size": lambda: from_small(orders.size[arrival], rows),
        "price": lambda: from_small(orders.price[arrival], rows),
        "node": lambda: from_small(routed.node, rows),
    }
    return {column.name: available[column.name]() for column in circuit.order_columns}


def orders_trace(
    circuit: RoutingCircuit,
    policy: Policy,
    parameters: NodeParameters,
    header_columns: Trace,
    routed: RoutedBatch,
) -> Trace:
    """Every private column of the orders table, header columns included."""
    rows = 1 << circuit.shape.log_rows
    count = len(routed.arrival)
    slope = np.array(parameters.slope, dtype=np.uint64)[routed.node]
    active = from_small(np.ones(count, dtype=np.uint64), rows)
    last = from_small(_last_of_segment(routed), rows)
    composite = padded(routed.composite, rows)
    trace = dict(header_columns)
    trace |= {
        "active": active,
        "last": last,
        "segment": from_small(routed.segment, rows),
        "priority": from_small(routed.priority, rows),
        "slope": from_small(slope, rows),
        "composite": composite,
        "cost": from_small(routed.cost, rows),
    }
    trace |= _gaps(circuit, policy, trace, follows=(active[:, 0] == 1) & (last[:, 0] == 0))
    trace |= _cost_limbs(circuit, policy, trace)
    declared = circuit.lowered.circuit.tables[NAME].columns
    return {name: limbs for name, limbs in trace.items() if name in declared}


def _last_of_segment(routed: RoutedBatch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """One on the last row of each segment's run."""
    last = np.ones(len(routed.segment), dtype=np.uint64)
    last[:-1] = routed.segment[1:] != routed.segment[:-1]
    return last


def _gaps(circuit: RoutingCircuit, policy: Policy, trace: Trace, follows: np.ndarray) -> Trace:
    """Limbs of order_gap and composite_gap; zero where no row of the segment follows."""
    shape = circuit.shape
    position = _two_limbs(trace["sequence"])
    # only the difference counts, and it fits 64 bits whatever the first sequence number is
    rank = (trace["priority"][:, 0] << np.uint64(shape.log_rows)) + position[:, 0]
    order_gap = np.where(follows, np.roll(rank, -1) - rank - np.uint64(1), np.uint64(0))
    one = np.array([[1, 0]], dtype=np.uint64)
    composite = trace["composite"]
    stepped = np.where(follows[:, None], np.roll(composite, -1, axis=0), one)
    composite_gap = subtract(
        subtract(stepped, np.where(follows[:, None], composite, np.uint64(0))),
        np.broadcast_to(one, stepped.shape),
    )
    order_bits = shape.log_rows + (8 if circuit.features.priorities else 0)
    gap_bits = policy.widths.key_bits + shape.slot_bits
    return decompose("order_gap", order_gap[:, None], order_bits, shape.limb_bits) | decompose(
        "composite_gap", composite_gap, gap_bits, shape.limb_bits
    )


def _cost_limbs(circuit: RoutingCircuit, policy: Policy, trace: Trace) -> Trace:
    """Limbs of the size, price, cost and rounding range checks the policy's cost needs."""
    kind, widths, limb_bits = circuit.features.cost, policy.widths, circuit.shape.limb_bits
    if kind == "unit":
        return {}
    active = trace["active"]
    limbs = decompose("size_less_one", trace["size"] - active, widths.size_bits, limb_bits)
    if kind == "size":
        return limbs
    limbs |= decompose("price_less_one", trace["price"] - active, widths.price_bits, limb_bits)
    limbs |= decompose("cost_less_one", trace["cost"] - active, widths.cost_bits, limb_bits)
    unit = policy.cost.unit
    if unit == 1:
        return limbs
    # modulo 2^64 is enough: 0 <= cost * unit - size * price < unit
    excess = trace["cost"] * np.uint64(unit) - trace["size"] * trace["price"]
    room = active * np.uint64(unit - 1) - excess
    unit_bits = (unit - 1).bit_length()
    limbs |= decompose("rounding", excess, unit_bits, limb_bits)
    return limbs | decompose("rounding_room", room, unit_bits, limb_bits)


def _two_limbs(limbs: Limbs) -> Limbs:
    return limbs if limbs.shape[1] == 2 else np.hstack([limbs, np.zeros_like(limbs)])
