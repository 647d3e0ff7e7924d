"""The value the quotient must have at the evaluation point, from the queried values."""

from __future__ import annotations

from collections.abc import Mapping

from circuits.instance import PublicColumns
from circuits.ir.expression import Cell, Embedded, Expression, evaluate
from circuits.ir.lowering import LoweredCircuit
from zkroute.algebra.domain import evaluate_public, root_of_unity, vanishing
from zkroute.algebra.scalars import MODULUS, invert

Values = Mapping[tuple[str, str, int], int]
"""(table, column, rotation) to the value at the evaluation point (times the root if rotated)."""


class AtPoint:
    """Resolves every leaf of a gate at the evaluation point."""

    def __init__(
        self,
        lowered: LoweredCircuit,
        queried: Values,
        public: PublicColumns,
        challenges: Mapping[str, int],
        claims: Mapping[str, int],
    ) -> None:
        self._lowered = lowered
        self._queried = queried
        self._public = public
        self._challenges = challenges
        self._claims = claims
        self._point = challenges["evaluation_point"]
        self._memo: dict[int, int] = {}
        self._public_values: dict[tuple[str, str, int], int] = {}

    def cell(self, cell: Cell) -> int:
        """A queried value, or a public column evaluated here."""
        place = (cell.table, cell.column, cell.rotation)
        if (cell.table, cell.column) not in self._public:
            return self._queried[place]
        if place not in self._public_values:
            log_rows = self._lowered.circuit.tables[cell.table].log_rows
            point = self._point * pow(root_of_unity(log_rows), cell.rotation, MODULUS)
            self._public_values[place] = evaluate_public(
                self._public[cell.table, cell.column], log_rows, point % MODULUS
            )
        return self._public_values[place]

    def challenge(self, name: str) -> int:
        """A drawn challenge."""
        return self._challenges[name]

    def claim(self, name: str) -> int:
        """A public number."""
        return self._claims[name]

    def embedded(self, embedded: Embedded) -> int:
        """(m/n) (x^n - 1)/(x^m - 1) times the inner value."""
        circuit = self._lowered.circuit
        large = circuit.tables[circuit.main].rows
        small = circuit.tables[embedded.table].rows
        selector = vanishing(large, self._point) * invert(
            vanishing(small, self._point) * (large // small) % MODULUS
        )
        return selector * self.value(embedded.inner) % MODULUS

    def value(self, expression: Expression) -> int:
        """Any expression at the point."""
        return evaluate(expression, self, MODULUS, self._memo)


def quotient_value(
    lowered: LoweredCircuit, at_point: AtPoint, challenges: Mapping[str, int]
) -> int:
    """Sum over tables and gates of gate_fold^i gate_i(x) / (x^rows - 1), in folding order.

    Raises ZeroDivisionError if the evaluation point lies in a domain.
    """
    fold = challenges["gate_fold"]
    point = challenges["evaluation_point"]
    weight = 1
    value = 0
    for name, gates in lowered.gates.items():
        table_sum = 0
        for gate in gates:
            table_sum += weight * at_point.value(gate.expression)
            weight = weight * fold % MODULUS
        value += table_sum * invert(vanishing(lowered.circuit.tables[name].rows, point))
    return value % MODULUS
