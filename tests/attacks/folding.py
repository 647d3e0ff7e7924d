"""A prover that knows gate_fold: three gates fail on one row, and their folded sum is zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circuits.ir.expression import Cell, Embedded, Expression, evaluate
from circuits.ir.table import ColumnSpecification, Kind
from prover.prove import Run
from prover.trace.limbs import from_integers, to_integers
from zkroute.algebra.scalars import MODULUS, invert

ROW = 1


class FoldingRun(Run):
    """Two helpers of the main table are false on one row; the accumulator is not told."""

    def _commit_vectors(
        self, columns: Sequence[ColumnSpecification], vectors: Mapping[tuple[str, str], Any]
    ) -> list[Any]:
        if columns[0].kind is not Kind.HELPER:
            return super()._commit_vectors(columns, vectors)
        engine = self.proving_key.engine
        altered = dict(vectors)
        for place, change in self._changes().items():
            values = to_integers(engine.store(vectors[place]))
            values[ROW] = (values[ROW] + change) % MODULUS
            altered[place] = engine.load(from_integers(values, len(values)))
        points = super()._commit_vectors(columns, altered)
        self.values |= dict(vectors)
        return points

    def _changes(self) -> dict[tuple[str, str], int]:
        lowered = self.proving_key.circuit.lowered
        main = lowered.circuit.main
        late = lowered.accumulation.late
        assert late is not None
        sentences = [
            (name, gate.sentence) for name, gates in lowered.gates.items() for gate in gates
        ]
        fold = self.scalars["gate_fold"]

        def weight(start: str) -> int:
            (place,) = (
                i
                for i, (table, text) in enumerate(sentences)
                if table == main and text.startswith(start)
            )
            return pow(fold, place, MODULUS)

        # changing a helper by 1 changes its own gate by the first, the accumulator's by the second
        step = weight("the accumulator adds") * self._on_row(late.denominator)
        one, other = [helper for helper in lowered.helpers if helper.table == main][:2]
        first, second = (
            weight(f"{helper.name} is the sum") * self._on_row(helper.denominator) - step
            for helper in (one, other)
        )
        change = -first * invert(second % MODULUS) % MODULUS
        return {(main, one.name): 1, (main, other.name): change}

    def _on_row(self, expression: Expression) -> int:
        return evaluate(expression, _OnRow(self), MODULUS, {})


class _OnRow:
    """Values of one row while a proof is being made."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def cell(self, cell: Cell) -> int:
        engine = self._run.proving_key.engine
        values = to_integers(engine.store(self._run.values[cell.table, cell.column]))
        return values[(ROW + cell.rotation) % len(values)]

    def challenge(self, name: str) -> int:
        return self._run.scalars[name]

    def claim(self, name: str) -> int:
        return self._run.scalars[name]

    def embedded(self, embedded: Embedded) -> int:
        raise AssertionError(f"no denominator reads another table: {embedded.text}")
