"""What a verifier computes: pairings, a small sum of multiples, points from bytes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.benchmarks.conftest import Timing
from tests.benchmarks.samples import integers_of, point_limbs, scalar_limbs
from zkroute.algebra.encoding import compress_g1
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1, negate_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.twist import GENERATOR_G2, multiply_g2
from zkroute.algebra.verification import VerificationArithmetic, verification_arithmetic

POINTS = 64
"""About as many commitments as a batch and its proof have."""


@pytest.fixture(scope="module", params=("reference", "compiled"))
def arithmetic(request: pytest.FixtureRequest) -> VerificationArithmetic:
    return verification_arithmetic(request.param)


def some_points() -> list[PointG1]:
    coordinates = integers_of(point_limbs(POINTS).reshape(-1, 4))
    return list(zip(coordinates[::2], coordinates[1::2], strict=True))


@pytest.mark.benchmark(group="verifier: two pairings")
def test_pairings(arithmetic: VerificationArithmetic, timing: Timing[Any]) -> None:
    scalar = random.Random("pairing").randrange(1, MODULUS)
    left = negate_g1(multiply_g1(GENERATOR_G1, scalar))
    pairs = [(left, GENERATOR_G2), (GENERATOR_G1, multiply_g2(GENERATOR_G2, scalar))]
    assert timing(lambda: arithmetic.pairing_product_is_one(pairs))


@pytest.mark.benchmark(group=f"verifier: sum of {POINTS} multiples")
def test_sum_of_multiples(arithmetic: VerificationArithmetic, timing: Timing[Any]) -> None:
    points, scalars = some_points(), integers_of(scalar_limbs(POINTS))
    total = timing(lambda: arithmetic.linear_combination(points, scalars))
    logarithms = integers_of(scalar_limbs(POINTS, seed=2))
    logarithm = sum(left * right for left, right in zip(scalars, logarithms, strict=True))
    assert total == multiply_g1(GENERATOR_G1, logarithm)


@pytest.mark.benchmark(group=f"verifier: {POINTS} points from bytes")
def test_decompression(arithmetic: VerificationArithmetic, timing: Timing[Any]) -> None:
    points = some_points()
    data = b"".join(map(compress_g1, points))
    assert timing(lambda: arithmetic.decompress_points(data, "point")) == tuple(points)
