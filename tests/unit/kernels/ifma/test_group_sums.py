"""Sums of groups of points against known discrete logarithms."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import (
    R,
    addresses,
    known_points,
    points_of_rows,
    rows_of_points,
)
from zkroute.algebra.curve import GENERATOR_G1, multiply_g1
from zkroute.kernels.ifma import group_sums
from zkroute.kernels.ifma.memory import Words, aligned


def sums_of(rows: Words, groups: list[list[tuple[int, int]]]) -> Words:
    """The sums of groups of (row, sign), computed by the kernel."""
    flat = [item for group in groups for item in group]
    items = addresses(rows, [row for row, _ in flat]) + [sign for _, sign in flat]
    items = items.astype(np.int64)
    bounds = np.cumsum([0, *map(len, groups)], dtype=np.int64)
    room = aligned(max(group_sums.CHUNK, *map(len, groups)), 8)
    sums = aligned(len(groups), 8)
    group_sums.sum_groups(sums, items, bounds, 0, len(groups), room, group_sums.workspace())
    return sums


def check(logarithms: list[int], rows: Words, groups: list[list[tuple[int, int]]]) -> None:
    sums = points_of_rows(sums_of(rows, groups))
    for index, group in enumerate(groups):
        total = sum(-logarithms[row] if sign else logarithms[row] for row, sign in group)
        assert sums[index] == multiply_g1(GENERATOR_G1, total % R)


def test_groups_of_all_sizes(rng: random.Random) -> None:
    known = known_points()
    rows = rows_of_points(known.points)
    sizes = [*range(20), 63, 64, 65, 100, 1, 0, 0, 1, 700]
    rng.shuffle(sizes)
    groups = [[(rng.randrange(2048), rng.randrange(2)) for _ in range(size)] for size in sizes]
    check(known.logarithms, rows, groups)


def test_one_group_of_many_points(rng: random.Random) -> None:
    known = known_points()
    rows = rows_of_points(known.points)
    size = 2 * group_sums.CHUNK + 4097
    groups = [
        [(rng.randrange(2048), rng.randrange(2)) for _ in range(size)] for size in (3, size, 2)
    ]
    check(known.logarithms, rows, groups)


def test_more_groups_than_a_chunk_has(rng: random.Random) -> None:
    known = known_points()
    rows = rows_of_points(known.points)
    count = group_sums.CHUNK + 100
    groups: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for row in (0, 1, group_sums.CHUNK - 1, group_sums.CHUNK, count - 1):
        groups[row] = [(rng.randrange(2048), rng.randrange(2)) for _ in range(3)]
    sums = sums_of(rows, groups)
    assert np.flatnonzero(sums.any(axis=1)).tolist() == [i for i, g in enumerate(groups) if g]
    full = [group for group in groups if group]
    check(known.logarithms, rows, full)


@pytest.mark.parametrize("size", (1, 2, 3, 5, 8, 64, 200))
def test_equal_and_opposite_points_at_every_level(rng: random.Random, size: int) -> None:
    known = known_points()
    rows = rows_of_points(known.points)
    equal = [(5, 0)] * size
    opposite = [(5, i % 2) for i in range(size)]
    halves = [(5, int(2 * i >= size)) for i in range(size)]
    mixed = [(rng.randrange(3), rng.randrange(2)) for _ in range(size)]
    check(known.logarithms, rows, [equal, opposite, halves, mixed, [(6, 1)] * size])


def test_a_lone_point_to_be_negated_may_be_loose() -> None:
    # sums of pairs are loose, and a second call negates them
    known = known_points()
    rows = rows_of_points(known.points)
    pairs = [[(i, 0), (i + 1, 1)] for i in range(400)]
    loose = sums_of(rows, pairs)
    logarithms = [known.logarithms[i] - known.logarithms[i + 1] for i in range(400)]
    check(logarithms, loose, [[(i, 1)] for i in range(400)])
