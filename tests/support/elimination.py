"""Exact sparse elimination modulo r: ranks, null spaces, and who satisfies what."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from heapq import heapify, heappop, heappush

from zkroute.algebra.scalars import MODULUS

Row = Mapping[Hashable, int]
"""Unknowns to coefficients modulo r; an unknown that is not there has coefficient zero."""


class Solved:
    """Linear equations, each solved for one unknown in terms of those left over."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._terms: dict[Hashable, dict[Hashable, int]] = {}
        """A solved unknown to the free ones it is a combination of."""
        self._used_by: dict[Hashable, set[Hashable]] = {}
        """A free unknown to the solved ones that depend on it."""
        waiting = [(len(row), number, row) for number, row in enumerate(rows)]
        heapify(waiting)
        while waiting:
            size, number, row = heappop(waiting)
            left = self.reduced(row)
            if waiting and len(left) > max(size, waiting[0][0]):
                heappush(waiting, (len(left), number, left))  # short ones first: less to carry
            elif left:
                self._solve(left)

    @property
    def rank(self) -> int:
        """How many of the equations are independent."""
        return len(self._terms)

    def reduced(self, row: Row) -> dict[Hashable, int]:
        """The row with solved unknowns replaced; empty exactly if it follows from the others."""
        left: dict[Hashable, int] = {}
        for unknown, coefficient in row.items():
            for free, factor in self._terms.get(unknown, {unknown: 1}).items():
                left[free] = (left.get(free, 0) + coefficient * factor) % MODULUS
        return {unknown: value for unknown, value in left.items() if value}

    def null_space(self, unknowns: Iterable[Hashable]) -> list[dict[Hashable, int]]:
        """A basis of the vectors over these unknowns that satisfy every equation."""
        return [
            {free: 1}
            | {solved: self._terms[solved][free] for solved in self._used_by.get(free, ())}
            for free in unknowns
            if free not in self._terms
        ]

    def _solve(self, row: dict[Hashable, int]) -> None:
        """The unknown that fewest others lean on is expressed by the rest of the row."""
        pivot = min(row, key=lambda unknown: len(self._used_by.get(unknown, ())))
        scale = -pow(row.pop(pivot), -1, MODULUS)
        terms = {unknown: value * scale % MODULUS for unknown, value in row.items()}
        for dependent in self._used_by.pop(pivot, set()):
            theirs = self._terms[dependent]
            factor = theirs.pop(pivot)
            for unknown, value in terms.items():
                total = (theirs.get(unknown, 0) + factor * value) % MODULUS
                if total:
                    theirs[unknown] = total
                    self._used_by.setdefault(unknown, set()).add(dependent)
                elif theirs.pop(unknown, None) is not None:
                    self._used_by[unknown].discard(dependent)
        self._terms[pivot] = terms
        for unknown in terms:
            self._used_by.setdefault(unknown, set()).add(pivot)


def rank(rows: Iterable[Row]) -> int:
    """How many of the rows are independent modulo r."""
    return Solved(rows).rank


def product(row: Row, vector: Row) -> int:
    """The row applied to a vector, modulo r."""
    return sum(value * vector.get(unknown, 0) for unknown, value in row.items()) % MODULUS
