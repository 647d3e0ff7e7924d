"""Expressions over cells, challenges and claim values; one definition for three interpreters.

The checker evaluates them on whole columns (``evaluate``, circuits/ir/check.py), the verifier at
the evaluation point (circuits/ir/straight_line.py), and the prover compiles them to a program
over columns (prover/compile.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Protocol


class Expression:
    """A polynomial in cells of one table; immutable. Integers are promoted to constants."""

    def __add__(self, other: Expression | int) -> Expression:
        right = promote(other)
        if isinstance(right, Constant) and right.value == 0:
            return self
        if isinstance(self, Constant) and self.value == 0:
            return right
        return Add(self, right)

    __radd__ = __add__

    def __sub__(self, other: Expression | int) -> Expression:
        right = promote(other)
        if isinstance(right, Constant) and right.value == 0:
            return self
        return Subtract(self, right)

    def __rsub__(self, other: int) -> Expression:
        return Subtract(Constant(other), self)

    def __mul__(self, other: Expression | int) -> Expression:
        right = promote(other)
        for factor, rest in ((self, right), (right, self)):
            if isinstance(factor, Constant) and factor.value in (0, 1):
                return rest if factor.value == 1 else factor
        return Multiply(self, right)

    __rmul__ = __mul__

    def __neg__(self) -> Expression:
        return Subtract(Constant(0), self)

    @cached_property
    def degree(self) -> int:
        """Degree in the columns' polynomials."""
        return 0

    @cached_property
    def text(self) -> str:
        """Canonical text: what the circuit digest pins and what failures print."""
        raise NotImplementedError

    @property
    def next(self) -> Expression:
        """The same expression on the next row."""
        return self


@dataclass(frozen=True, eq=False)
class Constant(Expression):
    """A fixed integer, read modulo r."""

    value: int

    @cached_property
    def text(self) -> str:
        return str(self.value)


@dataclass(frozen=True, eq=False)
class Challenge(Expression):
    """A value the transcript draws; the schedule says after which messages."""

    name: str

    @cached_property
    def text(self) -> str:
        return f"challenge({self.name})"


@dataclass(frozen=True, eq=False)
class Claim(Expression):
    """A public number of the claim, such as the first sequence number."""

    name: str

    @cached_property
    def text(self) -> str:
        return f"claim({self.name})"


@dataclass(frozen=True, eq=False)
class Cell(Expression):
    """A column's value on this row (rotation 0) or on the next one (rotation 1, wrapping)."""

    table: str
    column: str
    rotation: int = 0

    @property
    def next(self) -> Cell:
        """The same column on the next row."""
        return Cell(self.table, self.column, self.rotation + 1)

    @cached_property
    def degree(self) -> int:
        return 1

    @cached_property
    def text(self) -> str:
        return f"{self.table}.{self.column}" + ("'" if self.rotation else "")


@dataclass(frozen=True, eq=False)
class Embedded(Expression):
    """A smaller table's per-row expression placed on the main table's rows, zero elsewhere.

    With m rows of the smaller table and n of the main one it equals
    (m/n) (X^n - 1)/(X^m - 1) times the inner polynomial: that factor is one on the smaller domain
    and zero on the rest of the larger, and the verifier evaluates it in O(log n).
    """

    table: str
    inner: Expression

    @cached_property
    def degree(self) -> int:
        """Of the inner expression, which stands alone where both tables have as many rows."""
        return max(1, self.inner.degree)

    @cached_property
    def text(self) -> str:
        return f"embed[{self.table}]({self.inner.text})"


@dataclass(frozen=True, eq=False)
class Pair(Expression):
    """Two expressions and what is done with them."""

    left: Expression
    right: Expression

    @cached_property
    def degree(self) -> int:
        return max(self.left.degree, self.right.degree)


