"""From buses and totals to helper columns, one accumulator, and gates (LogUp, eprint 2022/1530).

Every interaction is a fraction multiplicity / (bus_point - fold(tag, values)); a bus balances
exactly when its fractions sum to zero, but for the error docs/protocol.md computes. Fractions are
packed into helper columns so that each helper's gate stays within the circuit's degree; one
accumulator on the main table sums helpers of all tables (small tables embedded) and the totals.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.ir.circuit import Circuit, Interaction, Total
from circuits.ir.expression import (
    Cell,
    Challenge,
    Embedded,
    Expression,
    cells,
    challenges,
    powers,
    product,
    promote,
    total,
)
from circuits.ir.table import Gate, Kind

BUS_POINT = Challenge("bus_point")
BUS_FOLD = Challenge("bus_fold")
SUM_FOLD = Challenge("sum_fold")

LATE_CHALLENGES = {"slice_node", "sum_fold"}
"""Challenges drawn after the helper columns: fractions using them go into the accumulator."""


@dataclass(frozen=True)
class Fraction:
    """numerator / denominator on every row of a table."""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True)
class Helper:
    """A committed column equal to the sum of its fractions on every row."""

    table: str
    name: str
    fractions: tuple[Fraction, ...]

    @property
    def cell(self) -> Cell:
        """The helper's value on the current row."""
        return Cell(self.table, self.name)

    @property
    def numerator(self) -> Expression:
        """Sum over i of numerator_i times the other denominators."""
        return total(
            fraction.numerator
            * product(other.denominator for other in self.fractions if other is not fraction)
            for fraction in self.fractions
        )

    @property
    def denominator(self) -> Expression:
        """Product of all denominators."""
        return product(fraction.denominator for fraction in self.fractions)


@dataclass(frozen=True)
class Accumulation:
    """What the accumulator adds on each row of the main table."""

    cell: Cell
    rows: tuple[Expression, ...]
    """Summands on the main table's own rows, without denominators."""
    embedded: tuple[Embedded, ...]
    """Summands of the smaller tables."""
    late: Fraction | None
    """One fraction that depends on late challenges, already weighted."""
    offset: Expression
    """Sum over totals of weight times expected value; each row subtracts offset / rows."""


@dataclass(frozen=True, eq=False)
class LoweredCircuit:
    """The circuit as gates only, plus how to fill helpers and accumulator."""

    circuit: Circuit
    helpers: tuple[Helper, ...]
    accumulation: Accumulation
    gates: dict[str, tuple[Gate, ...]]
    """All gates of each table, in folding order."""
    row_share: Expression
    """1 / rows of the main table as a constant."""


def fraction_of(circuit: Circuit, interaction: Interaction) -> Fraction:
    """An interaction as a fraction in the bus challenges."""
    tag = promote(circuit.buses[interaction.bus])
    return Fraction(
        interaction.multiplicity, BUS_POINT - powers(BUS_FOLD, (tag, *interaction.values))
    )


def lower(circuit: Circuit, modulus: int) -> LoweredCircuit:
    """Adds helper and accumulator columns to the circuit's tables and returns all gates."""
    helpers = tuple(helper for name in circuit.tables for helper in _pack_helpers(circuit, name))
    for helper in helpers:
        circuit.tables[helper.table].column(
            helper.name, Kind.HELPER, 254, "sum of the bus fractions it stands for"
        )
    main = circuit.tables[circuit.main]
    accumulator = main.column(
        "accumulator", Kind.ACCUMULATOR, 254, "running sum of all fractions and totals"
    )
    accumulation = _accumulate(circuit, helpers, accumulator)
    row_share = promote(pow(main.rows, -1, modulus))
    gates: dict[str, tuple[Gate, ...]] = {}
    for name, table in circuit.tables.items():
        lowered = [
            Gate(
                f"{helper.name} is the sum of its fractions",
                helper.cell * helper.denominator - helper.numerator,
            )
            for helper in helpers
            if helper.table == name
        ]
        if name == circuit.main:
            lowered.append(_accumulator_gate(accumulation, row_share))
        gates[name] = (*table.gates, *lowered)
    _assert_well_formed(circuit, gates)
    return LoweredCircuit(circuit, helpers, accumulation, gates, row_share)


