"""Sums of multiples against the reference: sizes, edges, repeats, infinities."""

from __future__ import annotations

import importlib
import random

import pytest

from tests.unit.algebra.samples import EDGE_SCALARS, random_scalars
from zkroute.algebra.groups import (
    GENERATOR_G1,
    PointG1,
    add_g1,
    linear_combination_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import ArithmeticFaultError, VerificationArithmetic


def random_points(rng: random.Random, count: int) -> list[PointG1]:
    """Neighbours on a random walk: as good as random, for one addition each."""
    point, step = (multiply_g1(GENERATOR_G1, rng.randrange(1, MODULUS)) for _ in range(2))
    points = []
    for _ in range(count):
        points.append(point)
        point = add_g1(point, step)
    return points


@pytest.mark.parametrize("count", (1, 2, 3, 17, 87))
def test_sums(compiled: VerificationArithmetic, rng: random.Random, count: int) -> None:
    points, scalars = random_points(rng, count), random_scalars(rng, count)
    expected = linear_combination_g1(points, scalars)
    assert compiled.linear_combination(points, scalars) == expected


@pytest.mark.parametrize("count", (600, 1024, 1500))
@pytest.mark.parametrize("wide", (False, True), ids=("portable", "as this processor can"))
def test_more_terms_than_one_call_takes(
    compiled: VerificationArithmetic,
    rng: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    wide: bool,
) -> None:
    """Many neighbours on a walk, each met by its opposite or itself now and then."""
    if not wide:
        monkeypatch.setattr("zkroute.kernels.verification.arithmetic.runs_ifma", lambda: False)
    base, step = rng.randrange(MODULUS), rng.randrange(MODULUS)
    start, by = multiply_g1(GENERATOR_G1, base), multiply_g1(GENERATOR_G1, step)
    points, logarithms = [start], [base]
    for index in range(1, count):
        points.append(add_g1(points[-1], by) if index % 7 else negate_g1(points[-1]))
        logarithms.append(logarithms[-1] + step if index % 7 else -logarithms[-1])
    scalars = [rng.randrange(MODULUS) if index % 5 else index % 3 for index in range(count)]
    total = sum(scalar * log for scalar, log in zip(scalars, logarithms, strict=True))
    expected = multiply_g1(GENERATOR_G1, total)
    assert compiled.linear_combination(points, scalars) == expected
    assert (
        compiled.linear_combination([*points, *points], [*scalars, *(-s for s in scalars)]) is None
    )


def test_kernels_that_disagree_are_not_used(
    compiled: VerificationArithmetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prover's kernels must first reach a sum of the verifier's own."""
    arithmetic = "zkroute.kernels.verification.arithmetic"
    monkeypatch.setattr(f"{arithmetic}.runs_ifma", lambda: True)
    monkeypatch.setattr(f"{arithmetic}.engine", lambda name: FaultyEngine())
    checked = importlib.import_module(arithmetic)._checked_engine
    checked.cache_clear()
    try:
        with pytest.raises(ArithmeticFaultError, match="a sum of many multiples"):
            compiled.linear_combination([GENERATOR_G1] * 2000, range(2000))
    finally:
        checked.cache_clear()


class FaultyEngine:
    """Says the generator, whatever is asked."""

    def load_points(self, points: object) -> object:
        return points

    def multi_scalar_multiplication(self, bases: object, columns: object) -> list[PointG1]:
        return [GENERATOR_G1]


@pytest.mark.parametrize("scalar", [*EDGE_SCALARS, -1, MODULUS, MODULUS + 1, -MODULUS, 1 << 300])
def test_single_multiples(compiled: VerificationArithmetic, scalar: int) -> None:
    expected = multiply_g1(GENERATOR_G1, scalar)
    assert compiled.linear_combination([GENERATOR_G1], [scalar]) == expected


def test_every_digit_and_carry(compiled: VerificationArithmetic) -> None:
    """Runs of ones and alternating bits at every place a window can start."""
    for shift in range(0, 250, 7):
        for pattern in (0b1, 0b11111, 0b10101, 0b10001, (1 << 60) - 1):
            scalar = pattern << shift
            expected = multiply_g1(GENERATOR_G1, scalar)
            assert compiled.linear_combination([GENERATOR_G1], [scalar]) == expected


def test_points_that_meet_cancel_or_double(
    compiled: VerificationArithmetic, rng: random.Random
) -> None:
    point = multiply_g1(GENERATOR_G1, rng.randrange(1, MODULUS))
    scalar = rng.randrange(1, MODULUS)
    opposite = negate_g1(point)
    for points, scalars, factor in (
        ([point, point], [scalar, scalar], 2 * scalar),
        ([point, opposite], [scalar, scalar], 0),
        ([point, point], [scalar, -scalar], 0),
        ([point, opposite, point], [scalar, scalar, 1], 1),
        ([point] * 5, [scalar] * 5, 5 * scalar),
        ([point, multiply_g1(point, 2), multiply_g1(point, -3)], [scalar] * 3, 0),
        ([point, None, None], [scalar, scalar, 0], scalar),
        ([point, point], [0, 0], 0),
    ):
        expected = multiply_g1(point, factor)
        assert compiled.linear_combination(points, scalars) == expected


def test_nothing_to_add(
    compiled: VerificationArithmetic, reference: VerificationArithmetic
) -> None:
    for arithmetic in (compiled, reference):
        assert arithmetic.linear_combination([], []) is None
        assert arithmetic.linear_combination([None, None], [1, 2]) is None
        with pytest.raises(ValueError):
            arithmetic.linear_combination([GENERATOR_G1], [])
        with pytest.raises(ValueError):
            arithmetic.linear_combination([], [1])
