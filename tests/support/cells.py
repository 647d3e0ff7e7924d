"""Changing single cells of a trace, and checking quickly what the change can break."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from circuits.instance import Instance
from circuits.ir.check import Checker, Failure
from circuits.ir.circuit import Circuit
from circuits.ir.expression import Expression, cells
from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from tests.support.claims import Columns, known_columns
from zkroute.algebra.scalars import MODULUS


@dataclass(frozen=True)
class Cell:
    """One place of a trace."""

    table: str
    column: str
    row: int


def private_cells(circuit: RoutingCircuit) -> Iterator[Cell]:
    """Every cell that a prover fills in."""
    for column in circuit.lowered.circuit.columns(Kind.HEADER, Kind.WITNESS):
        for row in range(circuit.lowered.circuit.tables[column.table].rows):
            yield Cell(column.table, column.name, row)


def is_free(circuit: RoutingCircuit, columns: Columns, cell: Cell) -> bool:
    """Cells the statement leaves open on purpose.

    Masks are random numbers. An order's digest is content: the header's commitment binds it, no
    rule of routing looks at it (but it must be zero where there is no order, and stay the same
    while an order is held).
    """
    if circuit.lowered.circuit.specification(cell.table, cell.column).masked:
        return True
    if (cell.table, cell.column) != ("orders", "digest"):
        return False
    waits = [columns.get(("orders", name), [0] * (cell.row + 1)) for name in ("held", "carried")]
    return columns["orders", "active"][cell.row] == 1 and not any(w[cell.row] for w in waits)


def may_be_free(circuit: RoutingCircuit, columns: Columns, cell: Cell) -> bool:
    """Cells that another true claim may fill differently, beyond those that are free throughout.

    Each is bound by a commitment or says nothing: an unused entry of what the previous batch held
    (that batch's proof makes it zero); the class of a leg, which is not routed, where there are no
    margin rules; whether an order that was not placed is a leg; where a group of orders that were
    not placed is cut in two.
    """
    if is_free(circuit, columns, cell):
        return True
    if cell.table == "carry":
        used = cell.column in ("sequence_before", "digest_before")
        return used and not columns["carry", "used_before"][cell.row]
    if cell.table != "orders":
        return False

    def there(name: str) -> bool:
        return bool(columns.get(("orders", name), [0] * (cell.row + 1))[cell.row])

    not_placed = there("held") or there("rejected")
    return (cell.column in ("last", "leg") and not_placed) or (
        cell.column == "class" and there("leg") and not circuit.features.margins
    )


def other_values(value: int, rng: random.Random) -> list[int]:
    """v + 1, 0, 1, r - 1, -v and a random value, without v itself."""
    candidates = {
        (value + 1) % MODULUS,
        0,
        1,
        MODULUS - 1,
        -value % MODULUS,
        rng.randrange(MODULUS),
    }
    return sorted(candidates - {value % MODULUS})


class ChangeChecker:
    """The checker cut down to what one column can break.

    The unchanged trace passes, so a rule that does not read the column passes after the change.
    """

    def __init__(self, circuit: RoutingCircuit, instance: Instance, columns: Columns) -> None:
        self._circuit = circuit.lowered.circuit
        known = known_columns(circuit, instance)
        self._arrays = {
            place: np.array(values, dtype=object) for place, values in {**known, **columns}.items()
        }
        self._claims = instance.claims
        self._parts: dict[tuple[str, str], Circuit] = {}

    def first_failure(self, cell: Cell, value: int) -> Failure | None:
        """A rule that this change breaks, or None."""
        place = (cell.table, cell.column)
        if place not in self._parts:
            self._parts[place] = rules_reading(self._circuit, place)
        array = self._arrays[place].copy()
        array[cell.row] = value
        columns = self._arrays | {place: array}
        checker = Checker(self._parts[place], columns, self._claims, MODULUS)
        return next(checker.failures(), None)


def rules_reading(circuit: Circuit, place: tuple[str, str]) -> Circuit:
    """The circuit with only the gates, buses and totals that read a column."""

    def reads(*expressions: Expression) -> bool:
        return any(
            (cell.table, cell.column) == place
            for expression in expressions
            for cell in cells(expression)
        )

    buses = {each.bus for each in circuit.interactions if reads(each.multiplicity, *each.values)}
    return replace(
        circuit,
        tables={
            name: replace(table, gates=[gate for gate in table.gates if reads(gate.expression)])
            for name, table in circuit.tables.items()
        },
        buses={name: tag for name, tag in circuit.buses.items() if name in buses},
        interactions=[each for each in circuit.interactions if each.bus in buses],
        totals=[each for each in circuit.totals if reads(*(term.numerator for term in each.terms))],
    )
