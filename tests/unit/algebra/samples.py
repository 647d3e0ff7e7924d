"""Values and points the tests of this folder share."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import GENERATOR_G1, PointG1, add_pairs_g1, multiply_g1
from zkroute.algebra.scalars import MODULUS

EDGE_SCALARS = (
    0,
    1,
    2,
    MODULUS - 1,
    MODULUS - 2,
    (MODULUS - 1) // 2,
    (MODULUS + 1) // 2,
    (1 << 52) - 1,
    1 << 52,
    (1 << 64) - 1,
    1 << 64,
    (1 << 128) - 1,
    1 << 253,
    (1 << 253) - 1,
    pow(2, 256, MODULUS),
    pow(2, -256, MODULUS),
    pow(2, 260, MODULUS),
    pow(2, -260, MODULUS),
)

SIZES = (1, 2, 3, 7, 8, 9, 64, 65, 127, 1000)


def random_scalars(rng: random.Random, count: int, bits: int = 254) -> list[int]:
    """Scalars below 2**bits, every third an edge value where the width allows it."""
    bound = min(MODULUS, 1 << bits)
    edges = [value for value in EDGE_SCALARS if value < bound]
    return [rng.choice(edges) if index % 3 == 0 else rng.randrange(bound) for index in range(count)]


def limbs_of(values: Sequence[int], count: int = 4) -> Limbs:
    """Little-endian 64-bit limbs, written out without the code under test."""
    mask = (1 << 64) - 1
    rows = [[value >> (64 * limb) & mask for limb in range(count)] for value in values]
    return np.array(rows, dtype=np.uint64).reshape(len(values), count)


def integers_of(limbs: Limbs) -> list[int]:
    """The integers of limbs, likewise."""
    return [sum(limb << (64 * index) for index, limb in enumerate(row)) for row in limbs.tolist()]


def point_limbs_of(points: Sequence[PointG1]) -> Limbs:
    """Rows of eight limbs; infinity is all zero."""
    flat = [value for point in points for value in (point or (0, 0))]
    return limbs_of(flat).reshape(len(points), 8)


def points_of(limbs: Limbs) -> list[PointG1]:
    """The points of rows of eight limbs."""
    values = integers_of(limbs.reshape(-1, 4))
    pairs = zip(values[0::2], values[1::2], strict=True)
    return [(x, y) if x or y else None for x, y in pairs]


@dataclass(frozen=True)
class KnownPoints:
    """Points with known discrete logarithms, so that any sum of multiples has a cheap oracle."""

    logarithms: list[int]
    points: list[PointG1]

    @classmethod
    def make(cls, count: int) -> KnownPoints:
        """An arithmetic progression of multiples of the generator; ``count`` a power of two."""
        rng = random.Random("known points")
        start, step = rng.randrange(MODULUS), rng.randrange(MODULUS)
        points = [multiply_g1(GENERATOR_G1, start)]
        while len(points) < count:
            jump = multiply_g1(GENERATOR_G1, step * len(points))
            points += add_pairs_g1([(point, jump) for point in points])
        return cls([(start + index * step) % MODULUS for index in range(count)], points)

    def take(self, indices: Sequence[int]) -> KnownPoints:
        """The points at these indices, in this order."""
        return KnownPoints(
            [self.logarithms[index] for index in indices],
            [self.points[index] for index in indices],
        )

    def sum(self, scalars: Sequence[int]) -> PointG1:
        """The sum of scalar times point, as one multiple of the generator."""
        pairs = zip(scalars, self.logarithms, strict=False)
        return multiply_g1(GENERATOR_G1, sum(scalar * logarithm for scalar, logarithm in pairs))
