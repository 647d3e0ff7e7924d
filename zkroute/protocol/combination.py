"""Random linear combinations: one equation that stands for many.

If an equation fails for any point of a list, its combination with independent uniform 128-bit
coefficients fails with probability at least 1 - 2**-128, because the groups have prime order r.
For points of the twist that may lie outside G2 see ``combine_g2``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np

from zkroute.algebra.engine import Column, Engine, Limbs
from zkroute.algebra.groups import PointG1

COEFFICIENT_BITS = 128
COEFFICIENT_LIMBS = 2


def random_coefficients(count: int) -> Limbs:
    """Independent uniform 128-bit coefficients, shape (count, 2), from the operating system."""
    data = secrets.token_bytes(count * COEFFICIENT_BITS // 8)
    return np.frombuffer(data, dtype=np.uint64).reshape(count, COEFFICIENT_LIMBS).copy()


def combine_g1(points: Limbs, coefficients: Sequence[Limbs], engine: Engine) -> list[PointG1]:
    """For each coefficient array of shape (m, L), m <= n, the combination of the first m points.

    ``points`` is a checked point array of shape (n, 8).
    """
    columns = [
        Column(array, 64 * array.shape[1] if array.shape[1] < 4 else 254) for array in coefficients
    ]
    return engine.multi_scalar_multiplication(engine.load_points(points), columns)


def combine_with_successors(points: Limbs, engine: Engine) -> tuple[PointG1, PointG1]:
    """The same random combination of points 0 ... n-2 and of points 1 ... n-1.

    Their ratio is tau if and only if, but for probability 2**-128, each point is tau times the one
    before it: then points i are tau**i times point 0.
    """
    coefficients = random_coefficients(len(points) - 1)
    nothing = np.zeros((1, COEFFICIENT_LIMBS), dtype=np.uint64)
    shifted = np.concatenate([nothing, coefficients])
    lower, upper = combine_g1(points, [coefficients, shifted], engine)
    return lower, upper
