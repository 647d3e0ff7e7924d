"""Points in memory, and sums of pairs of points with everything that can go wrong in one batch."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.unit.kernels.ifma.samples import (
    RADIX,
    P,
    addresses,
    integers,
    known_points,
    points_of_rows,
    rows_of_points,
)
from zkroute.algebra.curve import PointG1, add_g1, negate_g1
from zkroute.kernels.ifma import points
from zkroute.kernels.ifma.affine_kernels import add_pairs, scratch_for
from zkroute.kernels.ifma.bases import export_points, load_points
from zkroute.kernels.ifma.blocks import store
from zkroute.kernels.ifma.memory import aligned


def canonical_limbs(given: list[PointG1]) -> np.ndarray[Any, Any]:
    data = b"".join(c.to_bytes(32, "little") for point in given for c in point or (0, 0))
    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, 8)


@pytest.mark.parametrize("count", (0, 1, 7, 8, 9, 2000))
def test_bases_in_and_out(count: int) -> None:
    given = [None if i % 5 == 4 else point for i, point in enumerate(known_points().points)][:count]
    limbs = canonical_limbs(given)
    bases = load_points(limbs)
    assert points_of_rows(bases.points[:count]) == given
    assert bases.finite.tolist() == [int(point is not None) for point in given]
    assert not count or bases.points.ctypes.data % 64 == 0
    assert np.array_equal(export_points(bases.points, count), limbs)


def test_coordinates_from_anywhere() -> None:
    @njit
    def work(result: Any, addresses: Any) -> Any:
        store(result, 0, points.load_x(addresses, 1))
        store(result, 1, points.load_y(addresses, 1))
        return points.negated(addresses, 1), points.is_finite(addresses, 1)

    given: list[PointG1] = [*known_points().points[:40], None]
    rows = rows_of_points(given)
    order = [40, 3, 39, 0, 7, 7, 40, 12, 20]
    places = addresses(rows, order)
    result = aligned(2, 5, 8)
    assert work(result, places) == (0, 0b11011111)
    chosen = [given[i] or (0, 0) for i in order[1:]]
    assert integers(result) == [p[half] * RADIX % P for half in (0, 1) for p in chosen]
    places[2] += 1
    places[8] += 1
    assert work(result, places) == (0b10000010, 0b11011111)
    assert integers(result)[:8] == [p[0] * RADIX % P for p in chosen]


def test_single_rows() -> None:
    @njit
    def work(target: Any, address: int) -> Any:
        points.copy_point(target, 1, address + 1)
        points.store_infinity(target, 2)
        return (
            points.row_is_finite(target, 1),
            points.row_is_finite(target, 2),
            points.is_finite_at(address + 1),
            points.is_finite_at(target.ctypes.data + 64 * 2),
        )

    given = known_points().points[:3]
    rows, target = rows_of_points(given), rows_of_points(given)
    assert work(target, rows[2:].ctypes.data) == (True, False, True, False)
    assert points_of_rows(target) == [given[0], given[2], None]


def signed(point: PointG1, sign: int) -> PointG1:
    return negate_g1(point) if sign else point


@pytest.mark.parametrize("groups", (1, 2, 13))
def test_sums_of_pairs(rng: random.Random, groups: int) -> None:
    known = known_points().points[:100]
    rows = rows_of_points(known)
    count = 8 * groups
    choices = [(rng.randrange(100), rng.randrange(2)) for _ in range(2 * count)]
    left, right = choices[:count], choices[count:]
    for i in range(count):
        # doublings and opposites, alone, together in a group, and none at all in others
        if groups == 1 or i // 8 in (0, 5):
            index, sign = left[i]
            right[i] = rng.choice([(index, sign), (index, 1 - sign), right[i]])
    order = list(range(count))
    rng.shuffle(order)
    sums = aligned(count, 8)
    pairs = (
        addresses(rows, [i for i, _ in left]) + [sign for _, sign in left],
        addresses(rows, [i for i, _ in right]) + [sign for _, sign in right],
        addresses(sums, order),
    )
    upcoming = addresses(rows, range(100))
    infinite = add_pairs(pairs, groups, scratch_for(groups), upcoming, 90)
    expected = [
        add_g1(signed(known[a], s), signed(known[b], t))
        for (a, s), (b, t) in zip(left, right, strict=True)
    ]
    found = points_of_rows(sums)
    assert [found[i] for i in order] == expected
    assert infinite == sum(None in expected[8 * g : 8 * g + 8] for g in range(groups))


def test_sums_of_sums_of_loose_points() -> None:
    # results go back in as they come out, signs included, for many rounds
    known = known_points().points[:16]
    rows = rows_of_points(known)
    expected = list(known)
    for round_ in range(20):
        sums = aligned(8, 8)
        sign = round_ % 2
        pairs = (
            addresses(rows, range(8)),
            addresses(rows, range(8, 16)) + sign,
            addresses(sums, range(8)),
        )
        add_pairs(pairs, 1, scratch_for(1), pairs[0][:0], 0)
        halves = zip(expected[:8], expected[8:], strict=True)
        results = [add_g1(a, signed(b, sign)) for a, b in halves]
        assert points_of_rows(sums) == results
        rows[8:], expected[8:] = rows[:8], expected[:8]
        rows[:8], expected[:8] = sums, results
