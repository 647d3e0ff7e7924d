"""The soundness budget of a circuit: what each challenge adds to the chance of a false proof.

Computed two ways that share nothing but the circuit: ``stated_terms`` puts the circuit's sizes into
the formulas of docs/protocol.md ("Soundness bound"), ``enumerated_terms`` walks the lowered gates,
fractions and opened cells and adds up their degrees. A test holds them against one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log2

from circuits.ir.expression import (
    Add,
    Cell,
    Challenge,
    Embedded,
    Expression,
    Multiply,
    Subtract,
    cells,
)
from circuits.ir.lowering import LoweredCircuit
from circuits.ir.table import COMMITTED_KINDS, Kind
from zkroute.algebra.scalars import MODULUS

LONGEST_TUPLE = 6
"""Most values of a tuple on any bus (docs/protocol.md, buses as fractions)."""

CONTENT_DEGREE = 7
"""Degree of a row's content in slice_fold: eight columns at most."""

MOST_TOTALS = 5
"""Most totals that any policy has."""

CURVE_BITS = 100
"""What BN254 itself is estimated at (Barbulescu and Duquesne, eprint 2017/334)."""

LeafDegree = Callable[[Expression], int]

_BUS = frozenset({"bus_fold", "bus_point"})
_CONTENT = frozenset({"slice_fold", "slice_point"})


@dataclass(frozen=True)
class Term:
    """A way for a false statement to survive: at most ``unlucky`` of r - 1 challenges."""

    challenge: str
    event: str
    unlucky: int

    @property
    def bits(self) -> float:
        """-log2 of the probability's bound."""
        return bits_of([self])


@dataclass(frozen=True)
class Sizes:
    """The letters of docs/protocol.md; the defaults are maxima over all policies."""

    fractions: int
    """N: interactions times rows, over all tables."""
    gates: int
    """K: gates of all tables, helpers' and accumulator's included."""
    opened: int
    """Q: values opened at the evaluation point, the quotient's included."""
    powers: int
    """D: powers of tau in existence."""
    rows: int
    """n: rows of the main table."""
    node_rows: int
    """m: rows of the nodes table."""
    totals: int = MOST_TOTALS
    degree: int = 5

    @classmethod
    def of(cls, lowered: LoweredCircuit, powers: int) -> Sizes:
        """A circuit's own sizes, counted on its declarations."""
        circuit = lowered.circuit
        tables = circuit.tables
        return cls(
            fractions=sum(tables[each.table].rows for each in circuit.interactions),
            gates=sum(len(table.gates) for table in tables.values()) + len(lowered.helpers) + 1,
            opened=len(circuit.columns(Kind.FIXED, *COMMITTED_KINDS)) + 1,
            powers=powers,
            rows=tables[circuit.main].rows,
            node_rows=tables["nodes"].rows,
            totals=len(circuit.totals),
            degree=circuit.degree,
        )


def bits_of(terms: Iterable[Term]) -> float:
    """-log2 of the sum of the terms' probabilities."""
    return log2(MODULUS - 1) - log2(sum(term.unlucky for term in terms))


_EVENTS = (
    ("bus_fold, bus_point", "an unbalanced bus sums to zero"),
    ("bus_fold, bus_point", "a bus denominator is zero"),
    ("slice_fold, slice_point", "a row's content is zero"),
    ("slice_fold, slice_point", "a wrong slice gives the right digest"),
    ("slice_node", "a wrong digest has no pole there"),
    ("slice_node", "a row's destination is zero"),
    ("sum_fold", "brackets that are not all zero cancel"),
    ("gate_fold", "a failing gate leaves no pole"),
    ("evaluation_point", "a false identity holds there"),
    ("opening_fold", "wrong values cancel"),
    ("opening_join", "the two openings cancel"),
)


def _terms(unlucky: Iterable[int]) -> list[Term]:
    return [
        Term(challenge, event, count)
        for (challenge, event), count in zip(_EVENTS, unlucky, strict=True)
    ]


def stated_terms(sizes: Sizes) -> list[Term]:
    """The formulas of docs/protocol.md, in the order of its table."""
    return _terms(
        (
            LONGEST_TUPLE * sizes.fractions,
            LONGEST_TUPLE * sizes.fractions,
            CONTENT_DEGREE * sizes.rows,
            2 * CONTENT_DEGREE * sizes.rows,
            sizes.rows + sizes.node_rows,
            sizes.rows,
            sizes.totals,
            sizes.gates - 1,
            sizes.degree * sizes.powers + 2 * sizes.rows,
            2 * (sizes.opened - 1),
            1,
        )
    )