def _pack_helpers(circuit: Circuit, table: str) -> list[Helper]:
    """Greedy first-fit packing of a table's fractions under the degree limit."""
    groups: list[list[Fraction]] = []
    fractions = [
        fraction_of(circuit, interaction)
        for interaction in circuit.interactions
        if interaction.table == table
    ]
    for fraction in sorted(fractions, key=_weight, reverse=True):
        for group in groups:
            if _group_degree([*group, fraction]) <= circuit.degree:
                group.append(fraction)
                break
        else:
            groups.append([fraction])
    return [Helper(table, f"helper_{number}", tuple(group)) for number, group in enumerate(groups)]


def _weight(fraction: Fraction) -> int:
    return fraction.denominator.degree + fraction.numerator.degree


def _group_degree(group: list[Fraction]) -> int:
    denominators = sum(fraction.denominator.degree for fraction in group)
    with_numerators = max(
        fraction.numerator.degree + denominators - fraction.denominator.degree for fraction in group
    )
    return max(1 + denominators, with_numerators)


def _accumulate(circuit: Circuit, helpers: tuple[Helper, ...], accumulator: Cell) -> Accumulation:
    """Sorts every summand by where it lives; totals are weighted by powers of sum_fold."""
    parts: dict[str, list[Expression]] = {name: [] for name in circuit.tables}
    for helper in helpers:
        parts[helper.table].append(helper.cell)
    late: Fraction | None = None
    weight: Expression = SUM_FOLD
    offset = promote(0)
    for each in circuit.totals:
        for term in each.terms:
            if term.denominator is None:
                parts[term.table].append(weight * term.numerator)
            else:
                if late is not None or term.table != circuit.main:
                    raise ValueError("only one total may divide, on the main table")
                if not challenges(term.denominator) & LATE_CHALLENGES:
                    raise ValueError(f"the denominator of {each.name} needs a late challenge")
                late = Fraction(weight * term.numerator, term.denominator)
        offset = offset + weight * each.equals
        weight = weight * SUM_FOLD
    embedded = tuple(
        Embedded(name, total(terms))
        for name, terms in parts.items()
        if name != circuit.main and terms
    )
    for part in embedded:
        if part.inner.degree > 2:
            raise ValueError(f"embedded summands of {part.table} exceed degree two")
    return Accumulation(accumulator, tuple(parts[circuit.main]), embedded, late, offset)


def _accumulator_gate(accumulation: Accumulation, row_share: Expression) -> Gate:
    """accumulator' - accumulator equals this row's summands; it closes on itself at the end."""
    step = (
        accumulation.cell.next
        - accumulation.cell
        - total(accumulation.rows)
        - total(accumulation.embedded)
        + accumulation.offset * row_share
    )
    if accumulation.late is not None:
        step = step * accumulation.late.denominator - accumulation.late.numerator
    return Gate("the accumulator adds this row's fractions and closes at zero", step)


def _assert_well_formed(circuit: Circuit, gates: dict[str, tuple[Gate, ...]]) -> None:
    """Degrees are within the circuit's; only the main table is read on its next row."""
    for name, table_gates in gates.items():
        for gate in table_gates:
            rotations = {cell.rotation for cell in cells(gate.expression)}
            if not rotations <= ({0, 1} if name == circuit.main else {0}):
                raise ValueError(f"gate {name}: {gate.sentence!r} reads rows it may not")
            if gate.expression.degree > circuit.degree:
                raise ValueError(
                    f"gate {name}: {gate.sentence!r} has degree {gate.expression.degree}, "
                    f"above the circuit's {circuit.degree}"
                )


def total_text(each: Total) -> str:
    """Canonical text of a total, for the circuit digest."""
    terms = " + ".join(
        f"sum[{term.table}]({term.numerator.text} / "
        f"{term.denominator.text if term.denominator else '1'})"
        for term in each.terms
    )
    return f"total {each.name}: {terms} = {each.equals.text}"
