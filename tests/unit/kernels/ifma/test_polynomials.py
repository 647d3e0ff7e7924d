"""Evaluation and division against Horner's rule."""

from __future__ import annotations

import random

import pytest

from tests.unit.kernels.ifma.samples import SIZES, R, scalars, values_of
from zkroute.kernels.ifma import polynomials
from zkroute.kernels.ifma.memory import vector_of


def suffix_values(coefficients: list[int], point: int) -> list[int]:
    """Horner's rule with all its intermediate values: c_i + c_(i+1) x + ..., for each i."""
    values = [0]
    for coefficient in reversed(coefficients):
        values.append((values[-1] * point + coefficient) % R)
    return values[:0:-1]


@pytest.mark.parametrize("size", (0, *SIZES))
def test_evaluation(rng: random.Random, size: int) -> None:
    numbers = scalars(rng, size)
    for point in (0, 1, -1, R, 2, rng.randrange(R)):
        expected = (suffix_values(numbers, point) or [0])[0]
        assert polynomials.evaluate(vector_of(numbers), point) == expected


@pytest.mark.parametrize("size", SIZES)
def test_division(rng: random.Random, size: int) -> None:
    numbers = scalars(rng, size)
    for point in (0, 1, -1, R, 2, rng.randrange(R)):
        quotient = polynomials.divide_by_linear(vector_of(numbers), point)
        assert values_of(quotient) == suffix_values(numbers, point)[1:]


def test_largest_coefficients() -> None:
    numbers = [R - 1] * 3000
    assert polynomials.evaluate(vector_of(numbers), R - 1) == 0
    quotient = polynomials.divide_by_linear(vector_of(numbers), R - 1)
    assert values_of(quotient) == suffix_values(numbers, R - 1)[1:]
