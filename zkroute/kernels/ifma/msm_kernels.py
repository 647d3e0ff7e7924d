"""Kernels of multi-scalar multiplication around the additions themselves.

Pippenger's method with signed windows: scalar s = sum of d_w 2^(position of w), every digit but the
top one in [-2^(c-1), 2^(c-1)) for a window of c bits. Adding the constant sum of 2^(c-1)
2^(position) to s first makes the digits, less 2^(c-1), independent of each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import projective
from zkroute.kernels.ifma.blocks import store
from zkroute.kernels.ifma.group_sums import BATCH, ZERO, add_batch, sum_groups
from zkroute.kernels.ifma.points import copy_point, row_is_finite, store_infinity


@jit
def find_terms(rows: Any, scalars: Any, excess: Any, finite: Any, start: int, stop: int) -> int:
    """Those of rows start ... stop - 1 whose scalar is not zero and whose base is finite.

    They are written to ``rows``, which has room for all and one more. Returns their number, or -1
    if a scalar has one of the bits of ``excess``, words as wide as scalars: its digits would lie
    outside all buckets.
    """
    count = 0
    width = scalars.shape[1]
    outside = np.uint64(0)
    for i in range(start, stop):
        combined = np.uint64(0)
        for word in range(width):
            combined |= scalars[i, word]
            outside |= scalars[i, word] & excess[word]
        # written in any case and counted or not: flags would make a branch a guess
        rows[count] = i
        count += (combined != 0) & (finite[i] != 0)
    return count if outside == 0 else -1


@jit
def recode(
    planes: Any, items: Any, scalars: Any, rows: Any, offset: Any, bases: int, at: int
) -> None:
    """The terms of ``rows``: scalars plus ``offset``, and addresses of bases.

    Word w of the scalars goes to planes[w], the addresses, 64 bytes apart from ``bases`` on, to
    ``items``, both from place ``at`` on.
    """
    count, width = len(rows), scalars.shape[1]
    carries = np.zeros(count, np.uint64)
    for word in range(planes.shape[0]):
        plane, added = planes[word], offset[word]
        for i in range(count):
            value = scalars[rows[i], word] if word < width else np.uint64(0)
            total = value + carries[i]
            carries[i] = np.uint64(total < value)
            total += added
            carries[i] += np.uint64(total < added)
            plane[at + i] = total
    for i in range(count):
        items[at + i] = bases + 64 * rows[i]


@jit
def _extract_digits(
    digits: Any, planes: Any, count: int, position: int, bits: int, half: int
) -> None:
    """The digits of one window, ``half`` less than the bits there."""
    plane, shift = position // 64, np.uint64(position % 64)
    mask = np.uint64((1 << bits) - 1)
    rest = np.uint64(63) - shift
    low = planes[plane]
    high = planes[min(plane + 1, planes.shape[0] - 1)]
    if position % 64 + bits <= 64:
        for i in range(count):
            digits[i] = np.int32(low[i] >> shift & mask) - half
    else:
        for i in range(count):
            word = low[i] >> shift | high[i] << np.uint64(1) << rest
            digits[i] = np.int32(word & mask) - half


@jit
def sort_window(
    items: Any,
    bounds: Any,
    bases: Any,
    planes: Any,
    window: Any,
    digits: Any,
    following: Any,
    first_group: int,
    first_item: int,
) -> int:
    """Items of one window grouped by the digit's absolute value; returns where they end.

    ``bases`` are addresses and ``window`` is (position, bits, half, groups). Group d begins at
    bounds[first_group + d]; group 0 stays empty. Items of negative digits ask for the negative.
    ``digits`` and ``following`` are room for as many scalars and groups.
    """
    count, groups = len(bases), window[3]
    _extract_digits(digits, planes, count, window[0], window[1], np.int32(window[2]))
    for group in range(groups):
        following[group] = 0
    for i in range(count):
        following[abs(digits[i])] += 1
    following[0] = 0
    position = first_item
    for group in range(groups):
        size = following[group]
        bounds[first_group + group] = position
        following[group] = position
        position += size
    for i in range(count):
        digit = digits[i]
        if digit != 0:
            group = abs(digit)
            items[following[group]] = bases[i] + (digit < 0)
            following[group] += 1
    return position


@jit
def _halve(buckets: Any, row: int, size: int, halves: int, work: Any, count: Any) -> Any:
    """Makes row ``halves`` + d the sum of rows ``row`` + 2 d and the next, for all d but 0.

    Pairs are left in the workspace, behind the ``count`` there, until there are many. Returns how
    many are there now.
    """
    left, right, targets = work[2]
    place = buckets.ctypes.data
    store_infinity(buckets, halves)
    for even in range(2, size, 2):
        target = halves + even // 2
        if even + 1 == size or not row_is_finite(buckets, row + even + 1):
            copy_point(buckets, target, place + 64 * (row + even))
        elif not row_is_finite(buckets, row + even):
            copy_point(buckets, target, place + 64 * (row + even + 1))
        else:
            left[count] = place + 64 * (row + even)
            right[count] = place + 64 * (row + even + 1)
            targets[count] = place + 64 * target
            count += 1
            if count == BATCH:
                add_batch(work, count, left[:0], ZERO)
                count = ZERO
    return count


@jit
def weigh_buckets(
    bit_sums: Any,
    buckets: Any,
    first: Any,
    sizes: Any,
    items: Any,
    bounds: Any,
    room: Any,
    work: Any,
) -> None:
    """For each window the points S_j for which sum of 2^j S_j is the sum of d * bucket[d].

    Odd buckets add up to S_0, and what remains is twice the same problem for the half as many
    buckets bucket[2 d] + bucket[2 d + 1]. All additions of a level are independent, which those of
    running sums are not, for as many additions.

    Window w of v has the buckets from row first[w] on, sizes[w] of them; its S_j becomes row
    v j + w of ``bit_sums``, which must have rows for the largest window. ``buckets`` needs rows
    for the halves as well; ``items`` is room for as many as there are buckets.
    """
    windows = len(first)
    rows, odd, place = ZERO, ZERO, buckets.ctypes.data
    for window in range(windows):
        rows += sizes[window]
    for level in range(len(bit_sums) // windows):
        count = ZERO
        for window in range(windows):
            row, size = first[window], sizes[window]
            bounds[level * windows + window] = odd
            for digit in range(1, size, 2):
                if row_is_finite(buckets, row + digit):
                    items[odd] = place + 64 * (row + digit)
                    odd += 1
            if size > 2:
                count = _halve(buckets, row, size, rows, work, count)
            half = (size + 1) // 2 if size > 2 else 0
            first[window], sizes[window] = rows, half
            rows += half
        if count:
            add_batch(work, count, items[:0], ZERO)
    bounds[len(bit_sums)] = odd
    sum_groups(bit_sums, items, bounds, ZERO, len(bit_sums), room, work)


@jit
def evaluate_at_two(result: Any, addresses: Any) -> None:
    """Eight sums of 2^j P_j, in projective coordinates, in the three blocks of ``result``.

    Words 8 j ... 8 j + 7 of ``addresses`` are where the lanes' P_j are; they may be infinity.
    """
    total = projective.infinity()
    for first in range(len(addresses) - 8, -8, -8):
        total = projective.add(projective.double(total), projective.load_affine(addresses, first))
    store(result, 0, total[0])
    store(result, 1, total[1])
    store(result, 2, total[2])
