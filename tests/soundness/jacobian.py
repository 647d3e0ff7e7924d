"""The constraints of a circuit, linearised at a trace: what could move without being noticed.

Unknowns are the cells a prover fills in. Public columns and figures are given, and so are the
columns that the previous batch committed to (``work_before``, ``*_before``): the header repeats its
commitments. (Were these unknown too, all works could for instance grow alike: choices depend on
differences of keys.) At a trace that the checker accepts every constraint becomes linear equations
in small changes of the cells:

* A gate or a total: its derivative is zero, exactly, over F_r.
* A bus: tuples that are equal in the trace are a *group*. If its multiplicities are taken as
  integers around zero, each group has one member, its hub, on one side and all others on the
  other side (this is asserted), so no part of it but the whole sums to zero. **The members stay
  equal, and the sum of all multiplicities stays zero**; members of multiplicity zero only take
  part in the sum. Where the hub is an entry of a public list, what is looked up cannot move.

*Why the rule for buses is right.* Take any point of the constraints' solutions in the formal
neighbourhood of the trace (coordinates in a local ring that reduce to the trace). There each group
falls apart into classes of tuples that are still equal, and the multiplicities of each class sum to
zero. Reduced to the trace, the sum over a class's members is zero too; as no proper part of a group
sums to zero, one class has all members that count. So near the trace the solutions satisfy the
linear equations "members are equal" and "the group's multiplicities sum to zero", and with the
gates they form a scheme whose tangent space is the null space computed here. Its dimension bounds
the dimension of the solutions at the trace. The derivative of the fractions' sum would be weaker:
sum of multiplicity times change is zero for every group, so that two limbs of equal value could
seem to move against each other though the lookup list lets neither move.

If the null space is spanned by what the statement leaves free on purpose, nothing else about a
trace can be varied: it is isolated, given those. Another trace of the same claim can only be a
discrete choice away, which forgeries and brute force look for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from circuits.instance import Instance
from circuits.ir.circuit import Interaction
from circuits.ir.expression import Cell, Embedded, Expression, evaluate
from circuits.routing import RoutingCircuit
from tests.rule.ground import Constraint, checked_value
from tests.support.cells import Cell as Place
from tests.support.cells import is_free, private_cells
from tests.support.claims import Columns, known_columns
from tests.support.elimination import Row
from zkroute.algebra.scalars import MODULUS


class Dual:
    """A value and its gradient; what `evaluate` needs of a number."""

    __slots__ = ("gradient", "value")

    def __init__(self, value: int, gradient: Row) -> None:
        self.value = value
        self.gradient = gradient

    def __add__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value + other, self.gradient)
        return Dual(self.value + other.value, _sum(self.gradient, 1, other.gradient, 1))

    __radd__ = __add__

    def __sub__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value - other, self.gradient)
        return Dual(self.value - other.value, _sum(self.gradient, 1, other.gradient, -1))

    def __rsub__(self, other: int) -> Dual:
        return Dual(other - self.value, _sum({}, 1, self.gradient, -1))

    def __mul__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value * other, _sum({}, 1, self.gradient, other))
        gradient = _sum(self.gradient, other.value, other.gradient, self.value)
        return Dual(self.value * other.value, gradient)

    __rmul__ = __mul__

    def __mod__(self, modulus: int) -> Dual:
        return Dual(self.value % modulus, self.gradient)


def _sum(left: Row, left_factor: int, right: Row, right_factor: int) -> Row:
    """left_factor * left + right_factor * right, modulo r and without zeros."""
    total = dict(left) if left_factor == 1 else _scaled(left, left_factor)
    for unknown, value in right.items():
        total[unknown] = (total.get(unknown, 0) + right_factor * value) % MODULUS
        if not total[unknown]:
            del total[unknown]
    return total


def _scaled(row: Row, factor: int) -> dict[object, int]:
    if not factor % MODULUS:
        return {}
    return {unknown: value * factor % MODULUS for unknown, value in row.items()}


@dataclass(frozen=True)
class Equation:
    """One linear condition on the changes of cells, and the constraint it comes from."""

    constraint: Constraint
    row: Row


@dataclass(frozen=True)
class _Member:
    """One row's part in a bus."""

    interaction: Interaction
    weight: Dual
    values: tuple[Dual, ...]


class _OnRow:
    """Resolves leaves on one row; cells that may change carry their gradient."""

    def __init__(self, values: Columns, unknown: set[tuple[str, str]], claims: dict[str, int]):
        self._values = values
        self._unknown = unknown
        self._claims = claims
        self.row = 0

    def cell(self, cell: Cell) -> Dual:
        column = self._values[cell.table, cell.column]
        row = (self.row + cell.rotation) % len(column)
        known = (cell.table, cell.column) not in self._unknown
        return Dual(column[row], {} if known else {Place(cell.table, cell.column, row): 1})

    def challenge(self, name: str) -> Dual:
        raise LookupError(f"no constraint before lowering has the challenge {name}")

    def claim(self, name: str) -> Dual:
        return Dual(self._claims[name], {})

    def embedded(self, embedded: Embedded) -> Dual:
        raise LookupError(f"{embedded.text} only stands in the accumulator")


