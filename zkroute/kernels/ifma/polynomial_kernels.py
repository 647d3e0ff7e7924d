"""Kernels over ranges of coefficients; [start, stop) counts blocks of eight."""

from __future__ import annotations

from typing import Any

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import scalar_field as field
from zkroute.kernels.ifma.blocks import broadcast, load, store
from zkroute.kernels.ifma.lanes import (
    carry,
    down_by_1,
    down_by_2,
    down_by_4,
    followed_by,
    lowest_lane,
    raw_add,
    zeros,
)
from zkroute.kernels.ifma.vector_kernels import STRANDS


@jit
def horner(state: Any, coefficients: Any, step: Any, start: int, stop: int) -> None:
    """Values of 32 interleaved polynomials, eight in each of the four blocks of ``state``.

    Strand s, lane l receives the sum over i of c[8 (start + 4 i + s) + l] * x**(32 i); ``step``
    holds x**32 in its first row.
    """
    for strand in range(STRANDS):
        store(state, strand, zeros())
    factor = broadcast(step, 0)
    for block in range(stop - 1, start - 1, -1):
        strand = (block - start) % STRANDS
        # products are below 1.2 m, so this sum is below 3.6 m: once carried, it may be multiplied
        value = field.multiply(load(state, strand), factor)
        store(state, strand, carry(raw_add(value, load(coefficients, block))))


@jit
def divide(
    quotient: Any,
    coefficients: Any,
    powers: Any,
    descending: Any,
    above: Any,
    start: int,
    stop: int,
) -> None:
    """Quotient coefficients by Horner's rule from the top: q[i] = s[i + 1], s[i] = c[i] + x s[i+1].

    ``powers`` has x, x**2 and x**4 in rows, ``descending`` is the block x**8, x**7, ... x, and the
    first row of ``above`` is s at the first element of block ``stop``.
    """
    first, second, fourth = broadcast(powers, 0), broadcast(powers, 1), broadcast(powers, 2)
    distances = load(descending, 0)
    higher = broadcast(above, 0)
    for block in range(stop - 1, start - 1, -1):
        # every product is below 1.2 m, so the sums are below 3.6, 4.8 and 7.2 m
        suffix = load(coefficients, block)
        suffix = carry(raw_add(suffix, field.multiply(down_by_1(suffix), first)))
        suffix = carry(raw_add(suffix, field.multiply(down_by_2(suffix), second)))
        suffix = raw_add(suffix, field.multiply(down_by_4(suffix), fourth))
        suffix = field.reduce_sum(raw_add(suffix, field.multiply(higher, distances)))
        store(quotient, block, followed_by(suffix, higher))
        higher = lowest_lane(suffix)
