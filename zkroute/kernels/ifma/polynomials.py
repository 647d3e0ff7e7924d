"""Evaluation and division of coefficient vectors, spread over threads."""

from __future__ import annotations

from functools import partial

from zkroute.algebra.domain import powers
from zkroute.kernels._threads import run_all
from zkroute.kernels.ifma import polynomial_kernels as kernels
from zkroute.kernels.ifma.memory import (
    Vector,
    aligned,
    blocks_of,
    clear_unused_lanes,
    empty_vector,
    integers_of,
    rows_of,
)
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.vec8 import LANES, LIMBS
from zkroute.kernels.ifma.vector_kernels import STRANDS
from zkroute.kernels.ifma.vectors import pieces


def evaluate(coefficients: Vector, point: int) -> int:
    """The polynomial's value at one point."""
    parts = pieces(len(coefficients.blocks))
    return _joined(_values_of_parts(coefficients, point, parts), parts, point)[0]


def divide_by_linear(coefficients: Vector, point: int) -> Vector:
    """Quotient of p(X) - p(point) by X - point."""
    parts = pieces(len(coefficients.blocks))
    # the quotient's coefficients in a part need the value of all higher coefficients
    values = _values_of_parts(coefficients, point, parts)
    above = [*_joined(values, parts, point)[1:], 0]
    shorter = empty_vector(coefficients.length - 1)
    # the kernel writes a block for each it reads; the last may hold no coefficient any more
    blocks = shorter.blocks
    if len(blocks) < len(coefficients.blocks):
        blocks = aligned(*coefficients.blocks.shape)
    steps = powers(point % MODULUS, LANES + 1)
    constants = rows_of([steps[1], steps[2], steps[4]]), blocks_of(steps[:0:-1])
    run_all(
        [
            partial(
                kernels.divide, blocks, coefficients.blocks, *constants, rows_of([higher]), *part
            )
            for higher, part in zip(above, parts, strict=True)
        ]
    )
    quotient = Vector(blocks[: len(shorter.blocks)], shorter.length)
    clear_unused_lanes(quotient.blocks, quotient.length)
    return quotient


def _values_of_parts(coefficients: Vector, point: int, parts: list[tuple[int, int]]) -> list[int]:
    """Each part's value at the point, as if it were the whole polynomial."""
    strands = powers(point % MODULUS, STRANDS * LANES)
    step = rows_of([pow(point, STRANDS * LANES, MODULUS)])
    states = aligned(len(parts), STRANDS, LIMBS, LANES)
    run_all(
        [
            partial(kernels.horner, states[i], coefficients.blocks, step, *part)
            for i, part in enumerate(parts)
        ]
    )
    return [
        sum(a * b for a, b in zip(integers_of(state), strands, strict=True)) % MODULUS
        for state in states
    ]


def _joined(values: list[int], parts: list[tuple[int, int]], point: int) -> list[int]:
    """For each part the value of it and all higher ones, divided by x to its first exponent."""
    joined = [0]
    for value, (start, stop) in zip(reversed(values), reversed(parts), strict=True):
        distance = pow(point, LANES * (stop - start), MODULUS)
        joined.append((value + joined[-1] * distance) % MODULUS)
    return joined[:0:-1] or [0]
