"""How the orders table is filled; columns as in circuits/tables/orders.py."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from circuits.instance import Instance
from circuits.routing import RoutingCircuit
from circuits.statement import PRIORITY_BITS, composite_bits
from circuits.tables.order_risk import high_value_threshold, margin_distance_bits, notional_bits
from circuits.tables.orders import NAME
from prover.trace.limbs import Trace, decompose, from_integers, from_small, padded, subtract
from prover.trace.order_placement import placement_columns
from zkroute.model.order import digests
from zkroute.model.policy import Policy
from zkroute.routing.batch import SEQUENCE_BITS, RoutedBatch

Flags = NDArray[np.bool_]


def order_columns(circuit: RoutingCircuit, routed: RoutedBatch) -> Trace:
    """The header columns: what the router commits to before any proof."""
    rows = 1 << circuit.shape.log_rows
    orders = routed.orders
    available = {
        "sequence": lambda: from_small(routed.sequence, rows),
        "digest": lambda: padded(digests(orders.records), rows),
        "class": lambda: from_small(orders.class_index, rows),
        "size": lambda: from_small(orders.size, rows),
        "price": lambda: from_small(orders.price, rows),
        "margin": lambda: padded(orders.margin, rows),
        "account": lambda: from_small(orders.account, rows),
        "leg": lambda: from_small(routed.leg, rows),
        "node": lambda: from_small(routed.node, rows),
    }
    return {column.name: available[column.name]() for column in circuit.order_columns}


def orders_trace(
    circuit: RoutingCircuit, instance: Instance, header_columns: Trace, routed: RoutedBatch
) -> Trace:
    """Every private column of the orders table, header columns included."""
    rows = 1 << circuit.shape.log_rows
    count = len(routed.sequence)
    policy = instance.policy
    slopes = np.array(instance.parameters.slope, dtype=np.uint64)[routed.node]
    trace = dict(header_columns)
    trace |= {
        name: from_small(values, rows)
        for name, values in {
            "active": np.ones(count, dtype=np.uint64),
            "last": _last_of_group(routed),
            "segment": routed.segment,
            "primary": routed.primary,
            "priority": routed.priority,
            "slope": np.where(routed.status == 0, slopes, 0),
            "cost": routed.cost,
            "held": routed.status == 1,
            "rejected": routed.status == 2,
            "carried": routed.carried,
            "arrived": np.ones(instance.order_count, dtype=np.uint64),
            "high": routed.high,
            "short": routed.short,
        }.items()
    }
    trace["composite"] = padded(routed.composite, rows)
    trace["leader_composite"] = padded(_of_leader(routed.composite, routed), rows)
    follows = (trace["active"][:, 0] == 1) & (trace["last"][:, 0] == 0)
    trace |= _gaps(circuit, policy, trace, follows, routed)
    trace |= _cost_limbs(circuit, policy, trace)
    if circuit.features.margins:
        trace |= _margin_columns(circuit, policy, trace, routed)
    if circuit.features.high_value:
        trace |= _value_limbs(circuit, policy, trace, routed)
    if circuit.features.shards:
        trace |= _shard_columns(circuit, policy, routed)
    trace |= placement_columns(circuit, instance, routed)
    declared = circuit.lowered.circuit.tables[NAME].columns
    return {name: limbs for name, limbs in trace.items() if name in declared}


def _last_of_group(routed: RoutedBatch) -> NDArray[np.uint64]:
    """One on the last row of each group's run."""
    last = np.ones(len(routed.segment), dtype=np.uint64)
    last[:-1] = routed.segment[1:] != routed.segment[:-1]
    return last


def _of_leader(values: NDArray[np.uint64], routed: RoutedBatch) -> NDArray[np.uint64]:
    """Each row's value taken from its bundle's leader."""
    rows = np.arange(len(routed.leg))
    leader = np.maximum.accumulate(np.where(routed.leg == 0, rows, 0)) if len(rows) else rows
    return values[leader]


def _gaps(
    circuit: RoutingCircuit, policy: Policy, trace: Trace, follows: Flags, routed: RoutedBatch
) -> Trace:
    """Limbs of order_gap and composite_gap; zero where no row of the group follows."""
    shape, features = circuit.shape, circuit.features
    span = SEQUENCE_BITS if features.closes else shape.log_rows
    # only the difference counts, and it fits 64 bits whatever the first sequence number is
    priority = trace["priority"][:, 0] if features.prioritised else np.uint64(0)
    rank = (priority << np.uint64(span)) + trace["sequence"][:, 0]
    order_gap = np.where(follows, np.roll(rank, -1) - rank - np.uint64(1), np.uint64(0))
    rows = len(follows)
    placed = from_small(routed.status == 0, rows)[:, 0] == 1
    leg_next = np.roll(from_small(routed.leg, rows)[:, 0], -1) == 1
    chosen = (follows & placed & ~leg_next)[:, None]
    one = np.array([[1, 0]], dtype=np.uint64)
    ahead = np.where(chosen, np.roll(trace["composite"], -1, axis=0), one)
    here = np.where(chosen, trace["leader_composite"], np.uint64(0))
    gap = subtract(subtract(ahead, here), np.broadcast_to(one, ahead.shape))
    bits = span + (PRIORITY_BITS if features.prioritised else 0)
    return decompose("order_gap", order_gap[:, None], bits, shape.limb_bits) | decompose(
        "composite_gap", gap, composite_bits(policy, shape), shape.limb_bits
    )


