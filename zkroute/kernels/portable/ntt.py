"""The number-theoretic transform in natural order, in two passes over memory.

A vector of n = n1 * n2 elements is an n1 by n2 matrix, row by row. With w of order n and index
i = i1 n2 + i2 in, k = k1 + n1 k2 out,

    X[k] = sum over i2 of (w^n1)^(i2 k2) * w^(i2 k1) * sum over i1 of (w^n2)^(i1 k1) x[i]

(Bailey, "FFTs in external or hierarchical memory", 1990, without separate transpositions). Pass
one transforms columns, pass two rows, each in a buffer that fits the first-level cache up to
n = 2^18. The small transforms leave their results in bit-reversed order, which costs nothing
since every result is copied to its place anyway.

A coset shift s, x[i] s^i in or X[k] s^-k out, is split as s^(i1 n2) s^(i2): one factor joins the
twiddles w^(i2 k1), the other is one product per element.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels._jit import jit
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.portable.element import (
    load,
    store,
)
from zkroute.kernels.portable.field import (
    MODULUS_R,
    add_loose_r,
    multiply_loose_r,
    multiply_mod_r,
    reduce_r,
    subtract_loose_r,
    subtract_unreduced_r,
)
from zkroute.kernels.portable.whole_vectors import montgomery

GROUP = 4
"""Adjacent columns (or rows) handled together, so that whole cache lines are moved."""

Elements = NDArray[np.uint64]


@dataclass(frozen=True)
class Plan:
    """Tables for one size, direction and coset shift; all in Montgomery form."""

    column_size: int
    """n1, the length of columns."""
    row_size: int
    """n2, the length of rows."""
    roots: Elements
    """Powers 0 .. n1/2 - 1 of the root of order n1; n1 >= n2, so every (n1/n2)-th is for rows."""
    twiddles: Elements
    """Row i2 of n1 entries: the factors of column i2 between the passes."""
    input_factors: Elements
    """One factor per i1, or none."""
    output_factors: Elements
    """One factor per k2, or none."""
    column_order: NDArray[np.int64]
    """Bit reversal of 0 .. n1 - 1."""
    row_order: NDArray[np.int64]
    """Bit reversal of 0 .. n2 - 1."""


@jit
def _transform_small(buffer: Any, offset: int, size: int, roots: Any, root_step: int) -> None:
    """In-place transform of ``size`` elements from ``offset``, results in bit-reversed order.

    Decimation in frequency (Gentleman-Sande). Entry j * root_step of ``roots`` is the j-th power
    of the root of order ``size``; products with the power 0 are left out. Elements are loose,
    before and after: roots are below r, so products with differences below 4r are loose again
    (Harvey, "Faster arithmetic for number-theoretic transforms", 2014).
    """
    half = size >> 1
    step = root_step
    while half > 0:
        for block in range(offset, offset + size, 2 * half):
            left = load(buffer, block)
            right = load(buffer, block + half)
            store(buffer, block, add_loose_r(left, right))
            store(buffer, block + half, subtract_loose_r(left, right))
        for index in range(1, half):
            root = load(roots, index * step)
            for block in range(offset + index, offset + size, 2 * half):
                left = load(buffer, block)
                right = load(buffer, block + half)
                store(buffer, block, add_loose_r(left, right))
                store(
                    buffer, block + half, multiply_loose_r(root, subtract_unreduced_r(left, right))
                )
        half >>= 1
        step <<= 1


@jit
def _transform_columns(
    middle: Any,
    values: Any,
    roots: Any,
    twiddles: Any,
    factors: Any,
    order: Any,
    row_size: int,
    row_stride: int,
    start: int,
    stop: int,
) -> None:
    """Pass one on columns start..stop-1: transformed and multiplied by their twiddles.

    ``middle`` gets the matrix, loose, its rows beginning ``row_stride`` elements apart.
    """
    size = order.shape[0]
    buffer = np.empty((GROUP * size, 4), np.uint64)
    for first in range(start, stop, GROUP):
        count = min(GROUP, stop - first)
        for row in range(size):
            for column in range(count):
                value = load(values, row * row_size + first + column)
                if factors.shape[0] > 0:
                    value = multiply_loose_r(load(factors, row), value)
                store(buffer, column * size + row, value)
        for column in range(count):
            _transform_small(buffer, column * size, size, roots, np.int64(1))
        for row in range(size):
            for column in range(count):
                value = load(buffer, column * size + order[row])
                twiddle = load(twiddles, (first + column) * size + row)
                store(middle, row * row_stride + first + column, multiply_loose_r(twiddle, value))


@jit
def _transform_rows(
    output: Any,
    middle: Any,
    roots: Any,
    root_step: int,
    factors: Any,
    order: Any,
    column_size: int,
    row_stride: int,
    start: int,
    stop: int,
) -> None:
    """Pass two on rows start..stop-1, overwriting ``middle``: results to their final places."""
    size = order.shape[0]
    for first in range(start, stop, GROUP):
        count = min(GROUP, stop - first)
        for row in range(first, first + count):
            _transform_small(middle, row * row_stride, size, roots, root_step)
        for column in range(size):
            for row in range(first, first + count):
                value = load(middle, row * row_stride + order[column])
                if factors.shape[0] > 0:
                    value = multiply_loose_r(load(factors, column), value)
                value = reduce_r(value)
                store(output, column * column_size + row, value)


@jit
def _fill_twiddles(
    twiddles: Any, firsts: Any, ratios: Any, size: int, start: int, stop: int
) -> None:
    """Row i of ``size`` entries: firsts[i] times the powers of ratios[i]."""
    for row in range(start, stop):
        value = load(firsts, row)
        ratio = load(ratios, row)
        for index in range(row * size, (row + 1) * size):
            store(twiddles, index, value)
            value = multiply_mod_r(ratio, value)


def make_plan(log_size: int, root: int, shift: int, inverse: bool) -> Plan:
    """Tables for transforms of 2**log_size elements.

    ``root`` has that order. Forward: coefficients to values on shift * H; inverse: back.
    """
    size = 1 << log_size
    row_size = 1 << log_size // 2
    column_size = size // row_size
    if inverse:
        root, shift = pow(root, -1, MODULUS_R), pow(shift, -1, MODULUS_R)
        firsts = [pow(size, -1, MODULUS_R)] * row_size
        ratios = _powers(root, row_size, shift)
    else:
        firsts = _powers(shift, row_size)
        ratios = _powers(root, row_size)
    twiddles = np.empty((size, 4), np.uint64)
    tables = montgomery(firsts), montgomery(ratios)
    _in_ranges(partial(_fill_twiddles, twiddles, *tables, column_size), row_size, column_size)
    none: list[int] = []
    return Plan(
        column_size,
        row_size,
        montgomery(_powers(pow(root, row_size, MODULUS_R), max(1, column_size // 2))),
        twiddles,
        montgomery(
            none if inverse or shift == 1 else _powers(pow(shift, row_size, MODULUS_R), column_size)
        ),
        montgomery(
            _powers(pow(shift, column_size, MODULUS_R), row_size)
            if inverse and shift != 1
            else none
        ),
        _bit_reversal(column_size),
        _bit_reversal(row_size),
    )


def transform(plan: Plan, values: Elements) -> Elements:
    """The transform of n elements, a new array; ``values`` is not changed."""
    # rows a little apart, or all of a column would compete for the same few cache lines
    row_stride = plan.row_size + 2
    middle = np.empty((plan.column_size * row_stride, 4), np.uint64)
    output = np.empty_like(values)
    columns = partial(
        _transform_columns,
        middle,
        values,
        plan.roots,
        plan.twiddles,
        plan.input_factors,
        plan.column_order,
        plan.row_size,
        row_stride,
    )
    _in_ranges(columns, plan.row_size, plan.column_size)
    root_step = plan.column_size // plan.row_size
    rows = partial(
        _transform_rows,
        output,
        middle,
        plan.roots,
        root_step,
        plan.output_factors,
        plan.row_order,
        plan.column_size,
        row_stride,
    )
    _in_ranges(rows, plan.column_size, plan.row_size)
    return output


class PlanCache:
    """Plans made before, the longest unused forgotten first; safe to share between threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._plans: OrderedDict[tuple[int, int, bool], Plan] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, log_size: int, root: int, shift: int, inverse: bool) -> Plan:
        """The plan that ``make_plan`` makes; ``root`` must be the same for equal sizes."""
        key = log_size, shift, inverse
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                return self._plans[key]
        # outside the lock: made twice at worst
        plan = make_plan(log_size, root, shift, inverse)
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > 1 and self._bytes() > self._limit:
                self._plans.popitem(last=False)
        return plan

    def _bytes(self) -> int:
        return sum(plan.twiddles.nbytes for plan in self._plans.values())


def _in_ranges(kernel: Callable[[int, int], None], count: int, weight: int) -> None:
    """Runs a kernel over range(count), items of ``weight`` elements, in whole groups."""
    smallest = max(GROUP, 1024 // weight)
    run_all([partial(kernel, *each) for each in ranges(count, smallest, pieces_per_thread=2)])


def _powers(base: int, count: int, first: int = 1) -> list[int]:
    powers = []
    for _ in range(count):
        powers.append(first)
        first = first * base % MODULUS_R
    return powers


def _bit_reversal(size: int) -> NDArray[np.int64]:
    order = np.zeros(1, dtype=np.int64)
    while len(order) < size:
        order = np.concatenate([2 * order, 2 * order + 1])
    return order
