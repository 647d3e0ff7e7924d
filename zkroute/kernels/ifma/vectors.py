"""Elementwise operations on whole vectors, spread over threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.ifma import vector_kernels as kernels
from zkroute.kernels.ifma.memory import (
    Vector,
    aligned,
    clear_unused_lanes,
    empty_vector,
    integers_of,
    rows_of,
)
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.vec8 import LANES, LIMBS

SMALLEST_PIECE = 128
"""Blocks below which another thread costs more than it brings: a few microseconds' worth."""


def pieces(blocks: int) -> list[tuple[int, int]]:
    """Ranges of blocks, one per thread that pays."""
    return ranges(blocks, SMALLEST_PIECE)


def spread(kernel: Callable[..., None], blocks: int, *arguments: Any) -> None:
    """Runs a kernel whose last arguments are (start, stop) over a number of blocks."""
    run_all([partial(kernel, *arguments, start, stop) for start, stop in pieces(blocks)])


def load(limbs: Limbs) -> Vector:
    """Vector of canonical scalars of one to four limbs, with any strides."""
    length, width = limbs.shape
    loaded = empty_vector(length)
    words = np.require(limbs, requirements=("C", "W"))
    whole, rest = divmod(length, LANES)
    spread(kernels.import_words, whole, loaded.blocks, words.reshape(-1), width)
    if rest:
        padded = np.zeros((LANES, width), dtype=np.uint64)
        padded[:rest] = words[whole * LANES :]
        kernels.import_words(loaded.blocks[whole:], padded.reshape(-1), width, 0, 1)
    return loaded


def store(values: Vector) -> Limbs:
    """Canonical limbs, shape (n, 4)."""
    blocks = len(values.blocks)
    words = np.empty((blocks * LANES, 4), dtype=np.uint64)
    spread(kernels.export_words, blocks, words.reshape(-1), values.blocks)
    return words[: values.length]


def add(left: Vector, right: Vector) -> Vector:
    """Elementwise sum."""
    total = empty_vector(left.length)
    spread(kernels.add, len(total.blocks), total.blocks, left.blocks, right.blocks)
    return total


def multiply(left: Vector, right: Vector) -> Vector:
    """Elementwise product."""
    product = empty_vector(left.length)
    spread(kernels.multiply, len(product.blocks), product.blocks, left.blocks, right.blocks)
    return product


def scale(values: Vector, factor: int) -> Vector:
    """Every element times one scalar."""
    product = empty_vector(values.length)
    row = rows_of([factor % MODULUS])
    spread(kernels.scale, len(product.blocks), product.blocks, values.blocks, row)
    return product


def inverse(values: Vector) -> Vector:
    """Elementwise inverse. Raises ZeroDivisionError at a zero."""
    inverses = empty_vector(values.length)
    blocks = values.blocks
    if values.length % LANES:
        # unused lanes take part like all others, so they must not be zero
        blocks = aligned(*blocks.shape)
        blocks[:] = values.blocks
        blocks[-1, :, values.length % LANES :] = rows_of([1]).reshape(LIMBS, 1)
    zeros: list[int] = []

    def invert(start: int, stop: int) -> None:
        state = aligned(kernels.STRANDS, LIMBS, LANES)
        kernels.prefix_products(inverses.blocks, blocks, state, start, stop)
        zeros.append(kernels.invert_state(state))
        kernels.unravel_inverses(inverses.blocks, blocks, state, start, stop)

    run_all([partial(invert, *piece) for piece in pieces(len(blocks))])
    if any(zeros):
        raise ZeroDivisionError("a vector with a zero element has no inverse")
    clear_unused_lanes(inverses.blocks, values.length)
    return inverses


def running_sum(values: Vector) -> tuple[Vector, int]:
    """Exclusive prefix sums and the total."""
    sums = empty_vector(values.length)
    parts = pieces(len(values.blocks))
    lanes = aligned(len(parts), 1, LIMBS, LANES)
    run_all(
        [partial(kernels.sum_lanes, lanes[i], values.blocks, *part) for i, part in enumerate(parts)]
    )
    totals = [sum(integers_of(lanes[i])) % MODULUS for i in range(len(parts))]
    before = list(accumulate(totals, initial=0))
    run_all(
        [
            partial(kernels.running_sums, sums.blocks, values.blocks, rows_of([first]), *part)
            for first, part in zip(before, parts, strict=False)
        ]
    )
    clear_unused_lanes(sums.blocks, values.length)
    return sums, before[-1] % MODULUS


def linear_combination(vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
    """Sum of scalar times vector, shorter ones padded with zeros."""
    total = empty_vector(max((each.length for each in vectors), default=0))
    addresses = np.array([each.blocks.ctypes.data for each in vectors], dtype=np.int64)
    counts = np.array([len(each.blocks) for each in vectors], dtype=np.int64)
    factors = rows_of([scalar % MODULUS for scalar in scalars])
    spread(kernels.linear_combination, len(total.blocks), total.blocks, addresses, counts, factors)
    return total


def concatenate(vectors: Sequence[Vector]) -> Vector:
    """Vectors one after another."""
    joined = empty_vector(sum(each.length for each in vectors))
    start = 0
    for each in vectors:
        _copy(joined, start, each, 0, each.length)
        start += each.length
    return joined


def cut(values: Vector, start: int, stop: int) -> Vector:
    """Elements start..stop-1."""
    piece = empty_vector(stop - start)
    _copy(piece, 0, values, start, stop - start)
    return piece


def _copy(target: Vector, to: int, source: Vector, start: int, count: int) -> None:
    """Copies elements; whole blocks at a time where both positions begin a block."""
    whole = count // LANES if to % LANES == start % LANES == 0 else 0
    target.blocks[to // LANES :][:whole] = source.blocks[start // LANES :][:whole]
    if whole * LANES < count:
        rest = np.arange(whole * LANES, count)
        into, outof = to + rest, start + rest
        elements = source.blocks[outof // LANES, :, outof % LANES]
        target.blocks[into // LANES, :, into % LANES] = elements
