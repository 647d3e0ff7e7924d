"""The batched KZG opening, as verifier/opening.py checks it."""

from __future__ import annotations

from collections.abc import Sequence

from zkroute.algebra.engine import Engine, Vector
from zkroute.algebra.scalars import MODULUS


def opening_polynomial(
    engine: Engine, polynomials: Sequence[Vector], fold: int, point: int
) -> Vector:
    """Coefficients of (sum_i fold^i (p_i(X) - p_i(point))) / (X - point)."""
    weights = []
    weight = 1
    for _ in polynomials:
        weights.append(weight)
        weight = weight * fold % MODULUS
    return engine.divide_by_linear(engine.linear_combination(polynomials, weights), point)
