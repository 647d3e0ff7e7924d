"""Commitments: columns in the Lagrange basis with blinding, coefficient vectors as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prover.blinding import MAXIMUM_BLINDING
from prover.trace.limbs import from_integers
from zkroute.algebra.engine import Bases, Column, Engine, Vector
from zkroute.algebra.groups import PointG1, add_g1
from zkroute.protocol.srs import StructuredReferenceString


@dataclass(frozen=True)
class BlindedColumn:
    """Values on a domain of 2**log_rows rows and the coefficients that blind them."""

    column: Column
    log_rows: int
    blinding: tuple[int, ...]


class Committer:
    """Commits under one SRS with one engine; bases are prepared once per domain size."""

    def __init__(self, srs: StructuredReferenceString, engine: Engine) -> None:
        self.srs = srs
        self.engine = engine
        self._lagrange: dict[int, Bases] = {}
        self._vanishing: dict[int, Bases] = {}
        self._powers: Bases | None = None

    def columns(self, columns: Sequence[BlindedColumn]) -> list[PointG1]:
        """One commitment per column: sum of value_i [L_i] plus sum of b_i [tau^(n+i) - tau^i]."""
        points: list[PointG1] = [None] * len(columns)
        for log_rows in sorted({column.log_rows for column in columns}):
            chosen = [i for i, column in enumerate(columns) if column.log_rows == log_rows]
            values = self.engine.multi_scalar_multiplication(
                self._lagrange_bases(log_rows), [columns[i].column for i in chosen]
            )
            blinds = self.engine.multi_scalar_multiplication(
                self._vanishing_bases(log_rows),
                [
                    Column(from_integers(columns[i].blinding, len(columns[i].blinding)), 254)
                    for i in chosen
                ],
            )
            for i, value, blind in zip(chosen, values, blinds, strict=True):
                points[i] = add_g1(value, blind)
        return points

    def coefficients(self, polynomials: Sequence[Vector]) -> list[PointG1]:
        """One commitment per coefficient vector."""
        if self._powers is None:
            self._powers = self.engine.load_points(self.srs.powers)
        return self.engine.multi_scalar_multiplication(
            self._powers, [Column(self.engine.store(vector), 254) for vector in polynomials]
        )

    def _lagrange_bases(self, log_rows: int) -> Bases:
        if log_rows not in self._lagrange:
            points = self.srs.lagrange(log_rows, self.engine)
            self._lagrange[log_rows] = self.engine.load_points(points)
        return self._lagrange[log_rows]

    def _vanishing_bases(self, log_rows: int) -> Bases:
        if log_rows not in self._vanishing:
            points = self.srs.vanishing_powers(log_rows, MAXIMUM_BLINDING)
            self._vanishing[log_rows] = self.engine.load_points(np.ascontiguousarray(points))
        return self._vanishing[log_rows]


def blinded_coefficients(
    engine: Engine, columns: Sequence[Vector], blinding: Sequence[Sequence[int]]
) -> list[Vector]:
    """Coefficients of each column's interpolation plus b(X) (X^n - 1); n + len(b) of them."""
    interpolated = engine.interpolate_all(columns)
    return [
        _blinded(engine, coefficients, scalars)
        for coefficients, scalars in zip(interpolated, blinding, strict=True)
    ]


def _blinded(engine: Engine, coefficients: Vector, blinding: Sequence[int]) -> Vector:
    if not blinding:
        return coefficients
    blind = engine.from_integers(blinding)
    return engine.linear_combination([engine.concatenate([coefficients, blind]), blind], [1, -1])
