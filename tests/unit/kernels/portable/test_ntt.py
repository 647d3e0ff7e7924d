"""Transforms against the sums they stand for, and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.kernels.portable.samples import R, from_montgomery, to_montgomery, values
from zkroute.kernels.portable import ntt


def root(log_size: int) -> int:
    return pow(5, (R - 1) >> log_size, R)


def naive(coefficients: list[int], w: int, shift: int) -> list[int]:
    """Every value by the definition."""
    points = [shift * pow(w, index, R) % R for index in range(len(coefficients))]
    return [
        sum(c * pow(point, power, R) for power, c in enumerate(coefficients)) % R
        for point in points
    ]


@pytest.mark.parametrize("log_size", range(8))
@pytest.mark.parametrize("shift", [1, 5, R - 1])
def test_both_directions_by_definition(log_size: int, shift: int) -> None:
    w = root(log_size)
    coefficients = values(R, 1 << log_size)
    forward = ntt.make_plan(log_size, w, shift, inverse=False)
    inverse = ntt.make_plan(log_size, w, shift, inverse=True)
    transformed = ntt.transform(forward, to_montgomery(coefficients))
    assert from_montgomery(transformed) == naive(coefficients, w, shift)
    assert from_montgomery(ntt.transform(inverse, transformed)) == coefficients


@pytest.mark.parametrize("log_size", [11, 12, 13])
def test_large_transforms_of_a_monomial(log_size: int) -> None:
    # X^3 has the values shift^3 w^(3i), cheap to know at every size
    w, shift = root(log_size), 7
    coefficients = np.zeros((1 << log_size, 4), np.uint64)
    coefficients[3] = to_montgomery([1])[0]
    plan = ntt.make_plan(log_size, w, shift, inverse=False)
    found = from_montgomery(ntt.transform(plan, coefficients))
    assert found == [pow(shift, 3, R) * pow(w, 3 * i, R) % R for i in range(1 << log_size)]


def test_the_vector_given_is_not_changed() -> None:
    vector = to_montgomery(values(R, 64))
    before = vector.copy()
    ntt.transform(ntt.make_plan(6, root(6), 3, inverse=True), vector)
    assert np.array_equal(vector, before)


def test_plans_are_kept_up_to_a_limit_the_longest_unused_forgotten() -> None:
    cache = ntt.PlanCache(limit=2 * 16 * 32)
    first = cache.get(4, root(4), 1, inverse=False)
    second = cache.get(4, root(4), 5, inverse=False)
    assert cache.get(4, root(4), 1, inverse=False) is first
    cache.get(4, root(4), 1, inverse=True)
    assert cache.get(4, root(4), 1, inverse=False) is first
    assert cache.get(4, root(4), 5, inverse=False) is not second


def test_a_plan_above_the_limit_is_still_made() -> None:
    cache = ntt.PlanCache(limit=0)
    assert cache.get(4, root(4), 1, inverse=False).column_size == 4