def enumerated_terms(lowered: LoweredCircuit, powers: int) -> list[Term]:
    """The same events from the lowered circuit's own expressions.

    Raises ValueError for a circuit without slice digests: it has no such budget.
    """
    circuit = lowered.circuit
    accumulation = lowered.accumulation
    late = accumulation.late
    if late is None:
        raise ValueError("the circuit has no slice digests")
    rows = circuit.tables[circuit.main].rows
    denominators = sum(
        circuit.tables[helper.table].rows * challenge_degree(fraction.denominator, _BUS)
        for helper in lowered.helpers
        for fraction in helper.fractions
    )
    content = rows * challenge_degree(late.denominator, _CONTENT)
    destination = rows * challenge_degree(late.denominator, {"slice_node"})
    digests = sum(circuit.tables[name].rows for name in _slice_tables(lowered) - {circuit.main})
    summands = (*accumulation.rows, *accumulation.embedded, late.numerator, accumulation.offset)
    opened = {
        (cell.table, cell.column, cell.rotation)
        for gates in lowered.gates.values()
        for gate in gates
        for cell in (*cells(gate.expression), *_embedded_cells(gate.expression))
        if circuit.specification(cell.table, cell.column).kind is not Kind.PUBLIC
    }
    here = {place[:2] for place in opened}
    there = {place for place in opened if place[2]}
    return _terms(
        (
            denominators,
            denominators,
            content,
            2 * content,
            destination + digests,
            destination,
            max(challenge_degree(summand, {"sum_fold"}) for summand in summands),
            sum(len(gates) for gates in lowered.gates.values()) - 1,
            _identity_degree(lowered, powers),
            # the quotient's value comes after those at the point: no minus one
            len(here) + max(len(there) - 1, 0),
            1,
        )
    )


def challenge_degree(expression: Expression, names: Iterable[str]) -> int:
    """Total degree of an expression in the named challenges, embedded parts included."""
    wanted = frozenset(names)

    def leaf_degree(leaf: Expression) -> int:
        if isinstance(leaf, Embedded):
            return _degree(leaf.inner, leaf_degree)
        return int(isinstance(leaf, Challenge) and leaf.name in wanted)

    return _degree(expression, leaf_degree)


def _slice_tables(lowered: LoweredCircuit) -> set[str]:
    (slices,) = (each for each in lowered.circuit.totals if each.name == "slices")
    return {term.table for term in slices.terms}


def _embedded_cells(expression: Expression) -> list[Cell]:
    """Cells read inside the embedded parts of an expression."""
    match expression:
        case Embedded():
            return cells(expression.inner)
        case Add(left, right) | Subtract(left, right) | Multiply(left, right):
            return _embedded_cells(left) + _embedded_cells(right)
    return []


def _identity_degree(lowered: LoweredCircuit, powers: int) -> int:
    """Degree of sum_T C_T Z_n / Z_T = t Z_n, each committed polynomial below ``powers``."""
    circuit = lowered.circuit
    rows = circuit.tables[circuit.main].rows

    def leaf_degree(leaf: Expression) -> int:
        if isinstance(leaf, Embedded):
            return rows - circuit.tables[leaf.table].rows + _degree(leaf.inner, leaf_degree)
        if isinstance(leaf, Cell):
            kind = circuit.specification(leaf.table, leaf.column).kind
            return (circuit.tables[leaf.table].rows if kind is Kind.PUBLIC else powers) - 1
        return 0

    left = max(
        rows - circuit.tables[name].rows + _degree(gate.expression, leaf_degree)
        for name, gates in lowered.gates.items()
        for gate in gates
    )
    last_chunk = circuit.degree - 2
    return max(left, powers - 1 + last_chunk * rows + rows)


def _degree(expression: Expression, leaf_degree: LeafDegree) -> int:
    """Degree of an expression whose leaves have the given degrees."""
    known: dict[int, int] = {}

    def walk(node: Expression) -> int:
        if id(node) not in known:
            match node:
                case Add(left, right) | Subtract(left, right):
                    known[id(node)] = max(walk(left), walk(right))
                case Multiply(left, right):
                    known[id(node)] = walk(left) + walk(right)
                case _:
                    known[id(node)] = leaf_degree(node)
        return known[id(node)]

    return walk(expression)
