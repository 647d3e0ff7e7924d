"""Kernels of the number-theoretic transform, sizes from 64 up, natural order in and out.

A transform of size n = rows * columns goes in two passes (Bailey, "FFTs in external or
hierarchical memory", 1990). With input index i = columns * i1 + i2 and output index
k = k1 + rows * k2,

    X[k] = sum over i2 of w^(i2 k1) (w^rows)^(i2 k2) * sum over i1 of (w^columns)^(i1 k1) x[i]

the first pass transforms columns, eight at a time in the lanes, multiplies by w^(i2 k1) and
transposes; the second transforms what were rows, now eight k1 to a block. Both work on a few
hundred blocks at a time, which stay in the cache, and bit reversal is only a choice of addresses.

A coset shift s multiplies coefficient i by s^i = (s^columns)^i1 * s^i2: the first factor as the
first pass reads, the second within w^(i2 k1). The way back multiplies likewise, as it writes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import scalar_field as field
from zkroute.kernels.ifma.blocks import (
    broadcast,
    load,
    prefetch,
    prefetch_to_write,
    store,
    transpose,
)
from zkroute.kernels.ifma.lanes import carry, raw_add, raw_subtract, zeros

_AHEAD = 32
"""Blocks far apart are asked for so many turns before they are read or written."""

_LARGEST_LOCAL = 64
"""Blocks of a sub-transform that stays in the first-level cache: 64 * 320 bytes."""


@jit
def _halve(buffer: Any, first: int, half: int, twiddles: Any, step: int) -> None:
    """One radix-2 step, decimation in frequency, on 2 * half blocks."""
    three = field.three_times_modulus()
    for j in range(half):
        low, high = load(buffer, first + j), load(buffer, first + half + j)
        store(buffer, first + j, field.reduce_sum(raw_add(low, high)))
        difference = carry(raw_add(raw_subtract(low, high), three))
        twisted = field.multiply(difference, broadcast(twiddles, j * step))
        store(buffer, first + half + j, twisted)


@jit
def _quarter(buffer: Any, first: int, quarter: int, twiddles: Any, step: int) -> None:
    """One radix-4 step, decimation in frequency, on 4 * quarter blocks.

    Its four results go where two radix-2 steps would put them. Twiddle factors are canonical and
    products with them below 1.2 m; the bounds stand beside the sums they hold for.
    """
    turn = broadcast(twiddles, quarter * step)
    three, four = field.three_times_modulus(), field.four_times_modulus()
    five = field.five_times_modulus()
    for j in range(quarter):
        p0, p1 = first + j, first + quarter + j
        p2, p3 = p1 + quarter, p1 + 2 * quarter
        a, b, c, d = load(buffer, p0), load(buffer, p1), load(buffer, p2), load(buffer, p3)
        even_sum, odd_sum = raw_add(a, c), raw_add(b, d)  # [0, 4.7 m)
        even_difference = raw_subtract(a, c)  # (-2.4 m, 2.4 m)
        turned = field.multiply(carry(raw_add(raw_subtract(b, d), three)), turn)  # [0, 1.2 m)
        store(buffer, p0, field.reduce_sum(raw_add(even_sum, odd_sum)))  # below 9.4 m
        second = raw_subtract(even_sum, odd_sum)  # (-4.7 m, 4.7 m)
        third = raw_add(even_difference, turned)  # (-2.4 m, 3.6 m)
        fourth = raw_subtract(even_difference, turned)  # (-3.6 m, 2.4 m)
        if j == 0:
            store(buffer, p1, field.reduce(second))
            store(buffer, p2, field.reduce(third))
            store(buffer, p3, field.reduce(fourth))
        else:
            row = j * step
            second = carry(raw_add(second, five))
            third = carry(raw_add(third, three))
            fourth = carry(raw_add(fourth, four))
            store(buffer, p1, field.multiply(second, broadcast(twiddles, 2 * row)))
            store(buffer, p2, field.multiply(third, broadcast(twiddles, row)))
            store(buffer, p3, field.multiply(fourth, broadcast(twiddles, 3 * row)))


@jit
def _transform(buffer: Any, first: int, log_size: int, twiddles: Any, log_table: int) -> None:
    """The transform of 2**log_size blocks in place, results in bit-reversed order.

    ``twiddles`` are the powers of a root of unity of order 2**log_table. Small sub-transforms are
    finished one after another while they are in the first-level cache.
    """
    end = first + (1 << log_size)
    table = 1 << log_table
    size = 1 << log_size
    if log_size % 2:
        _halve(buffer, first, size // 2, twiddles, table // size)
        size //= 2
    while size > _LARGEST_LOCAL:
        for start in range(first, end, size):
            _quarter(buffer, start, size // 4, twiddles, table // size)
        size //= 4
    for local in range(first, end, size):
        part = size
        while part > 1:
            for start in range(local, local + size, part):
                _quarter(buffer, start, part // 4, twiddles, table // part)
            part //= 4


@jit
def _folded(source: Any, blocks: int, block: int, size: int, fold: Any) -> Any:
    """One block of coefficients plus those ``size`` blocks further on times ``fold``, and so on."""
    value = load(source, block)
    factor = broadcast(fold, 0)
    for further in range(block + size, blocks, size):
        product = field.multiply(load(source, further), factor)
        value = field.reduce_sum(raw_add(value, product))
        factor = field.multiply(factor, broadcast(fold, 0))
    return value


@jit
def _column_factors(factors: Any, lanes: Any, log_low: int, log_high: int) -> None:
    """Blocks a, a b, a b^2, ... (2**log_low of them), then 1, c, c^2, ... with c = b^(2**log_low).

    ``lanes`` holds a and b. The product of one of each kind is a b^k for any k.
    """
    value, ratio = load(lanes, 0), load(lanes, 1)
    for k in range(1 << log_low):
        store(factors, k, value)
        value = field.multiply(value, ratio)
    for _ in range(log_low):
        ratio = field.square(ratio)
    value = field.one()
    for k in range(1 << log_low, (1 << log_low) + (1 << log_high)):
        store(factors, k, value)
        value = field.multiply(value, ratio)


@jit
def first_pass(
    middle: Any,
    scratch: Any,
    source: Any,
    source_blocks: int,
    logs: Any,
    twiddles: Any,
    order: Any,
    row_factors: Any,
    fold: Any,
    lanes: Any,
    lane_steps: Any,
    start: int,
    stop: int,
) -> None:
    """Columns 8 start ... 8 stop - 1: read, transformed, multiplied and transposed.

    ``logs``: logarithms of rows, columns and the table's size. ``order[k]``: where the transform
    leaves result k. ``row_factors`` multiply what is read, if there are any. ``lanes`` holds for
    the first eight columns the factors a and b that make a b^k1 the factor of result k1, and
    ``lane_steps`` their ratios from eight columns to the next. ``scratch`` has room for a column
    of blocks, a tile of eight blocks and the factors.
    """
    log_rows, log_columns = logs[0], logs[1]
    rows, columns = 1 << log_rows, 1 << log_columns
    size = rows * columns // 8
    log_low = (log_rows + 1) // 2
    tile, factors = scratch[rows:], scratch[rows + 8 :]
    for column in range(start, stop):
        for row in range(rows):
            block = row * (columns // 8) + column
            prefetch(source, min(block + _AHEAD * (columns // 8), source_blocks - 1))
            if block < source_blocks:
                value = _folded(source, source_blocks, block, size, fold)
                if row_factors.shape[0] > 0:
                    value = field.multiply(value, broadcast(row_factors, row))
                store(scratch, row, value)
            else:
                store(scratch, row, zeros())
        _transform(scratch, np.int64(0), log_rows, twiddles, logs[2])
        _column_factors(factors, lanes, log_low, log_rows - log_low)
        for part in range(rows // 8):
            for lane in range(8):
                k = 8 * part + lane
                low, high = k % (1 << log_low), (1 << log_low) + (k >> log_low)
                factor = field.multiply(load(factors, low), load(factors, high))
                store(tile, lane, field.multiply(load(scratch, order[k]), factor))
            transpose(middle, part * columns + 8 * column, tile)
        store(lanes, 0, field.multiply(load(lanes, 0), broadcast(lane_steps, 0)))
        store(lanes, 1, field.multiply(load(lanes, 1), broadcast(lane_steps, 1)))


@jit
def second_pass(
    results: Any,
    middle: Any,
    logs: Any,
    twiddles: Any,
    order: Any,
    column_factors: Any,
    start: int,
    stop: int,
) -> None:
    """Rows 8 start ... 8 stop - 1 of what the first pass left: transformed and written out.

    ``column_factors`` multiply what is written, if there are any. ``middle`` is used up.
    """
    rows, columns = 1 << logs[0], 1 << logs[1]
    for part in range(start, stop):
        first = part * columns
        _transform(middle, first, logs[1], twiddles, logs[2])
        for k in range(columns):
            ahead = min(k + _AHEAD, columns - 1)
            prefetch_to_write(results, ahead * (rows // 8) + part)
            value = load(middle, first + order[k])
            if column_factors.shape[0] > 0:
                value = field.multiply(value, broadcast(column_factors, k))
            store(results, k * (rows // 8) + part, value)
