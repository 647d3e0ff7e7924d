"""Complete formulas: every pair of a set that holds equal, opposite and infinite points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tests.unit.kernels.ifma.samples import (
    P,
    addresses,
    from_montgomery,
    known_points,
    rows_of_points,
)
from zkroute.algebra.curve import PointG1, add_g1, negate_g1
from zkroute.kernels.ifma import projective
from zkroute.kernels.ifma.blocks import store
from zkroute.kernels.ifma.memory import Words, aligned


@njit
def _work(sums: Any, doubles: Any, left: Any, right: Any) -> None:
    a, b = projective.load_affine(left, 0), projective.load_affine(right, 0)
    # sums of sums, so that Z is not one and infinity comes about in other ways too
    a, b = projective.add(projective.double(a), a), projective.add(b, projective.double(b))
    total, twice = projective.add(a, b), projective.double(a)
    for i in range(3):
        store(sums, i, total[i])
        store(doubles, i, twice[i])


def affine(blocks: Words) -> list[PointG1]:
    points: list[PointG1] = []
    for x, y, z in zip(*(from_montgomery(blocks[i : i + 1], P) for i in range(3)), strict=True):
        assert (y * y * z - x**3 - 3 * z**3) % P == 0
        inverse = pow(z, -1, P) if z else 0
        points.append((x * inverse % P, y * inverse % P) if z else None)
    return points


def test_all_pairs() -> None:
    known = known_points().points[:3]
    given: list[PointG1] = [None, *known, *(negate_g1(point) for point in known), None]
    rows = rows_of_points(given)
    for shift in range(8):
        order = [(i + shift) % 8 for i in range(8)]
        sums, doubles = aligned(3, 5, 8), aligned(3, 5, 8)
        _work(sums, doubles, addresses(rows, range(8)), addresses(rows, np.array(order)))
        three = [add_g1(point, add_g1(point, point)) for point in given]
        assert affine(sums) == [add_g1(three[i], three[order[i]]) for i in range(8)]
        assert affine(doubles) == [add_g1(point, point) for point in three]


@njit
def _walk(result: Any, left: Any, right: Any, steps: int) -> None:
    a, b = projective.load_affine(left, 0), projective.load_affine(right, 0)
    for _ in range(steps):
        a, b = projective.add(projective.double(a), b), projective.add(a, b)
    for i in range(3):
        store(result, i, a[i])


def test_long_walks_stay_loose() -> None:
    known = known_points().points
    rows = rows_of_points(known[:16])
    result = aligned(3, 5, 8)
    _walk(result, addresses(rows, range(8)), addresses(rows, range(8, 16)), 100)
    expected = []
    for a, b in zip(known[:8], known[8:16], strict=True):
        for _ in range(100):
            a, b = add_g1(add_g1(a, a), b), add_g1(a, b)  # noqa: PLW2901  the walk
        expected.append(a)
    assert affine(result) == expected