def _cost_limbs(circuit: RoutingCircuit, policy: Policy, trace: Trace) -> Trace:
    """Limbs of the size, price, cost and rounding range checks that the policy needs."""
    features, widths, limb_bits = circuit.features, policy.widths, circuit.shape.limb_bits
    active = trace["active"]
    limbs: Trace = {}
    if features.sizes:
        limbs |= decompose("size_less_one", trace["size"] - active, widths.size_bits, limb_bits)
    if features.notional:
        limbs |= decompose("price", trace["price"], widths.price_bits, limb_bits)
    if features.cost != "notional":
        return limbs
    limbs |= decompose("cost_less_one", trace["cost"] - active, widths.cost_bits, limb_bits)
    unit = policy.cost.unit
    # modulo 2^64 is enough: 0 <= cost * unit - size * price < unit
    excess = trace["cost"] * np.uint64(unit) - trace["size"] * trace["price"]
    room = active * np.uint64(unit - 1) - excess
    unit_bits = (unit - 1).bit_length()
    limbs |= decompose("rounding", excess, unit_bits, limb_bits)
    return limbs | decompose("rounding_room", room, unit_bits, limb_bits)


def _margin_columns(
    circuit: RoutingCircuit, policy: Policy, trace: Trace, routed: RoutedBatch
) -> Trace:
    """Each order's margin rule and its signed distance from what the rule requires."""
    rows, limb_bits = 1 << circuit.shape.log_rows, circuit.shape.limb_bits
    rules = np.array(policy.margin_rules, dtype=np.uint64)[routed.orders.class_index]
    margin_factor, notional_factor = policy.margin_factors
    margins = [low + (high << 64) for low, high in routed.orders.margin.tolist()]
    differences = [
        margin * margin_factor - size * price * rate * notional_factor
        for margin, size, price, rate in zip(
            margins,
            routed.orders.size.tolist(),
            routed.orders.price.tolist(),
            rules[:, 0].tolist(),
            strict=True,
        )
    ]
    distances = [value if value >= 0 else -value - 1 for value in differences]
    columns = {
        "rate": from_small(rules[:, 0], rows),
        "initial": from_small(rules[:, 1] == 1, rows),
        "maintenance": from_small(rules[:, 1] == 2, rows),
    }
    columns |= decompose("margin", trace["margin"], policy.widths.margin_bits, limb_bits)
    return columns | decompose(
        "margin_distance", from_integers(distances, rows), margin_distance_bits(policy), limb_bits
    )


def _value_limbs(
    circuit: RoutingCircuit, policy: Policy, trace: Trace, routed: RoutedBatch
) -> Trace:
    """Limbs of the distance between an order's notional and the high-value threshold."""
    threshold = high_value_threshold(policy)
    notionals = zip(routed.orders.size.tolist(), routed.orders.price.tolist(), strict=True)
    above = [size * price - threshold for size, price in notionals]
    distances = [value if value >= 0 else -value - 1 for value in above]
    return decompose(
        "value_distance",
        from_integers(distances, len(trace["active"])),
        notional_bits(policy),
        circuit.shape.limb_bits,
    )


def _shard_columns(circuit: RoutingCircuit, policy: Policy, routed: RoutedBatch) -> Trace:
    """The two divisions behind each order's shard."""
    sharding = policy.sharding
    if sharding is None:
        return {}
    rows, limb_bits = 1 << circuit.shape.log_rows, circuit.shape.limb_bits
    accounts = routed.orders.account.tolist()
    hashes = [divmod(sharding.a * account + sharding.b, sharding.p) for account in accounts]
    turns = [residue // sharding.shards for _, residue in hashes]
    shards = [residue % sharding.shards for _, residue in hashes]
    residue_bits = (sharding.p - 1).bit_length()
    shard_bits = (sharding.shards - 1).bit_length()
    values = {
        "account": (accounts, 64),
        "hash_quotient": ([wraps for wraps, _ in hashes], 64),
        "hash": ([residue for _, residue in hashes], residue_bits),
        "hash_room": ([sharding.p - 1 - residue for _, residue in hashes], residue_bits),
        "shard_quotient": (turns, residue_bits),
        "shard": (shards, shard_bits),
        "shard_room": ([sharding.shards - 1 - shard for shard in shards], shard_bits),
    }
    trace: Trace = {}
    for name, (integers, bits) in values.items():
        limbs = from_integers(integers, rows)
        if name in ("hash_quotient", "shard_quotient", "shard"):
            trace[name] = limbs
        trace |= decompose(name, limbs, bits, limb_bits)
    return trace
