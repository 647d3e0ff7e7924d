"""Multiples of the generator and of many points, and the transform of points."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import R, known_points, points_of_rows, rows_of_points, scalars
from zkroute.algebra.curve import GENERATOR_G1, PointG1, multiply_g1
from zkroute.kernels.ifma import multiple_kernels, multiples
from zkroute.kernels.ifma.memory import vector_of


def limbs_of(points: list[PointG1]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    data = b"".join(c.to_bytes(32, "little") for point in points for c in point or (0, 0))
    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, 8)


@pytest.mark.parametrize("count", (0, 1, 8, 700))
def test_multiples_of_the_generator(rng: random.Random, count: int) -> None:
    values = scalars(rng, count)
    limbs = multiples.fixed_base_powers(vector_of(values))
    assert np.array_equal(limbs, limbs_of([multiply_g1(GENERATOR_G1, v) for v in values]))


def test_table_of_the_generator() -> None:
    table = multiples._generator_table()
    half = 1 << multiples._WINDOW_BITS - 1
    for window in (0, 1, multiples._WINDOWS - 1):
        for digit in (1, 2, 3, half - 1, half):
            (point,) = points_of_rows(table[window * half + digit - 1 :][:1])
            assert point == multiply_g1(GENERATOR_G1, digit << multiples._WINDOW_BITS * window)


@pytest.mark.parametrize(("bits", "windows"), [(10, 26), (4, 65), (13, 20)])
def test_chosen_multiples_add_up(rng: random.Random, bits: int, windows: int) -> None:
    values = [0, 1, R - 1, (1 << 254) - 1, *scalars(rng, 60)]
    data = b"".join(value.to_bytes(32, "little") for value in values)
    limbs = np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, 4)
    items = np.zeros(len(values) * windows, dtype=np.int64)
    bounds = np.zeros(len(values) + 1, dtype=np.int64)
    table = 1 << 30
    multiple_kernels.choose_multiples(items, bounds, limbs, table, bits, windows)
    half = 1 << bits - 1
    for index, value in enumerate(values):
        total = 0
        for item in items[bounds[index] : bounds[index + 1]].tolist():
            window, digit = divmod((item & ~63) - table >> 6, half)
            total += (-1 if item & 1 else 1) * (digit + 1) << bits * window
        assert total == value


def test_digits_add_up(rng: random.Random) -> None:
    values = scalars(rng, 100)
    digits = multiples._digits(values)
    assert digits.min() >= -8
    assert digits.max() <= 7
    weights = [1 << 4 * i for i in range(64)]
    totals = [sum(d * w for d, w in zip(row, weights, strict=True)) for row in digits.tolist()]
    assert totals == values


def test_multiples_of_many_points(rng: random.Random) -> None:
    points: list[PointG1] = [*known_points().points[:21], None]
    values = scalars(rng, 22)
    values[3] = 0
    rows = np.array([rng.randrange(22) for _ in range(21)] + [21])
    products = multiples._multiply(rows_of_points(points), rows, multiples._digits(values))
    expected = [multiply_g1(points[row], v) for row, v in zip(rows, values, strict=True)]
    assert points_of_rows(products) == expected


@pytest.mark.parametrize("log_size", (0, 1, 2, 3, 6))
def test_lagrange_points(rng: random.Random, log_size: int) -> None:
    size = 1 << log_size
    root = pow(5, (R - 1) >> log_size, R)
    for tau in (rng.randrange(R), 0, 1, R - 1):
        powers = [multiply_g1(GENERATOR_G1, pow(tau, i, R)) for i in range(size)]
        expected = []
        for i in range(size):
            # L_i(tau) = (1 / n) sum over j of (tau / w^i)^j
            ratio = tau * pow(root, -i, R) % R
            value = sum(pow(ratio, j, R) for j in range(size)) * pow(size, -1, R)
            expected.append(multiply_g1(GENERATOR_G1, value % R))
        assert np.array_equal(multiples.lagrange_points(limbs_of(powers)), limbs_of(expected))
