"""Changing single cells of a trace, and checking quickly what the change can break."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from circuits.ir.check import Checker, Failure
from circuits.ir.circuit import Circuit
from circuits.ir.expression import Expression, cells
from circuits.ir.table import Kind
from tests.support.claims import Columns, Setting
from zkroute.algebra.scalars import MODULUS


@dataclass(frozen=True)
class Cell:
    """One place of a trace."""

    table: str
    column: str
    row: int


def private_cells(setting: Setting) -> Iterator[Cell]:
    """Every cell that a prover fills in."""
    circuit = setting.circuit.lowered.circuit
    for column in circuit.columns(Kind.HEADER, Kind.WITNESS):
        for row in range(circuit.tables[column.table].rows):
            yield Cell(column.table, column.name, row)


def is_free(setting: Setting, columns: Columns, cell: Cell) -> bool:
    """Cells the statement leaves open on purpose.

    Masks are random numbers. An order's digest is content: the header's commitment binds it, no
    rule of routing looks at it (but it must be zero where there is no order).
    """
    specification = setting.circuit.lowered.circuit.specification(cell.table, cell.column)
    if specification.masked:
        return True
    is_digest = (cell.table, cell.column) == ("orders", "digest")
    return is_digest and columns["orders", "active"][cell.row] == 1


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

    def __init__(self, setting: Setting, columns: Columns, order_count: int) -> None:
        self._circuit = setting.circuit.lowered.circuit
        self._arrays = {
            place: np.array(values, dtype=object)
            for place, values in {**setting.known, **columns}.items()
        }
        self._claims = {
            "first_sequence": setting.first_sequence,
            "order_count": order_count,
        }
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
