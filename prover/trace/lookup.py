"""How the lookup table is filled: every value's and list entry's number of uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from circuits.gadgets.range import RANGE
from circuits.instance import Instance
from circuits.ir.expression import Cell, Constant, Expression, Multiply
from circuits.routing import RoutingCircuit
from prover.trace.limbs import Trace, from_integers
from zkroute.algebra.engine import Limbs
from zkroute.routing.batch import RoutedBatch
from zkroute.routing.parameters import route_entries


def lookup_trace(
    circuit: RoutingCircuit, instance: Instance, traces: Mapping[str, Trace], routed: RoutedBatch
) -> Trace:
    """Multiplicities of range values over all tables' lookups, and of list entries.

    Values outside the table (a lying trace) are not counted, so the bus does not balance.
    """
    rows = 1 << circuit.shape.limb_bits
    trace: Trace = {"range_multiplicity": range_multiplicities(circuit, traces)}
    orders = routed.orders
    if circuit.features.routed:
        entries = route_entries(instance.policy, instance.parameters.gas_level)
        places = {entry[:4]: position for position, entry in enumerate(entries)}
        leaders = routed.leg == 0
        in_liquidation = routed.liquidation[leaders].tolist()
        signals = zip(
            orders.class_index[leaders].tolist(),
            routed.high[leaders].tolist(),
            in_liquidation,
            routed.shard[leaders].tolist(),
            strict=True,
        )
        uses = [0] * len(entries)
        for order_class, high, liquidation, shard in signals:
            uses[places[order_class, int(high), int(liquidation), int(shard)]] += 1
        trace["route_multiplicity"] = from_integers(uses, rows)
    if circuit.features.margins:
        classes = np.bincount(orders.class_index, minlength=instance.policy.class_count)
        trace["margin_multiplicity"] = from_integers(classes.tolist(), rows)
    return trace


def range_multiplicities(circuit: RoutingCircuit, traces: Mapping[str, Trace]) -> Limbs:
    """How often each value of the range table is looked up by the given tables."""
    rows = 1 << circuit.shape.limb_bits
    uses = np.zeros(rows, dtype=np.uint64)
    for interaction in circuit.lowered.circuit.interactions:
        if interaction.bus == RANGE and interaction.table in traces:
            cell, factor = _looked_up(interaction.values[0])
            limbs = traces[interaction.table][cell.column]
            values = limbs[:, 0] * np.uint64(factor)
            listed = (values < rows) & ~limbs[:, 1:].any(axis=1)
            uses += np.bincount(values[listed].astype(np.int64), minlength=rows).astype(np.uint64)
    return uses[:, None]


def _looked_up(expression: Expression) -> tuple[Cell, int]:
    """The limb column of a range lookup and the factor it is shifted by."""
    match expression:
        case Cell():
            return expression, 1
        case Multiply(Cell() as cell, Constant(factor)):
            return cell, factor
    raise TypeError(f"a range lookup of {expression.text} is not a limb")
