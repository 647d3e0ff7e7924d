"""The value the quotient must have at the evaluation point, from the queried values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from circuits.instance import PublicColumns
from circuits.ir.expression import Cell, Challenge, Claim, Constant, Embedded, Expression
from circuits.ir.lowering import LoweredCircuit
from circuits.ir.straight_line import StraightLine
from zkroute.algebra.domain import evaluate_public, root_of_unity, vanishing
from zkroute.algebra.scalars import MODULUS, batch_invert, invert

Values = Mapping[tuple[str, str, int], int]
"""(table, column, rotation) to the value at the evaluation point (times the root if rotated)."""


class AtPoint:
    """The gates at the evaluation point.

    Raises ZeroDivisionError if that point lies in a domain.
    """

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
        self._vanishing = {
            name: vanishing(table.rows, self._point)
            for name, table in lowered.circuit.tables.items()
        }
        self._inverses = dict(
            zip(self._vanishing, batch_invert(list(self._vanishing.values())), strict=True)
        )
        self._public_values: dict[tuple[str, str, int], int] = {}

    def gates(self) -> list[int]:
        """The values of all gates, table after table, in folding order."""
        return _all_gates(self._lowered).evaluate(self._leaf, MODULUS)

    def over_vanishing(self, table: str, value: int) -> int:
        """value / (x^rows - 1) for the rows of one table."""
        return value * self._inverses[table]

    def _leaf(self, leaf: Expression) -> int:
        match leaf:
            case Cell():
                return self._cell(leaf)
            case Constant(value):
                return value
            case Challenge(name):
                return self._challenges[name]
            case Claim(name):
                return self._claims[name]
            case Embedded():
                return self._embedding(leaf.table)
        raise TypeError(f"not a leaf of an expression: {leaf!r}")

    def _cell(self, cell: Cell) -> int:
        """A queried value, or a public column evaluated here."""
        place = (cell.table, cell.column, cell.rotation)
        if (cell.table, cell.column) not in self._public:
            return self._queried[place]
        if place not in self._public_values:
            self._evaluate_public(cell.table, cell.rotation)
        return self._public_values[place]

    def _evaluate_public(self, table: str, rotation: int) -> None:
        """All public columns of one table at once."""
        log_rows = self._lowered.circuit.tables[table].log_rows
        point = self._point * pow(root_of_unity(log_rows), rotation, MODULUS) % MODULUS
        names = [column for name, column in self._public if name == table]
        values = evaluate_public([self._public[table, name] for name in names], log_rows, point)
        for name, value in zip(names, values, strict=True):
            self._public_values[table, name, rotation] = value

    def _embedding(self, table: str) -> int:
        """(m/n) (x^n - 1)/(x^m - 1): one on the table's rows, zero on the main table's others."""
        circuit = self._lowered.circuit
        share = circuit.tables[circuit.main].rows // circuit.tables[table].rows
        factor = self.over_vanishing(table, self._vanishing[circuit.main])
        return factor * invert(share) % MODULUS


@lru_cache(maxsize=32)
def _all_gates(lowered: LoweredCircuit) -> StraightLine:
    return StraightLine.of([gate.expression for gates in lowered.gates.values() for gate in gates])


def quotient_value(
    lowered: LoweredCircuit, at_point: AtPoint, challenges: Mapping[str, int]
) -> int:
    """Sum over tables and gates of gate_fold^i gate_i(x) / (x^rows - 1), in folding order."""
    fold = challenges["gate_fold"]
    gate_values = iter(at_point.gates())
    weight = 1
    value = 0
    for name, gates in lowered.gates.items():
        table_sum = 0
        for _ in gates:
            table_sum += weight * next(gate_values)
            weight = weight * fold % MODULUS
        value += at_point.over_vanishing(name, table_sum)
    return value % MODULUS
