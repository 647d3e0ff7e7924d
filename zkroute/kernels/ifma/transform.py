"""Transforms of whole vectors: plans, kept per size and shift, and the work spread over threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.domain import powers, root_of_unity
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.ifma import ntt_kernels
from zkroute.kernels.ifma.memory import (
    Vector,
    Words,
    aligned,
    blocks_of,
    empty_vector,
    integers_of,
    rows_of,
    vector_of,
)
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.vec8 import LANES, LIMBS

SMALLEST_LOG = 6
"""Both passes want at least eight rows."""


@dataclass(frozen=True)
class _Piece:
    """A range of columns, eight to a unit, and the factors its first eight start from."""

    start: int
    stop: int
    lanes: Words


@dataclass(frozen=True)
class _Plan:
    """Tables for transforms of one size, direction and shift; ``ntt_kernels`` says what for."""

    logs: NDArray[np.int64]
    twiddles: Words
    row_order: NDArray[np.int64]
    column_order: NDArray[np.int64]
    row_factors: Words
    column_factors: Words
    fold: Words
    lane_steps: Words
    pieces: list[_Piece]


def evaluate(coefficients: Vector, log_size: int, shift: int) -> Vector:
    """Values on shift * H, of any number of coefficients."""
    if log_size < SMALLEST_LOG:
        return _evaluated_singly(coefficients, log_size, shift)
    return _transformed(coefficients, _plan(log_size, shift % MODULUS, False))


def interpolate(values: Vector, log_size: int, shift: int) -> Vector:
    """Coefficients from all values on shift * H."""
    if log_size < SMALLEST_LOG:
        return _interpolated_singly(values, log_size, shift)
    return _transformed(values, _plan(log_size, shift % MODULUS, True))


def _transformed(source: Vector, plan: _Plan) -> Vector:
    log_rows, log_columns = (int(log) for log in plan.logs[:2])
    result = empty_vector(1 << log_rows + log_columns)
    middle = _workspace(len(result.blocks))
    columns_done = [
        partial(_first_pass, middle, source.blocks, plan, piece) for piece in plan.pieces
    ]
    rows_done = [
        partial(
            ntt_kernels.second_pass,
            result.blocks,
            middle,
            plan.logs,
            plan.twiddles,
            plan.column_order,
            plan.column_factors,
            start,
            stop,
        )
        for start, stop in ranges((1 << log_rows) // LANES, 1)
    ]
    run_all(columns_done)
    run_all(rows_done)
    return result


def _first_pass(middle: Words, source: Words, plan: _Plan, piece: _Piece) -> None:
    rows = 1 << int(plan.logs[0])
    # a column, a tile, and the factors' two halves
    scratch = aligned(rows + LANES + 4 * rows, LIMBS, LANES)
    lanes = aligned(*piece.lanes.shape)
    lanes[:] = piece.lanes
    ntt_kernels.first_pass(
        middle,
        scratch,
        source,
        len(source),
        plan.logs,
        plan.twiddles,
        plan.row_order,
        plan.row_factors,
        plan.fold,
        lanes,
        plan.lane_steps,
        piece.start,
        piece.stop,
    )


def _workspace(blocks: int) -> Words:
    return aligned(blocks, LIMBS, LANES)


def _evaluated_singly(coefficients: Vector, log_size: int, shift: int) -> Vector:
    """Values on a domain too small for the kernels, in plain integers.

    A kernel call per point would cost more than the few dozen products there are.
    """
    size = 1 << log_size
    folded = [0] * size
    factor = 1
    for position, value in enumerate(integers_of(coefficients.blocks)[: coefficients.length]):
        folded[position % size] += value * factor
        factor = factor * shift % MODULUS
    return vector_of(_plain_transform(folded, root_of_unity(log_size)))


def _interpolated_singly(values: Vector, log_size: int, shift: int) -> Vector:
    """Coefficients likewise: w^-1 for w makes values of coefficients, but for the factors."""
    root = pow(root_of_unity(log_size), -1, MODULUS)
    sums = _plain_transform(integers_of(values.blocks)[: values.length], root)
    factors = powers(pow(shift, -1, MODULUS), len(sums))
    scale = pow(len(sums), -1, MODULUS)
    return vector_of([a * b * scale for a, b in zip(sums, factors, strict=True)])


def _plain_transform(values: Sequence[int], root: int) -> list[int]:
    """sum_k values[k] root^(j k) for every j, by halves (Cooley and Tukey)."""
    if len(values) == 1:
        return [values[0] % MODULUS]
    even = _plain_transform(values[::2], root * root % MODULUS)
    odd = _plain_transform(values[1::2], root * root % MODULUS)
    turned = [a * b % MODULUS for a, b in zip(odd, powers(root, len(odd)), strict=True)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [
        a - b for a, b in zip(even, turned, strict=True)
    ]


@lru_cache(maxsize=64)
def _plan(log_size: int, shift: int, inverse: bool) -> _Plan:
    """The plan of a transform that multiplies input i, or output i of an inverse, by shift^i."""
    log_columns = log_size // 2
    log_rows = log_size - log_columns
    rows, columns = 1 << log_rows, 1 << log_columns
    root = root_of_unity(log_size)
    if inverse:
        root, shift = pow(root, -1, MODULUS), pow(shift, -1, MODULUS)
    none = rows_of([])
    shifted = shift != 1
    if inverse:
        row_factors = none
        column_factors = rows_of(powers(pow(shift, rows, MODULUS), columns)) if shifted else none
        value_step, ratio_step = 1, pow(root, LANES, MODULUS)
        value, ratio = pow(1 << log_size, -1, MODULUS), shift
    else:
        row_factors = rows_of(powers(pow(shift, columns, MODULUS), rows)) if shifted else none
        column_factors = none
        value_step, ratio_step = pow(shift, LANES, MODULUS), pow(root, LANES, MODULUS)
        value, ratio = 1, 1
    pieces = []
    for start, stop in ranges(columns // LANES, 1):
        lanes = range(start * LANES, start * LANES + LANES)
        within = shift if not inverse else 1
        values = [value * pow(within, lane, MODULUS) for lane in lanes]
        ratios = [ratio * pow(root, lane, MODULUS) for lane in lanes]
        pieces.append(_Piece(start, stop, blocks_of(values + ratios)))
    return _Plan(
        logs=np.array([log_rows, log_columns, log_rows], dtype=np.int64),
        twiddles=rows_of(powers(pow(root, columns, MODULUS), rows)),
        row_order=bit_reversed(log_rows),
        column_order=bit_reversed(log_columns),
        row_factors=row_factors,
        column_factors=column_factors,
        fold=rows_of([pow(shift, 1 << log_size, MODULUS)]),
        lane_steps=rows_of([value_step, ratio_step]),
        pieces=pieces,
    )


def bit_reversed(log_size: int) -> NDArray[np.int64]:
    """Every index below 2**log_size with its bits in reverse."""
    order = np.zeros(1, dtype=np.int64)
    for _ in range(log_size):
        order = np.concatenate([2 * order, 2 * order + 1])
    return order
