"""Sums of many groups of points at once, the core of every algorithm on G1 here.

Each group is halved again and again by adding neighbours. All additions of one level are
independent of each other, whatever the sizes of the groups, so a whole batch shares one
inversion and an affine addition costs six products. One group of n points or n/2 groups of two:
nothing degenerates. Equal, opposite and infinite points may meet anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.curve import add_affine, slope_denominator
from zkroute.kernels.portable.element import (
    is_zero,
    load,
    prefetch,
    store,
    zero,
)
from zkroute.kernels.portable.field import (
    multiply_mod_p,
    one_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.portable.inversion import invert_mod_p

BATCH = 1024
"""Additions that share one inversion: enough to hide it, few enough to stay in cache."""

PREFETCH = 16
"""How many pairs ahead points are asked for: scattered ones come from beyond the nearest caches."""


@jit
def signed_point(points: Any, entry: int) -> Any:
    """Affine point number ``entry >> 1``, negated if the entry is odd."""
    x = load(points, entry & ~1)
    y = load(points, entry | 1)
    if entry & 1:
        y = subtract_mod_p(zero(), y)
    return x, y


@jit
def _add_batch(output: Any, points: Any, pairs: Any, target: Any, count: int, scratch: Any) -> None:
    """output[target[k]] = point pairs[k, 0] + point pairs[k, 1] for k < count, entries as above.

    Montgomery's trick: prefix products of the denominators of all slopes, one inversion, and
    back again. Even and odd pairs have chains of their own and every product is followed by one
    that does not wait for it, which hides a third of their latency. ``pairs`` and ``target`` have
    room for one entry more, which makes up for an odd count.
    """
    if count & 1:
        pairs[count] = pairs[count - 1]
        target[count] = target[count - 1]
    special = np.empty(count + 1, np.int64)
    specials = 0
    product0 = one_mod_p()
    product1 = one_mod_p()
    for k in range(0, count, 2):
        for ahead in range(k + PREFETCH, min(k + PREFETCH + 2, count)):
            prefetch(points, pairs[ahead, 0] & ~1)
            prefetch(points, pairs[ahead, 1] & ~1)
        x1, y1 = signed_point(points, pairs[k, 0])
        x2, y2 = signed_point(points, pairs[k, 1])
        denominator = subtract_mod_p(x2, x1)
        if is_zero(denominator) or is_zero(y1) or is_zero(y2):
            denominator = slope_denominator(x1, y1, x2, y2)
            special[specials] = k
            specials += 1
        store(scratch, 2 * k, denominator)
        store(scratch, 2 * k + 1, product0)
        product0 = multiply_mod_p(product0, denominator)
        x1, y1 = signed_point(points, pairs[k + 1, 0])
        x2, y2 = signed_point(points, pairs[k + 1, 1])
        denominator = subtract_mod_p(x2, x1)
        if is_zero(denominator) or is_zero(y1) or is_zero(y2):
            denominator = slope_denominator(x1, y1, x2, y2)
            special[specials] = k + 1
            specials += 1
        store(scratch, 2 * k + 2, denominator)
        store(scratch, 2 * k + 3, product1)
        product1 = multiply_mod_p(product1, denominator)
    remaining = invert_mod_p(multiply_mod_p(product0, product1))
    remaining0 = multiply_mod_p(remaining, product1)
    remaining1 = multiply_mod_p(remaining, product0)
    for k in range((count - 1) & ~1, -1, -2):
        inverse0 = multiply_mod_p(remaining0, load(scratch, 2 * k + 1))
        inverse1 = multiply_mod_p(remaining1, load(scratch, 2 * k + 3))
        remaining0 = multiply_mod_p(remaining0, load(scratch, 2 * k))
        remaining1 = multiply_mod_p(remaining1, load(scratch, 2 * k + 2))
        store(scratch, 2 * k, inverse0)
        store(scratch, 2 * k + 2, inverse1)
        x1, y1 = signed_point(points, pairs[k, 0])
        x2, y2 = signed_point(points, pairs[k, 1])
        x3, y3 = signed_point(points, pairs[k + 1, 0])
        x4, y4 = signed_point(points, pairs[k + 1, 1])
        slope0 = multiply_mod_p(inverse0, subtract_mod_p(y2, y1))
        slope1 = multiply_mod_p(inverse1, subtract_mod_p(y4, y3))
        square0 = multiply_mod_p(slope0, slope0)
        square1 = multiply_mod_p(slope1, slope1)
        x2 = subtract_mod_p(subtract_mod_p(square0, x1), x2)
        x4 = subtract_mod_p(subtract_mod_p(square1, x3), x4)
        rise0 = multiply_mod_p(slope0, subtract_mod_p(x1, x2))
        rise1 = multiply_mod_p(slope1, subtract_mod_p(x3, x4))
        store(output, 2 * target[k], x2)
        store(output, 2 * target[k] + 1, subtract_mod_p(rise0, y1))
        store(output, 2 * target[k + 1], x4)
        store(output, 2 * target[k + 1] + 1, subtract_mod_p(rise1, y3))
    for index in range(specials):
        k = special[index]
        x1, y1 = signed_point(points, pairs[k, 0])
        x2, y2 = signed_point(points, pairs[k, 1])
        x3, y3 = add_affine(x1, y1, x2, y2, load(scratch, 2 * k))
        store(output, 2 * target[k], x3)
        store(output, 2 * target[k] + 1, y3)


@jit
def add_pairs(output: Any, points: Any, pairs: Any, start: int, stop: int) -> None:
    """output[k] = point pairs[k, 0] + point pairs[k, 1] for k in start..stop-1.

    Entries are as for ``signed_point``.
    """
    scratch = np.empty((2 * BATCH + 2, 4), np.uint64)
    batch = np.empty((BATCH + 1, 2), np.int64)
    target = np.empty(BATCH + 1, np.int64)
    for first in range(start, stop, BATCH):
        count = min(BATCH, stop - first)
        for k in range(count):
            batch[k] = pairs[first + k]
            target[k] = first + k
        _add_batch(output, points, batch, target, count, scratch)


@jit
def _copy_point(output: Any, position: int, points: Any, entry: int) -> None:
    x, y = signed_point(points, entry)
    store(output, 2 * position, x)
    store(output, 2 * position + 1, y)


@jit
def _halve_groups(
    sums: Any, output: Any, points: Any, entries: Any, bounds: Any, scratch: Any
) -> Any:
    """One level: neighbours of each group added into ``output``; returns how many points remain.

    Point k of the level is entries[k], or simply number k if there are no entries. Group g is
    points bounds[g] .. bounds[g + 1] - 1, and ``bounds`` is updated to where its halves went. A
    group of one point is done: it goes to ``sums`` and leaves.
    """
    pairs = np.empty((BATCH + 1, 2), np.int64)
    target = np.empty(BATCH + 1, np.int64)
    gather = len(entries) > 0
    filled = np.int64(0)
    written = np.int64(0)
    start = bounds[0]
    for group in range(bounds.shape[0] - 1):
        stop = bounds[group + 1]
        bounds[group] = written
        if stop - start == 1:
            entry = np.int64(entries[start]) if gather else 2 * start
            _copy_point(sums, group, points, entry)
            start = stop
            continue
        while stop - start > 1:
            if gather:
                pairs[filled, 0] = entries[start]
                pairs[filled, 1] = entries[start + 1]
            else:
                pairs[filled, 0] = 2 * start
                pairs[filled, 1] = 2 * start + 2
            target[filled] = written
            start += 2
            written += 1
            filled += 1
            if filled == BATCH:
                _add_batch(output, points, pairs, target, filled, scratch)
                filled = np.int64(0)
        if start < stop:
            entry = np.int64(entries[start]) if gather else 2 * start
            _copy_point(output, written, points, entry)
            start += 1
            written += 1
    bounds[bounds.shape[0] - 1] = written
    if filled > 0:
        _add_batch(output, points, pairs, target, filled, scratch)
    return written


@jit
def sum_groups(sums: Any, points: Any, entries: Any, bounds: Any) -> None:
    """sums[g] = sum of the points entries[bounds[g]:bounds[g + 1]] for every group g.

    ``entries`` holds twice a point's number, plus one to negate it. ``sums`` has one affine point
    per group; ``bounds`` is used up.
    """
    for group in range(bounds.shape[0] - 1):
        store(sums, 2 * group, zero())
        store(sums, 2 * group + 1, zero())
    length = bounds[bounds.shape[0] - 1] - bounds[0]
    scratch = np.empty((2 * BATCH + 2, 4), np.uint64)
    # a group of m > 1 points leaves (m + 1) // 2 <= 2 m / 3 points
    halves = np.empty((2 * length // 3 + 1, 8), np.uint64)
    quarters = np.empty((4 * length // 9 + 1, 8), np.uint64)
    remaining = _halve_groups(sums, halves, points, entries, bounds, scratch)
    while remaining > 0:
        remaining = _halve_groups(sums, quarters, halves, entries[:0], bounds, scratch)
        halves, quarters = quarters, halves
