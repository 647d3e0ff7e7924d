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
from zkroute.kernels.portable.field import is_zero, load, store, zero
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
def _digit(biased: Any, row: int, position: int, width: int) -> Any:
    """Bits position .. position + width - 1 of a biased scalar."""
    limb = position >> 6
    offset = np.uint64(position & 63)
    value = biased[row, limb] >> offset
    if position & 63 and limb + 1 < biased.shape[1]:
        value |= biased[row, limb + 1] << (np.uint64(64) - offset)
    return np.int64(value & ((np.uint64(1) << np.uint64(width)) - np.uint64(1)))


@jit
def _sort_by_bucket(
    biased: Any,
    active: Any,
    position: int,
    width: int,
    centre: int,
    buckets: int,
    start: int,
    stop: int,
) -> Any:
    """Entries of the points with a digit other than zero, ordered by bucket, and the bounds.

    Bucket b, from 1, is entries[bounds[b]:bounds[b + 1]]; there is an empty bucket 0.
    """
    digits = np.empty(stop - start, np.int32)
    counts = np.zeros(buckets + 1, np.int64)
    for row in range(start, stop):
        digit = _digit(biased, row, position, width) - centre
        digits[row - start] = digit
        counts[abs(digit)] += 1
    bounds = np.zeros(buckets + 2, np.int64)
    for bucket in range(1, buckets + 1):
        bounds[bucket + 1] = bounds[bucket] + counts[bucket]
        counts[bucket] = bounds[bucket]
    entries = np.empty(bounds[buckets + 1], np.int32)
    for row in range(start, stop):
        digit = digits[row - start]
        if digit != 0:
            bucket = abs(digit)
            entries[counts[bucket]] = 2 * active[row] + (1 if digit < 0 else 0)
            counts[bucket] += 1
    return entries, bounds


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
def _sum_by_halves(sums: Any, low_bits: int, high_groups: int) -> Any:
    """Sums of buckets with equal high bits, then of buckets with equal ``low_bits`` low bits."""
    last = sums.shape[0] - 1
    low_groups = 1 << low_bits
    groups = high_groups + low_groups
    entries = np.empty(2 * last, np.int32)
    bounds = np.zeros(groups + 1, np.int64)
    count = 0
    for group in range(groups):
        if group < high_groups:
            first, stop, step = group << low_bits, (group + 1) << low_bits, 1
        else:
            first, stop, step = group - high_groups, last + 1, low_groups
        for bucket in range(first, min(stop, last + 1), step):
            if not is_zero(load(sums, 2 * bucket + 1)):
                entries[count] = 2 * bucket
                count += 1
        bounds[group + 1] = count
    halves = np.empty((groups, 8), np.uint64)
    sum_groups(halves, sums, entries[:count], bounds)
    return halves


@jit
def sum_window(
    result: Any,
    slot: int,
    points: Any,
    biased: Any,
    active: Any,
    position: int,
    width: int,
    centre: int,
    buckets: int,
    start: int,
    stop: int,
) -> None:
    """result[slot], Jacobian: the sum of digit times point over prepared scalars start..stop-1.

    The digit is ``width`` bits from ``position`` less ``centre``, in absolute value at most
    ``buckets``.
    """
    entries, bounds = _sort_by_bucket(biased, active, position, width, centre, buckets, start, stop)
    sums = np.empty((buckets + 1, 8), np.uint64)
    sum_groups(sums, points, entries, bounds)
    low_bits = 0
    while buckets >> 2 * low_bits > 1:
        low_bits += 1
    high_groups = (buckets >> low_bits) + 1
    if low_bits > 1:
        halves = _sum_by_halves(sums, low_bits, high_groups)
        X, Y, Z = _weighted_sum(halves, 0, high_groups)
        for _ in range(low_bits):
            X, Y, Z = double_jacobian(X, Y, Z)
        X2, Y2, Z2 = _weighted_sum(halves, high_groups, 1 << low_bits)
        X, Y, Z = add_jacobian(X, Y, Z, X2, Y2, Z2)
    else:
        X, Y, Z = _weighted_sum(sums, 0, buckets + 1)
    store(result, 3 * slot, X)
    store(result, 3 * slot + 1, Y)
    store(result, 3 * slot + 2, Z)


@jit
def combine_windows(output: Any, results: Any, pieces: int, width: int) -> None:
    """output[0] = sum over windows w of 2^(w * width) * (sum of the window's ``pieces`` results).

    All points Jacobian; windows from the lowest.
    """
    X, Y, Z = zero(), zero(), zero()
    for window in range(results.shape[0] // pieces - 1, -1, -1):
        for _ in range(width):
            X, Y, Z = double_jacobian(X, Y, Z)
        for slot in range(window * pieces, (window + 1) * pieces):
            X, Y, Z = add_jacobian(
                X,
                Y,
                Z,
                load(results, 3 * slot),
                load(results, 3 * slot + 1),
                load(results, 3 * slot + 2),
            )
    store(output, 0, X)
    store(output, 1, Y)
    store(output, 2, Z)