class Linearised:
    """The equations of one trace, which has to be one the checker accepts."""

    def __init__(self, circuit: RoutingCircuit, instance: Instance, columns: Columns) -> None:
        self.circuit = circuit
        self.columns = columns
        self.unknowns = [
            place for place in private_cells(circuit) if not place.column.endswith("_before")
        ]
        self._leaves = _OnRow(
            {**known_columns(circuit, instance), **columns},
            {(place.table, place.column) for place in self.unknowns},
            instance.claims,
        )
        self._memos: dict[tuple[str, int], dict[int, Dual]] = {}
        self.equations = [*self._gates(), *self._buses(), *self._totals()]

    def _at(self, table: str, row: int, expression: Expression) -> Dual:
        self._leaves.row = row
        memo = self._memos.setdefault((table, row), {})
        value = evaluate(expression, self._leaves, MODULUS, memo)  # type: ignore[arg-type]  # Dual
        return value if isinstance(value, Dual) else Dual(value, {})

    def _gates(self) -> Iterator[Equation]:
        for table in self.circuit.lowered.circuit.tables.values():
            for gate in table.gates:
                constraint = Constraint(table.name, "gate", gate.sentence)
                for row in range(table.rows):
                    value = self._at(table.name, row, gate.expression)
                    assert value.value == 0, (constraint, row)
                    if value.gradient:
                        yield Equation(constraint, value.gradient)

    def _totals(self) -> Iterator[Equation]:
        """The slice digests are defined by their total, not bound by it: it is left out."""
        whole = self.circuit.lowered.circuit
        for total in whole.totals:
            if any(term.denominator for term in total.terms):
                continue
            found = Dual(0, {})
            for term in total.terms:
                for row in range(whole.tables[term.table].rows):
                    found = found + self._at(term.table, row, term.numerator)
            found = (found - self._at(whole.main, 0, total.equals)) % MODULUS
            assert found.value == 0, total.sentence
            yield Equation(Constraint("", "total", total.sentence), found.gradient)

    def _buses(self) -> Iterator[Equation]:
        for bus in self.circuit.lowered.circuit.buses:
            groups: dict[tuple[int, ...], list[_Member]] = {}
            for member in self._members(bus):
                groups.setdefault(tuple(v.value for v in member.values), []).append(member)
            for members in groups.values():
                yield from _balance(bus, members)

    def _members(self, bus: str) -> Iterator[_Member]:
        whole = self.circuit.lowered.circuit
        for each in whole.interactions:
            if each.bus == bus:
                for row in range(whole.tables[each.table].rows):
                    values = tuple(self._at(each.table, row, value) for value in each.values)
                    yield _Member(each, self._at(each.table, row, each.multiplicity), values)


def _balance(bus: str, members: list[_Member]) -> Iterator[Equation]:
    """The group's multiplicities stay balanced; those that count stay equal to their hub."""
    whole = Constraint("", "bus", bus)
    changes: Row = {}
    for member in members:
        changes = _sum(changes, 1, member.weight.gradient, 1)
    if changes:
        yield Equation(whole, changes)
    hub, others = _hub_and_others(members)
    for member in others:
        checked = checked_value(member.interaction)
        constraint = Constraint(member.interaction.table, "range", checked) if checked else whole
        assert hub is not None
        for mine, its in zip(member.values, hub.values, strict=True):
            difference = _sum(mine.gradient, 1, its.gradient, -1)
            if difference:
                yield Equation(constraint, difference)


def _hub_and_others(members: list[_Member]) -> tuple[_Member | None, list[_Member]]:
    """The one member on its side, and those on the other side that outweigh it together."""
    sides: dict[bool, list[_Member]] = {False: [], True: []}
    total = size = 0
    for member in members:
        weight = member.weight.value
        signed = weight if weight < MODULUS // 2 else weight - MODULUS
        total, size = total + signed, size + abs(signed)
        if signed:
            sides[signed > 0].append(member)
    assert total == 0, members[0].interaction.bus
    assert size < MODULUS // 2, "multiplicities are small integers, or sums could wrap"
    fewer, more = sorted(sides.values(), key=len)
    if not more:
        return None, []
    assert len(fewer) == 1, f"{members[0].interaction.bus}: two on either side have one tuple"
    return fewer[0], more


def declared(circuit: RoutingCircuit, columns: Columns) -> list[dict[Place, int]]:
    """What the statement leaves free on purpose, one direction for each freedom.

    The cells of `tests.support.cells.is_free`. Besides, the digest of a new order that is held: it
    is content as any other's, and the next batch's list of held orders holds the same digest. And,
    where no margin rule asks for it, the class of a leg, which is routed with its leader.
    """
    free = [{place: 1} for place in private_cells(circuit) if is_free(circuit, columns, place)]
    rows = range(circuit.lowered.circuit.tables["orders"].rows)
    flags = {
        name: columns.get(("orders", name), [0] * len(rows)) for name in ("held", "carried", "leg")
    }
    for row in rows:
        if flags["held"][row] and not flags["carried"][row]:
            entry = columns["carry", "sequence_after"].index(columns["orders", "sequence"][row])
            free.append(
                {Place("orders", "digest", row): 1, Place("carry", "digest_after", entry): 1}
            )
        if flags["leg"][row] and not circuit.features.margins and circuit.features.classes:
            free.append({Place("orders", "class", row): 1})
    return free


def without(equations: Iterable[Equation], forgotten: Constraint) -> list[Row]:
    """The equations' rows as if somebody had forgotten one constraint."""
    return [each.row for each in equations if each.constraint != forgotten]
