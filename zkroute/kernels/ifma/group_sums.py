"""Kernels that add up many groups of points at once, whatever the sizes of the groups.

Within each group points are added in pairs, then the sums in pairs, and so on: all additions of a
level are independent, over all groups, so they share inversions. Equal scalars, which put all
points into one group, cost no more than random ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma.affine_kernels import add_pairs
from zkroute.kernels.ifma.base_field import MODULUS
from zkroute.kernels.ifma.memory import aligned
from zkroute.kernels.ifma.points import POINT_WORDS, copy_point, store_infinity
from zkroute.kernels.ifma.vec8 import (
    LANES,
    LIMBS,
)

BATCH = 4096
"""Pairs that share an inversion at most."""

CHUNK = 1 << 14
"""Points whose groups are finished together, so that their sums stay in the cache."""

_ONCE, _THRICE = (
    tuple(np.uint64(factor * MODULUS >> 64 * i & (1 << 64) - 1) for i in range(4))
    for factor in (1, 3)
)


def workspace() -> Any:
    """Arrays for one thread's calls of these kernels."""
    # what fills a batch up to a multiple of eight pairs: any two x that differ will do
    spare_points = aligned(2, POINT_WORDS)
    spare_points[:] = [[0] * POINT_WORDS, [1] * POINT_WORDS]
    spare = np.array([spare_points.ctypes.data, spare_points.ctypes.data + 64], dtype=np.int64)
    addresses = np.empty((3, BATCH), dtype=np.int64)
    masks = np.empty((2, BATCH // LANES), dtype=np.uint8)
    blocks = aligned(2, BATCH // LANES, LIMBS, LANES)
    return spare_points, spare, *addresses, *blocks, *masks


@jit
def _add_batch(work: Any, count: int, sums: int, items: Any, upcoming: Any, cursor: int) -> int:
    """Adds the gathered pairs, writes the sums, and marks the items that became infinity by 0."""
    _, spare, left, right, slots, denominators, products, doubled, opposite = work
    groups = (count + 7) // 8
    for i in range(count, 8 * groups):
        left[i], right[i] = spare[0], spare[1]
    infinite: int = add_pairs(
        left, right, groups, sums, denominators, products, doubled, opposite, upcoming, cursor
    )
    if infinite:
        for i in range(count):
            if opposite[i // 8] >> (i % 8) & 1:
                items[slots[i]] = 0
    return infinite


@jit
def _drop_infinities(items: Any, bounds: Any, first: int, last: int) -> None:
    """Closes the gaps that address 0 marks in the groups first ... last - 1."""
    start = kept = bounds[first]
    for group in range(first, last):
        stop = bounds[group + 1]
        for i in range(start, stop):
            if items[i] != 0:
                items[kept] = items[i]
                kept += 1
        bounds[group + 1] = kept
        start = stop


@jit
def _reduce_groups(
    items: Any, bounds: Any, first: int, last: int, room: int, work: Any, upcoming: Any
) -> None:
    """Leaves at most one item in each of the groups first ... last - 1: the group's sum.

    Groups move down to stay adjacent. Sums are written from the address ``room`` on.
    """
    left, right, slots = work[2], work[3], work[4]
    cursor = bounds[last]
    unfinished = True
    while unfinished:
        unfinished = False
        infinite = pairs = 0
        start = kept = bounds[first]
        for group in range(first, last):
            stop = bounds[group + 1]
            while start + 1 < stop:
                left[pairs] = items[start]
                right[pairs] = items[start + 1]
                slots[pairs] = kept
                items[kept] = room + 64 * pairs
                start += 2
                kept += 1
                pairs += 1
                if pairs == BATCH:
                    infinite += _add_batch(work, pairs, room, items, upcoming, cursor)
                    room += 64 * pairs
                    cursor += pairs
                    pairs = 0
                    unfinished = True
            if start < stop:
                items[kept] = items[start]
                start += 1
                kept += 1
            bounds[group + 1] = kept
        if pairs:
            infinite += _add_batch(work, pairs, room, items, upcoming, cursor)
            room += 64 * pairs
            cursor += pairs
            unfinished = True
        if infinite:
            _drop_infinities(items, bounds, first, last)


@jit
def sum_groups(
    sums: Any, items: Any, bounds: Any, first: int, last: int, room: Any, work: Any
) -> None:
    """Row g of ``sums`` becomes the sum of group g, for groups first ... last - 1.

    Group g is items[bounds[g] : bounds[g + 1]], addresses of finite points as ``points`` describes
    them; both arrays are used up. The sum of no points is infinity, all zero. ``room`` is for as
    many points as CHUNK or the largest group, and eight; ``work`` is a ``workspace``.
    """
    # while a chunk is added up, the next one's points are brought near
    upcoming = items[: bounds[last]]
    while first < last:
        start = bounds[first]
        until = first + 1
        while until < last and bounds[until + 1] - start <= CHUNK:
            until += 1
        # the next chunk's first bound moves with this chunk's last
        following = bounds[until]
        _reduce_groups(items, bounds, first, until, room.ctypes.data, work, upcoming)
        for group in range(first, until):
            if bounds[group] < bounds[group + 1]:
                _copy_point(sums, group, items[bounds[group]])
            else:
                store_infinity(sums, group)
        bounds[until] = following
        first = until


@jit
def _copy_point(points: Any, row: int, item: int) -> None:
    """The point an item stands for, as a row of words."""
    copy_point(points, row, item)
    if item & 1:
        # y is loose: p - y if it is below p by its top word, else 3 p - y, below 2.1 p
        multiple = _ONCE if points[row, 7] < _ONCE[3] else _THRICE
        borrow = np.uint64(0)
        for word in range(4):
            subtrahend = points[row, 4 + word]
            difference = multiple[word] - subtrahend
            points[row, 4 + word] = difference - borrow
            borrow = np.uint64((multiple[word] < subtrahend) | (difference < borrow))
