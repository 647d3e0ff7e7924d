"""Transforms against their definition, one output at a time."""

from __future__ import annotations

import random

import pytest

from tests.unit.kernels.ifma.samples import R, scalars, values_of
from zkroute.kernels.ifma import transform
from zkroute.kernels.ifma.memory import vector_of
from zkroute.kernels.ifma.transform import SMALLEST_LOG, bit_reversed


def root(log_size: int) -> int:
    return pow(5, (R - 1) >> log_size, R)


def value_at(coefficients: list[int], point: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * point + coefficient) % R
    return value


def sample(rng: random.Random, size: int) -> list[int]:
    """All indices, or the first, the last and some others."""
    if size <= 64:
        return list(range(size))
    return [0, 1, 7, 8, size // 2, size - 1, *(rng.randrange(size) for _ in range(10))]


@pytest.mark.parametrize("shift", (1, 5, R - 1))
@pytest.mark.parametrize("log_size", (*range(SMALLEST_LOG + 6), 13))
def test_values_on_cosets(rng: random.Random, log_size: int, shift: int) -> None:
    size = 1 << log_size
    for length in (size, size // 2 + 1, size + 3, 3 * size + 9):
        numbers = scalars(rng, length)
        values = values_of(transform.evaluate(vector_of(numbers), log_size, shift))
        for index in sample(rng, size):
            point = shift * pow(root(log_size), index, R) % R
            assert values[index] == value_at(numbers, point)


@pytest.mark.parametrize("shift", (1, 5))
@pytest.mark.parametrize("log_size", (*range(SMALLEST_LOG + 6), 13))
def test_there_and_back(rng: random.Random, log_size: int, shift: int) -> None:
    numbers = scalars(rng, 1 << log_size)
    values = transform.evaluate(vector_of(numbers), log_size, shift)
    assert values_of(transform.interpolate(values, log_size, shift)) == numbers


def test_largest_values_stay_loose() -> None:
    # butterflies of equal extremes are the sums that grow fastest
    numbers = [R - 1] * (1 << 11)
    values = values_of(transform.evaluate(vector_of(numbers), 11, 1))
    assert values == [-(1 << 11) % R] + [0] * ((1 << 11) - 1)


def test_no_coefficients() -> None:
    for log_size in (2, SMALLEST_LOG):
        values = transform.evaluate(vector_of([]), log_size, 5)
        assert values_of(values) == [0] * (1 << log_size)


def test_bit_reversal() -> None:
    assert bit_reversed(0).tolist() == [0]
    assert bit_reversed(3).tolist() == [0, 4, 2, 6, 1, 5, 3, 7]
