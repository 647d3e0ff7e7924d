"""The checker: every gate on every row, every bus exactly, all failures named.

It reads the same expressions as prover and verifier but works on the integers of a trace, without
challenges: buses are compared as multisets, so its verdict is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from circuits.ir.circuit import Circuit, Interaction, Total
from circuits.ir.expression import Cell, Embedded, Expression, cells, evaluate
from circuits.ir.table import Table

Columns = Mapping[tuple[str, str], "np.ndarray[tuple[int], np.dtype[Any]]"]
"""(table, column) to an object array of integers, one per row."""


@dataclass(frozen=True)
class Failure:
    """One rule that one place of the trace breaks."""

    table: str
    rule: str
    row: int
    """The row, or -1 for a sum over all rows."""
    values: dict[str, int]

    def __str__(self) -> str:
        where = f"{self.table} row {self.row}" if self.row >= 0 else self.table
        shown = ", ".join(f"{name} = {value}" for name, value in self.values.items())
        return f"{where}: {self.rule} ({shown})"


class _OnRows:
    """Resolves leaves to whole columns."""

    def __init__(self, columns: Columns, claims: Mapping[str, int]) -> None:
        self._columns = columns
        self._claims = claims

    def cell(self, cell: Cell) -> Any:
        column = self._columns[cell.table, cell.column]
        return np.roll(column, -cell.rotation) if cell.rotation else column

    def challenge(self, name: str) -> int:
        raise LookupError(f"the checker knows no challenge {name}")

    def claim(self, name: str) -> int:
        return self._claims[name]

    def embedded(self, embedded: Embedded) -> int:
        raise LookupError(f"{embedded.text} only stands in the accumulator")


class Checker:
    """Evaluates a circuit's rules over one trace."""

    def __init__(
        self, circuit: Circuit, columns: Columns, claims: Mapping[str, int], modulus: int
    ) -> None:
        self._circuit = circuit
        self._resolver = _OnRows(columns, claims)
        self._modulus = modulus
        self._memo: dict[int, Any] = {}

    def failures(self) -> Iterator[Failure]:
        """Every broken gate, bus tuple and total; none exactly if the trace is right."""
        for table in self._circuit.tables.values():
            yield from self._gates(table)
        for bus in self._circuit.buses:
            yield from self._bus(bus)
        for each in self._circuit.totals:
            yield from self._total(each)

    def _rows(self, expression: Expression, table: Table) -> Any:
        values: Any = evaluate(expression, self._resolver, self._modulus, self._memo)
        if np.ndim(values) == 0:
            values = np.full(table.rows, values, dtype=object)
        return values

    def _gates(self, table: Table) -> Iterator[Failure]:
        for gate in table.gates:
            for row in np.flatnonzero(self._rows(gate.expression, table)):
                yield Failure(
                    table.name, gate.sentence, int(row), self._cells(gate.expression, int(row))
                )

    def _cells(self, expression: Expression, row: int) -> dict[str, int]:
        return {
            cell.column + ("'" if cell.rotation else ""): int(self._resolver.cell(cell)[row])
            for cell in cells(expression)
        }

    def _bus(self, bus: str) -> Iterator[Failure]:
        """Tuples whose signed multiplicities do not cancel, with one place each."""
        net: dict[tuple[int, ...], int] = {}
        place: dict[tuple[int, ...], tuple[Interaction, int]] = {}
        for interaction in self._circuit.interactions:
            if interaction.bus != bus:
                continue
            table = self._circuit.tables[interaction.table]
            weights = self._rows(interaction.multiplicity, table)
            chosen = np.flatnonzero(weights)
            columns = [self._rows(value, table)[chosen].tolist() for value in interaction.values]
            rows = zip(
                chosen.tolist(), weights[chosen].tolist(), zip(*columns, strict=True), strict=True
            )
            for row, weight, values in rows:
                net[values] = (net.get(values, 0) + weight) % self._modulus
                place.setdefault(values, (interaction, row))
        for values, weight in net.items():
            if weight:
                interaction, row = place[values]
                signed = weight if weight < self._modulus // 2 else weight - self._modulus
                shown = {value.text: v for value, v in zip(interaction.values, values, strict=True)}
                yield Failure(
                    interaction.table,
                    f"bus {bus} does not balance: {interaction.sentence}",
                    row,
                    shown | {"net": signed},
                )

    def _total(self, each: Total) -> Iterator[Failure]:
        """Totals without challenges; the slice digests are defined by theirs, not bound."""
        if any(term.denominator for term in each.terms):
            return
        expected = evaluate(each.equals, self._resolver, self._modulus, {})
        found = sum(
            int(self._rows(term.numerator, self._circuit.tables[term.table]).sum())
            for term in each.terms
        )
        if (found - expected) % self._modulus:
            yield Failure(
                each.terms[0].table, each.sentence, -1, {"found": found, "expected": expected}
            )