class Add(Pair):
    """Sum of two expressions."""

    @cached_property
    def text(self) -> str:
        return f"({self.left.text} + {self.right.text})"

    @property
    def next(self) -> Expression:
        return self.left.next + self.right.next


class Subtract(Pair):
    """Difference of two expressions."""

    @cached_property
    def text(self) -> str:
        return f"({self.left.text} - {self.right.text})"

    @property
    def next(self) -> Expression:
        return self.left.next - self.right.next


class Multiply(Pair):
    """Product of two expressions."""

    @cached_property
    def degree(self) -> int:
        return self.left.degree + self.right.degree

    @cached_property
    def text(self) -> str:
        return f"{self.left.text}*{self.right.text}"

    @property
    def next(self) -> Expression:
        return self.left.next * self.right.next


def promote(value: Expression | int) -> Expression:
    """The expression itself, or an integer as a constant."""
    return Constant(value) if isinstance(value, int) else value


ZERO = promote(0)


def total(terms: Iterable[Expression | int]) -> Expression:
    """Sum of the terms; zero for none."""
    return reduce(lambda left, right: left + right, map(promote, terms), promote(0))


def product(factors: Iterable[Expression | int]) -> Expression:
    """Product of the factors; one for none."""
    return reduce(lambda left, right: left * right, map(promote, factors), promote(1))


def powers(base: Expression, terms: Iterable[Expression | int]) -> Expression:
    """terms[0] + base*terms[1] + base^2*terms[2] + ... by Horner's rule."""
    folded = promote(0)
    for term in reversed([promote(term) for term in terms]):
        folded = folded * base + term
    return folded


class Resolver(Protocol):
    """What an interpreter knows: the value of each kind of leaf."""

    def cell(self, cell: Cell) -> int:
        """Value of a cell."""

    def challenge(self, name: str) -> int:
        """Value of a challenge."""

    def claim(self, name: str) -> int:
        """Value of a public number."""

    def embedded(self, embedded: Embedded) -> int:
        """Value of a smaller table's expression on the main table."""


def evaluate(expression: Expression, resolver: Resolver, modulus: int, memo: dict[int, int]) -> int:
    """The value modulo ``modulus``; ``memo`` (by node identity) shares work between calls.

    The caller keeps the expressions alive as long as the memo.
    """
    known = memo.get(id(expression))
    if known is not None:
        return known
    match expression:
        case Constant(value):
            result = value
        case Cell():
            result = resolver.cell(expression)
        case Challenge(name):
            result = resolver.challenge(name)
        case Claim(name):
            result = resolver.claim(name)
        case Embedded():
            result = resolver.embedded(expression)
        case Add(left, right):
            result = evaluate(left, resolver, modulus, memo) + evaluate(
                right, resolver, modulus, memo
            )
        case Subtract(left, right):
            result = evaluate(left, resolver, modulus, memo) - evaluate(
                right, resolver, modulus, memo
            )
        case Multiply(left, right):
            result = evaluate(left, resolver, modulus, memo) * evaluate(
                right, resolver, modulus, memo
            )
        case _:
            raise TypeError(f"not an expression: {expression!r}")
    memo[id(expression)] = result = result % modulus
    return result


def cells(expression: Expression) -> list[Cell]:
    """Distinct cells in order of first appearance (embedded parts excluded)."""
    found: dict[tuple[str, str, int], Cell] = {}
    seen: set[int] = set()

    def walk(node: Expression) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, Cell):
            found.setdefault((node.table, node.column, node.rotation), node)
        elif isinstance(node, Pair):
            walk(node.left)
            walk(node.right)

    walk(expression)
    return list(found.values())


def challenges(expression: Expression) -> set[str]:
    """Names of the challenges an expression uses, embedded parts included."""
    if isinstance(expression, Challenge):
        return {expression.name}
    if isinstance(expression, Embedded):
        return challenges(expression.inner)
    if isinstance(expression, Pair):
        return challenges(expression.left) | challenges(expression.right)
    return set()
