"""Inputs of the benchmarks: the same in every run."""

from __future__ import annotations

from functools import cache

import numpy as np

from zkroute.algebra.engine import Limbs, engine
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1
from zkroute.algebra.scalars import MODULUS


def scalar_limbs(count: int, bits: int = 254, seed: int = 1) -> Limbs:
    """Uniform canonical scalars below 2**bits, of as many limbs as they need."""
    generator = np.random.default_rng([seed, bits])
    limbs = -(-bits // 64)
    drawn = generator.integers(0, 1 << 64, size=(count, limbs), dtype=np.uint64)
    top = MODULUS >> 192 if bits == 254 else 1 << (bits - 64 * (limbs - 1))
    drawn[:, -1] = generator.integers(0, top, size=count, dtype=np.uint64)
    return drawn


def integers_of(limbs: Limbs) -> list[int]:
    """The integers of limbs, one per row."""
    data = np.ascontiguousarray(limbs).tobytes()
    width = 8 * limbs.shape[1]
    return [int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width)]


@cache
def point_limbs(count: int) -> Limbs:
    """Affine points, shape (count, 8); their logarithms are ``scalar_limbs(count, seed=2)``."""
    fastest = engine()
    return fastest.fixed_base_powers(fastest.load(scalar_limbs(count, seed=2)))


def sum_of_multiples(scalars: Limbs) -> PointG1:
    """What a multiplication of ``point_limbs`` by these scalars must give."""
    logarithms = integers_of(scalar_limbs(len(scalars), seed=2))
    pairs = zip(integers_of(scalars), logarithms, strict=True)
    return multiply_g1(GENERATOR_G1, sum(left * right for left, right in pairs))
