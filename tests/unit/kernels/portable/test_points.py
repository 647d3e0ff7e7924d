"""Curve formulas, group sums and group transforms against the textbook group law."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import numba
import numpy as np
import pytest

from tests.unit.kernels.portable.samples import (
    GENERATOR,
    P,
    Point,
    R,
    add,
    integers,
    jacobian_to_points,
    jacobian_words,
    multiples,
    multiply,
    negate,
    points_to_words,
    to_montgomery,
    values,
    words,
    words_to_points,
)
from zkroute.kernels.portable import curve, element, group_sums, group_transform

SOME = [
    None,
    *multiples(4),
    negate(GENERATOR),
    negate(multiples(1, 3)[0]),
    multiply(GENERATOR, R // 2),
]
PAIRS = list(product(SOME, repeat=2))
SUMS = [add(*pair) for pair in PAIRS]


def test_jacobian_formulas_on_all_pairs_of_special_points() -> None:
    load, store = element.load, element.store
    add_jacobian, add_mixed = curve.add_jacobian, curve.add_mixed
    double_jacobian = curve.double_jacobian

    @numba.njit
    def store3(output: Any, row: int, X: Any, Y: Any, Z: Any) -> None:  # noqa: N803
        store(output, 3 * row, X)
        store(output, 3 * row + 1, Y)
        store(output, 3 * row + 2, Z)

    @numba.njit
    def apply(left: Any, right: Any, affine: Any, full: Any, mixed: Any, double: Any) -> None:
        for k in range(len(left)):
            one = load(left, 3 * k), load(left, 3 * k + 1), load(left, 3 * k + 2)
            two = load(right, 3 * k), load(right, 3 * k + 1), load(right, 3 * k + 2)
            store3(full, k, *add_jacobian(*one, *two))
            store3(mixed, k, *add_mixed(*one, load(affine, 2 * k), load(affine, 2 * k + 1)))
            store3(double, k, *double_jacobian(*one))

    left, right = [pair[0] for pair in PAIRS], [pair[1] for pair in PAIRS]
    outputs = [np.zeros((len(PAIRS), 12), np.uint64) for _ in range(3)]
    jacobian = jacobian_words(left, 3), jacobian_words(right, 4)
    apply(*jacobian, points_to_words(right), *outputs)
    assert jacobian_to_points(outputs[0]) == SUMS
    assert jacobian_to_points(outputs[1]) == SUMS
    assert jacobian_to_points(outputs[2]) == [add(point, point) for point in left]


def test_to_affine() -> None:
    output = np.zeros((len(SOME), 8), np.uint64)
    curve.to_affine(output, jacobian_words(SOME), 0, len(SOME))
    assert words_to_points(output) == SOME


def test_scale_coordinates_takes_any_256_bit_integer() -> None:
    given = [0, 1, P - 1, P, (1 << 256) - 1]
    output = np.zeros((5, 4), np.uint64)
    curve.scale_coordinates(output, words(given), words([(1 << 256) % P]), 0, 5)
    assert integers(output) == [value % P for value in given]


@pytest.mark.parametrize("count", [0, 1, 2, len(PAIRS), 1024, 1025, 2051])
def test_add_pairs(count: int) -> None:
    # pairs of entries that are negated or not, equal or opposite ones among them
    rng = random.Random(count)
    entries = [[rng.randrange(2 * len(SOME)) for _ in range(2)] for _ in range(count)]
    pairs = np.array(entries, np.int64).reshape(-1, 2)
    output = np.zeros((count, 8), np.uint64)
    group_sums.add_pairs(output, points_to_words(SOME), pairs, 0, count)
    signed = [point for each in SOME for point in (each, negate(each))]
    sums = {pair: add(signed[pair[0]], signed[pair[1]]) for pair in set(map(tuple, entries))}
    assert words_to_points(output) == [sums[tuple(pair)] for pair in entries]


def group_case(name: str) -> list[list[int]]:
    """Groups of entries: twice the number of a point of SOME, plus one to negate it."""
    rng = random.Random(name)
    entry = lambda: rng.randrange(2 * len(SOME))  # noqa: E731
    return {
        "no groups": [],
        "empty groups": [[], [], []],
        "single points": [[entry()] for _ in range(20)],
        "all sizes": [[entry() for _ in range(size)] for size in range(40)],
        "one large": [[], [entry() for _ in range(3000)], [], [entry()]],
        "one point repeated": [[2] * 1000, [4] * 7],
        "a point and its negative": [[2, 3] * 500, [2, 3, 2]],
        "infinity only": [[0] * 9, [1] * 4],
        "batches with an odd end": [[entry(), entry()] for _ in range(1025)],
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "no groups",
        "empty groups",
        "single points",
        "all sizes",
        "one large",
        "one point repeated",
        "a point and its negative",
        "infinity only",
        "batches with an odd end",
    ],
)
def test_sum_groups(name: str) -> None:
    groups = group_case(name)
    entries = np.array([entry for group in groups for entry in group], np.int32)
    bounds = np.cumsum([0, *map(len, groups)]).astype(np.int64)
    sums = np.ones((len(groups), 8), np.uint64)
    group_sums.sum_groups(sums, points_to_words(SOME), entries, bounds)
    logarithms = [0, 1, 2, 3, 4, -1, -3, R // 2]
    expected = [
        multiply(GENERATOR, sum(logarithms[e >> 1] * (-1) ** (e & 1) for e in group))
        for group in groups
    ]
    assert words_to_points(sums) == expected


def test_endomorphism_and_split_scalars() -> None:
    beta, eigenvalue = group_transform.CUBE_ROOT_P, group_transform.CUBE_ROOT_R
    assert pow(beta, 3, P) == 1 != beta
    assert multiply(GENERATOR, eigenvalue) == (beta, 2)
    for scalar in values(R, 500):
        one, two = group_transform.split_scalar(scalar)
        assert (one + two * eigenvalue - scalar) % R == 0
        assert abs(one) < 1 << 127 > abs(two)


def test_fixed_base_multiples() -> None:
    scalars = values(R, 40)
    base = points_to_words([GENERATOR])
    found = group_transform.fixed_base_multiples(base, words(scalars))
    assert words_to_points(found) == [multiply(GENERATOR, scalar) for scalar in scalars]
    assert group_transform.fixed_base_multiples(base, words([])).shape == (0, 8)


def naive_inverse_transform(logarithms: list[int], root: int) -> list[Point]:
    size = len(logarithms)
    scale = pow(size, -1, R)
    return [
        multiply(GENERATOR, scale * sum(pow(root, -i * j, R) * e for j, e in enumerate(logarithms)))
        for i in range(size)
    ]


@pytest.mark.parametrize("log_size", range(6))
@pytest.mark.parametrize("kind", ["random", "equal", "infinity among them"])
def test_inverse_transform(log_size: int, kind: str) -> None:
    size = 1 << log_size
    logarithms = {
        "random": values(R, size),
        "equal": [7] * size,
        "infinity among them": [0, 5] * (size // 2) or [0],
    }[kind]
    root = pow(5, (R - 1) >> log_size, R)
    points = points_to_words([multiply(GENERATOR, logarithm) for logarithm in logarithms])
    before = points.copy()
    found = group_transform.inverse_transform(points, root)
    assert words_to_points(found) == naive_inverse_transform(logarithms, root)
    assert np.array_equal(points, before)


def test_montgomery_form_of_a_point_is_what_the_samples_say() -> None:
    assert np.array_equal(points_to_words([(1, 2)])[0, :4], to_montgomery([1], P)[0])
