"""How the lookup table is filled: every value's and route's number of uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from circuits.gadgets.range import RANGE
from circuits.ir.expression import Cell, Constant, Expression, Multiply
from circuits.routing import RoutingCircuit
from prover.trace.limbs import Trace, from_small
from zkroute.algebra.engine import Limbs


def lookup_trace(
    circuit: RoutingCircuit, traces: Mapping[str, Trace], classes: Limbs | None, count: int
) -> Trace:
    """Multiplicities of range values over all tables' lookups, and of routes over all orders.

    Values outside the table (a lying trace) are simply not counted, so the bus does not balance.
    """
    rows = 1 << circuit.shape.limb_bits
    uses = np.zeros(rows, dtype=np.uint64)
    for interaction in circuit.lowered.circuit.interactions:
        if interaction.bus == RANGE and interaction.table in traces:
            cell, factor = _looked_up(interaction.values[0])
            limbs = traces[interaction.table][cell.column]
            values = limbs[:, 0] * np.uint64(factor)
            listed = (values < rows) & ~limbs[:, 1:].any(axis=1)
            uses += np.bincount(values[listed].astype(np.int64), minlength=rows).astype(np.uint64)
    trace = {"range_multiplicity": uses[:, None]}
    if circuit.features.classes and classes is not None:
        counted = classes[:count, 0].astype(np.int64)
        trace["route_multiplicity"] = from_small(
            np.bincount(counted[counted < rows], minlength=rows), rows
        )
    return trace


def _looked_up(expression: Expression) -> tuple[Cell, int]:
    """The limb column of a range lookup and the factor it is shifted by."""
    match expression:
        case Cell():
            return expression, 1
        case Multiply(Cell() as cell, Constant(factor)):
            return cell, factor
    raise TypeError(f"a range lookup of {expression.text} is not a limb")
