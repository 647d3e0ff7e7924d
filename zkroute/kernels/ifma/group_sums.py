"""Kernels that add up many groups of points at once, whatever the sizes of the groups.

Within each group points are added in pairs, then the sums in pairs, and so on: all additions of a
level are independent, over all groups, so they share inversions. Equal scalars, which put all
points into one group, cost no more than random ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma.affine_kernels import add_pairs, scratch_for
from zkroute.kernels.ifma.base_field import MODULUS
from zkroute.kernels.ifma.memory import aligned
from zkroute.kernels.ifma.points import POINT_WORDS, copy_point, is_finite_at, store_infinity
from zkroute.kernels.ifma.vec8 import LANES

BATCH = 2048
"""Pairs that share an inversion at most."""

CHUNK = 1 << 13
"""Points, or groups, that are finished together, so that all sums stay in the cache."""

ZERO = np.int64(0)
"""For kernels' arguments: numba would compile a function called with a literal once more."""

_CLASSES = 64
"""Group sizes told apart when groups are put in order, all larger ones being one class."""

_ONCE, _THRICE = (
    tuple(np.uint64(factor * MODULUS >> 64 * i & (1 << 64) - 1) for i in range(4))
    for factor in (1, 3)
)


def workspace() -> Any:
    """Arrays for one thread's calls of these kernels."""
    # what fills a batch up to a multiple of eight pairs: any two x that differ will do
    spare_points = aligned(3, POINT_WORDS)
    spare_points[:] = np.arange(3).reshape(3, 1)
    spare = spare_points.ctypes.data + 64 * np.arange(3)
    pairs = np.empty((3, BATCH + LANES), dtype=np.int64)
    order = np.empty((3, CHUNK), dtype=np.int64)
    classes = np.empty(_CLASSES, dtype=np.int64)
    return spare_points, spare, tuple(pairs), scratch_for(BATCH // LANES), tuple(order), classes


@jit
def add_batch(work: Any, count: int, upcoming: Any, cursor: int) -> int:
    """Adds ``count`` pairs gathered in the workspace; returns 0 unless a sum is infinity."""
    spare, pairs = work[1], work[2]
    groups = (count + LANES - 1) // LANES
    for i in range(count, LANES * groups):
        pairs[0][i], pairs[1][i], pairs[2][i] = spare[0], spare[1], spare[2]
    infinite: int = add_pairs(pairs, groups, work[3], upcoming, cursor)
    return infinite


@jit
def _in_order(bounds: Any, first: int, last: int, work: Any) -> None:
    """Groups first ... last - 1 by falling size: their numbers, starts and sizes.

    Loops over groups of one size are predicted well, and finished groups are at the end.
    """
    numbers, starts, sizes = work[4]
    following = work[5]
    for i in range(_CLASSES):
        following[i] = 0
    for group in range(first, last):
        size = bounds[group + 1] - bounds[group]
        following[_CLASSES - 1 - min(size, _CLASSES - 1)] += 1
    position = 0
    for i in range(_CLASSES):
        count = following[i]
        following[i] = position
        position += count
    for group in range(first, last):
        size = bounds[group + 1] - bounds[group]
        place = _CLASSES - 1 - min(size, _CLASSES - 1)
        at = following[place]
        following[place] = at + 1
        numbers[at], starts[at], sizes[at] = group, bounds[group], size


@jit
def _drop_infinities(items: Any, starts: Any, sizes: Any, active: int) -> None:
    """Takes items that are infinity out of their groups."""
    for i in range(active):
        kept = starts[i]
        for item in range(starts[i], starts[i] + sizes[i]):
            if is_finite_at(items[item]):
                items[kept] = items[item]
                kept += 1
        sizes[i] = kept - starts[i]


@jit
def _reduce_groups(
    items: Any, groups: int, room: int, work: Any, upcoming: Any, cursor: int
) -> None:
    """Leaves at most one item, the group's sum, at the start of each of the groups in order.

    Sums are written from the address ``room`` on.
    """
    left, right, targets = work[2]
    _, starts, sizes = work[4]
    active = groups
    while True:
        while active > 0 and sizes[active - 1] < 2:
            active -= 1
        if active == 0:
            break
        infinite = 0
        count: Any = ZERO
        for group in range(active):
            start, size = starts[group], sizes[group]
            half = size // 2
            rest = size - half
            for item in range(start, start + half):
                left[count] = items[item]
                right[count] = items[item + rest]
                targets[count] = room
                items[item] = room
                room += 64
                count += 1
                if count == BATCH:
                    infinite += add_batch(work, count, upcoming, cursor)
                    cursor += count
                    count = ZERO
            sizes[group] = rest
        if count:
            infinite += add_batch(work, count, upcoming, cursor)
            cursor += count
        if infinite:
            _drop_infinities(items, starts, sizes, active)


@jit
def sum_groups(
    sums: Any, items: Any, bounds: Any, first: int, last: int, room: Any, work: Any
) -> None:
    """Row g of ``sums`` becomes the sum of group g, for groups first ... last - 1.

    Group g is items[bounds[g] : bounds[g + 1]], addresses of finite points as ``points`` describes
    them; ``items`` is used up. The sum of no points is infinity, all zero. ``room`` is for as many
    points as CHUNK or the largest group; ``work`` is a ``workspace``.
    """
    # while a chunk is added up, the next one's points are brought near
    upcoming = items[: bounds[last]]
    numbers, starts, sizes = work[4]
    while first < last:
        until = first + 1
        while until < last and bounds[until + 1] - bounds[first] <= CHUNK and until - first < CHUNK:
            until += 1
        _in_order(bounds, first, until, work)
        _reduce_groups(items, until - first, room.ctypes.data, work, upcoming, bounds[until])
        for i in range(until - first):
            if sizes[i] > 0:
                _copy_point(sums, numbers[i], items[starts[i]])
            else:
                store_infinity(sums, numbers[i])
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
