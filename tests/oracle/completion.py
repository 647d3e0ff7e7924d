"""What follows in a trace from the circuit's own rules: range limbs and multiplicities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from circuits.instance import Instance, public_columns
from circuits.ir.circuit import Interaction
from circuits.ir.expression import Cell, Expression, evaluate
from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from zkroute.algebra.scalars import MODULUS

Columns = dict[tuple[str, str], list[int]]
"""(table, column) to its integers, one per row."""

LIMBS_SUFFIX = " is the sum of its limbs"
LISTS = {
    "range": "range_multiplicity",
    "route": "route_multiplicity",
    "margin": "margin_multiplicity",
}
"""Buses that the lookup table answers, and the column that counts for each."""


class Rows:
    """Resolves cells to whole columns; what is not there yet counts as zero."""

    def __init__(self, circuit: RoutingCircuit, instance: Instance, columns: Columns) -> None:
        tables = circuit.lowered.circuit.tables
        known = public_columns(circuit, instance) | columns
        for column in circuit.lowered.circuit.columns(Kind.FIXED):
            known[column.table, column.name] = list(range(tables[column.table].rows))
        self._claims = instance.claims
        self._columns = {
            place: np.array(values + [0] * (tables[place[0]].rows - len(values)), dtype=object)
            for place, values in known.items()
        }

    def cell(self, cell: Cell) -> Any:
        column = self._columns.get((cell.table, cell.column), np.zeros(1, dtype=object))
        return np.roll(column, -cell.rotation) if cell.rotation else column

    def claim(self, name: str) -> int:
        return self._claims[name]

    challenge = embedded = None

    def values(self, expression: Expression, rows: int) -> list[int]:
        found: Any = evaluate(expression, self, MODULUS, {})  # type: ignore[arg-type]  # arrays
        return [int(value) for value in np.broadcast_to(found, rows)]


def filled(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> Columns:
    """The columns with range limbs and the lookup table's multiplicities.

    A value out of range keeps its sum: the excess goes into the top limb, so that only the range
    bus shows it. Uses of what the lookup table does not hold are not counted.
    """
    bits = circuit.shape.limb_bits
    resolver = Rows(circuit, instance, columns)
    for name, table in circuit.lowered.circuit.tables.items():
        for gate in table.gates:
            if gate.sentence.endswith(LIMBS_SUFFIX):
                prefix = gate.sentence.removesuffix(LIMBS_SUFFIX) + "_limb_"
                count = sum(column.startswith(prefix) for column in table.columns)
                values = resolver.values(gate.expression, table.rows)
                for number in range(count):
                    shifted = [value >> (number * bits) for value in values]
                    if number + 1 < count:
                        shifted = [value & ((1 << bits) - 1) for value in shifted]
                    columns[name, f"{prefix}{number}"] = shifted
    counted = {}
    resolver = Rows(circuit, instance, columns)
    for bus, column in LISTS.items():
        if column in circuit.lowered.circuit.tables["lookup"].columns:
            counted["lookup", column] = uses(circuit, resolver, bus)
    return columns | counted


def uses(circuit: RoutingCircuit, resolver: Rows, bus: str) -> list[int]:
    """How often each entry of one of the lookup table's lists is used."""
    lowered = circuit.lowered.circuit
    interactions = [each for each in lowered.interactions if each.bus == bus]
    (entries,) = (each for each in interactions if each.table == "lookup")

    def tuples(each: Interaction) -> Iterable[tuple[int, ...]]:
        rows = lowered.tables[each.table].rows
        return zip(*(resolver.values(value, rows) for value in each.values), strict=True)

    rows = lowered.tables["lookup"].rows
    listed = [1] * rows
    if f"{bus}_listed" in lowered.tables["lookup"].columns:
        listed = resolver.values(Cell("lookup", f"{bus}_listed"), rows)
    position: dict[tuple[int, ...], int] = {}
    for row, values in enumerate(tuples(entries)):
        if listed[row]:
            position.setdefault(values, row)
    counts = [0] * rows
    for each in interactions:
        if each is not entries:
            weights = resolver.values(each.multiplicity, lowered.tables[each.table].rows)
            for weight, values in zip(weights, tuples(each), strict=True):
                if weight and values in position:
                    counts[position[values]] += weight
    return [count % MODULUS for count in counts]
