"""Multi-scalar multiplication: signed windows, buckets by counting sort, batch-affine sums.

A scalar s < 2^bits is written in windows. Adding half of every window but the top one to s makes
the signed digits plain bit fields of the sum, without carries to hand on, so each window can be
worked on alone. For one window the points are sorted by the absolute value of their digit, the
points of each bucket are summed, and the buckets B_b are combined to sum of b * B_b (Pippenger,
"On the evaluation of powers and monomials", 1980). With b = high * 2^h + low that is

    2^h * sum of high * (sum of B_b with that high) + sum of low * (sum of B_b with that low),

so two more rounds of group sums leave only about 2^h buckets for the sequential rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.curve import (
    add_jacobian,
    add_mixed,
    double_jacobian,
)
from zkroute.kernels.portable.element import (
    is_zero,
    load,
    store,
    zero,
)
from zkroute.kernels.portable.group_sums import sum_groups


@jit
def prepare_scalars(biased: Any, active: Any, limbs: Any, bits: int, bias: Any) -> int:
    """Scalars that are not zero, plus ``bias``, and their numbers; returns how many.

    ``limbs`` has shape (n, L); ``biased`` has limbs for bits + 1 bits, ``active`` room for n
    numbers. Returns -1 if a scalar is not below 2**bits: its digits would leave the buckets.
    """
    count = 0
    given = limbs.shape[1]
    top = bits >> 6
    for row in range(limbs.shape[0]):
        combined = np.uint64(0)
        for limb in range(given):
            combined |= limbs[row, limb]
        if combined == 0:
            continue
        beyond = np.uint64(0)
        for limb in range(top, given):
            beyond |= limbs[row, limb] >> np.uint64(bits & 63 if limb == top else 0)
        if beyond != 0:
            return -1
        carry = np.uint64(0)
        for limb in range(biased.shape[1]):
            value = limbs[row, limb] if limb < given else np.uint64(0)
            total = value + bias[limb]
            carried = total + carry
            carry = np.uint64(total < value) | np.uint64(carried < total)
            biased[count, limb] = carried
        active[count] = row
        count += 1
    return count


@jit
def _digits(biased: Any, position: int, width: int, centre: int, start: int, stop: int) -> Any:
    """``width`` bits from ``position`` less ``centre``, of biased scalars start..stop-1."""
    limb = position >> 6
    offset = np.uint64(position & 63)
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    following = min(limb + 1, biased.shape[1] - 1)
    # a shift by 64 is undefined: without an offset nothing comes from the following limb
    following_mask = mask if position & 63 and following > limb else np.uint64(0)
    upward = (np.uint64(64) - offset) & np.uint64(63)
    digits = np.empty(stop - start, np.int32)
    for row in range(start, stop):
        value = biased[row, limb] >> offset
        value |= (biased[row, following] << upward) & following_mask
        digits[row - start] = np.int32(value & mask) - np.int32(centre)
    return digits


@jit
def _sort_by_bucket(entries: Any, bounds: Any, digits: Any, active: Any) -> Any:
    """Entries of the points with a digit other than zero, ordered by bucket; their number.

    Digit k belongs to point active[k]. Bucket b, from 1, becomes entries[bounds[b]:bounds[b + 1]]
    where bounds[0] is given, and bucket 0 is empty.
    """
    buckets = len(bounds) - 2
    place = np.zeros(buckets + 1, np.int64)
    for digit in digits:
        place[abs(digit)] += 1
    first = bounds[0]
    bounds[1] = first
    for bucket in range(1, buckets + 1):
        bounds[bucket + 1] = bounds[bucket] + place[bucket]
        place[bucket] = bounds[bucket]
    for row in range(len(digits)):
        digit = digits[row]
        if digit != 0:
            bucket = abs(digit)
            entries[place[bucket]] = 2 * active[row] + (1 if digit < 0 else 0)
            place[bucket] += 1
    return bounds[buckets + 1]


@jit
def _sort_by_halves(
    entries: Any, bounds: Any, sums: Any, first: int, buckets: int, low_bits: int
) -> Any:
    """Entries of buckets with equal high bits, then with equal low bits; their number.

    Bucket b is the point sums[first + b]. Empty buckets are left out, and so are the groups of
    weight zero. The groups start at bounds[0], which is given.
    """
    low_groups = 1 << low_bits
    high_groups = (buckets >> low_bits) + 1
    count = bounds[0]
    for group in range(high_groups + low_groups):
        if group < high_groups:
            start, stop, step = group << low_bits, (group + 1) << low_bits, 1
        else:
            start, stop, step = group - high_groups, buckets + 1, low_groups
        if group in (0, high_groups):
            stop = start
        for bucket in range(start, min(stop, buckets + 1), step):
            if not is_zero(load(sums, 2 * (first + bucket) + 1)):
                entries[count] = 2 * (first + bucket)
                count += 1
        bounds[group + 1] = count
    return count


@jit
def _weighted_sum(sums: Any, first: int, groups: int) -> Any:
    """Jacobian sum of g * sums[first + g] for g < groups."""
    RX, RY, RZ = zero(), zero(), zero()
    TX, TY, TZ = zero(), zero(), zero()
    for row in range(first + groups - 1, first, -1):
        RX, RY, RZ = add_mixed(RX, RY, RZ, load(sums, 2 * row), load(sums, 2 * row + 1))
        TX, TY, TZ = add_jacobian(TX, TY, TZ, RX, RY, RZ)
    return TX, TY, TZ


@jit
def _bucket_sums(points: Any, biased: Any, active: Any, windows: Any, start: int, stop: int) -> Any:
    """Affine sums of all buckets, from 0, of one window after the other."""
    groups = 0
    for window in range(windows.shape[0]):
        groups += windows[window, 3] + 1
    entries = np.empty(windows.shape[0] * (stop - start), np.int32)
    bounds = np.zeros(groups + 1, np.int64)
    group = 0
    count = 0
    for window in range(windows.shape[0]):
        position, width, centre, buckets = windows[window]
        digits = _digits(biased, position, width, centre, start, stop)
        window_bounds = bounds[group : group + buckets + 2]
        count = _sort_by_bucket(entries, window_bounds, digits, active[start:stop])
        group += buckets + 1
    sums = np.empty((groups, 8), np.uint64)
    sum_groups(sums, points, entries[:count], bounds)
    return sums


@jit
def sum_windows(
    result: Any,
    slot: int,
    points: Any,
    biased: Any,
    active: Any,
    windows: Any,
    start: int,
    stop: int,
) -> None:
    """result[slot + w], Jacobian: the sum of digit times point over prepared scalars.

    Row w of ``windows`` says that its digit is so many bits from a position, (1) ``width`` from
    (0), less (2), and in absolute value at most (3), the number of buckets. Several windows at
    once share inversions, which matters for few scalars.
    """
    sums = _bucket_sums(points, biased, active, windows, start, stop)
    low_bits = np.zeros(windows.shape[0], np.int64)
    groups = 0
    for window in range(windows.shape[0]):
        buckets = windows[window, 3]
        while buckets >> 2 * low_bits[window] > 1:
            low_bits[window] += 1
        groups += (buckets >> low_bits[window]) + 1 + (1 << low_bits[window])
    entries = np.empty(2 * sums.shape[0], np.int32)
    bounds = np.zeros(groups + 1, np.int64)
    group = np.int64(0)
    first = np.int64(0)
    count = 0
    for window in range(windows.shape[0]):
        buckets = windows[window, 3]
        count = _sort_by_halves(entries, bounds[group:], sums, first, buckets, low_bits[window])
        group += (buckets >> low_bits[window]) + 1 + (1 << low_bits[window])
        first += buckets + 1
    halves = np.empty((groups, 8), np.uint64)
    sum_groups(halves, sums, entries[:count], bounds)
    group = np.int64(0)
    for window in range(windows.shape[0]):
        high_groups = (windows[window, 3] >> low_bits[window]) + 1
        X, Y, Z = _weighted_sum(halves, group, high_groups)
        for _ in range(low_bits[window]):
            X, Y, Z = double_jacobian(X, Y, Z)
        group += high_groups
        X2, Y2, Z2 = _weighted_sum(halves, group, 1 << low_bits[window])
        group += 1 << low_bits[window]
        X, Y, Z = add_jacobian(X, Y, Z, X2, Y2, Z2)
        store(result, 3 * (slot + window), X)
        store(result, 3 * (slot + window) + 1, Y)
        store(result, 3 * (slot + window) + 2, Z)


@jit
def combine_windows(output: Any, results: Any, bounds: Any, width: int) -> None:
    """output[0] = sum over windows w of 2^(w * width) * sum of results[bounds[w]:bounds[w + 1]].

    All points are Jacobian, shape (n, 12).
    """
    X, Y, Z = zero(), zero(), zero()
    for window in range(len(bounds) - 2, -1, -1):
        for _ in range(width):
            X, Y, Z = double_jacobian(X, Y, Z)
        for slot in range(bounds[window], bounds[window + 1]):
            X2, Y2, Z2 = (
                load(results, 3 * slot),
                load(results, 3 * slot + 1),
                load(results, 3 * slot + 2),
            )
            X, Y, Z = add_jacobian(X, Y, Z, X2, Y2, Z2)
    store(output, 0, X)
    store(output, 1, Y)
    store(output, 2, Z)
