"""Operations on whole vectors of scalars: kernels over ranges, run on the threads.

Vectors are as in ``vector.py``; scalars are integers modulo r, not in Montgomery form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.portable import vector as kernels
from zkroute.kernels.portable.field import (
    MODULUS_R,
    RADIX,
)

Vector = NDArray[np.uint64]

SMALLEST_RANGE = 2048
"""Rows below which handing work to a thread costs more than it saves."""


def words(integers: Sequence[int]) -> NDArray[np.uint64]:
    """Integers below 2**256 as they stand, shape (n, 4)."""
    data = b"".join(integer.to_bytes(32, "little") for integer in integers)
    return np.frombuffer(data, dtype=np.uint64).reshape(-1, 4).copy()


def integers(limbs: NDArray[np.uint64]) -> list[int]:
    """The 256-bit integers of an array, four limbs each, as they stand."""
    data = limbs.tobytes()
    return [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]


def montgomery(scalars: Sequence[int]) -> Vector:
    """Vector of integers modulo r."""
    return words([scalar * RADIX % MODULUS_R for scalar in scalars])


def canonical(vector: Vector) -> list[int]:
    """The integers modulo r of a vector."""
    inverse_radix = pow(RADIX, -1, MODULUS_R)
    return [integer * inverse_radix % MODULUS_R for integer in integers(vector)]


def over_ranges(kernel: Callable[[int, int], object], rows: int) -> None:
    """Runs a kernel over range(rows), in one range per thread."""
    run_all([partial(kernel, *each) for each in ranges(rows, SMALLEST_RANGE)])


def scaled(vector: Vector, factor: int) -> Vector:
    """Every 256-bit integer times ``factor`` / 2**256 modulo r."""
    output = np.empty_like(vector)
    scalar = words([factor % MODULUS_R])
    over_ranges(partial(kernels.scale_range, output, vector, scalar), len(vector))
    return output


def elementwise(kernel: Callable[..., None], left: Vector, right: Vector) -> Vector:
    """``add_range`` or ``multiply_range`` of two equally long vectors."""
    output = np.empty_like(left)
    over_ranges(partial(kernel, output, left, right), len(left))
    return output


def inverse(vector: Vector) -> Vector:
    """Elementwise inverse. Raises ZeroDivisionError at a zero."""
    output = np.empty_like(vector)

    def invert(start: int, stop: int) -> None:
        if not kernels.invert_range(output, vector, start, stop):
            raise ZeroDivisionError("zero has no inverse modulo the group order")

    over_ranges(invert, len(vector))
    return output


def running_sum(vector: Vector) -> tuple[Vector, int]:
    """Exclusive prefix sums and the total: sums of ranges first, then all prefixes."""
    pieces = ranges(len(vector), SMALLEST_RANGE)
    totals = np.zeros((len(pieces), 4), np.uint64)
    run_all(
        [
            partial(kernels.sum_range, totals, position, vector, *piece)
            for position, piece in enumerate(pieces)
        ]
    )
    offsets = [0]
    for total in canonical(totals):
        offsets.append((offsets[-1] + total) % MODULUS_R)
    output = np.empty_like(vector)
    carried = montgomery(offsets)
    run_all(
        [
            partial(kernels.running_sum_range, output, vector, carried, position, *piece)
            for position, piece in enumerate(pieces)
        ]
    )
    return output, offsets[-1]


def linear_combination(vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
    """Sum of scalar times vector; shorter vectors count as padded with zeros."""
    rows = max(map(len, vectors), default=0)
    output = np.empty((rows, 4), np.uint64)
    lengths = np.array([len(vector) for vector in vectors], np.int64)
    over_ranges(
        partial(
            kernels.linear_combination_range,
            output,
            addresses(vectors),
            lengths,
            montgomery(scalars),
        ),
        rows,
    )
    return output


def folded(coefficients: Vector, size: int, shift: int) -> Vector:
    """Coefficients of the remainder modulo X^size - shift^size, padded to that size."""
    if len(coefficients) == size:
        return coefficients
    output = np.empty((size, 4), np.uint64)
    factor = montgomery([pow(shift, size, MODULUS_R)])
    # a range has as much to do as its rows have coefficients
    smallest = max(1, SMALLEST_RANGE * size // max(size, len(coefficients)))
    fold = partial(kernels.fold_range, output, coefficients, factor)
    run_all([partial(fold, *piece) for piece in ranges(size, smallest)])
    return output


def addresses(vectors: Sequence[Vector]) -> NDArray[np.int64]:
    """Where the elements of each vector lie; the caller keeps the vectors alive."""
    return np.array([vector.ctypes.data for vector in vectors], np.int64)


def evaluate(coefficients: Vector, point: int) -> int:
    """Value of a polynomial: Horner's rule in ranges, then over their values."""
    values, pieces = _range_values(coefficients, point)
    total = 0
    for value, (start, stop) in zip(reversed(values), reversed(pieces), strict=True):
        total = (total * pow(point, stop - start, MODULUS_R) + value) % MODULUS_R
    return total


def divide_by_linear(coefficients: Vector, point: int) -> Vector:
    """Quotient of p(X) - p(point) by X - point: synthetic division in ranges.

    The quotient's coefficient a range starts from is the value of all higher coefficients as a
    polynomial of its own.
    """
    higher = coefficients[1:]
    quotient = np.empty_like(higher)
    values, pieces = _range_values(higher, point)
    carries = [0] * len(pieces)
    for position in range(len(pieces) - 1, 0, -1):
        start, stop = pieces[position]
        shifted = carries[position] * pow(point, stop - start, MODULUS_R)
        carries[position - 1] = (shifted + values[position]) % MODULUS_R
    multiplier, carried = montgomery([point]), montgomery(carries)
    run_all(
        [
            partial(kernels.divide_range, quotient, higher, multiplier, carried, position, *piece)
            for position, piece in enumerate(pieces)
        ]
    )
    return quotient


def _range_values(coefficients: Vector, point: int) -> tuple[list[int], list[tuple[int, int]]]:
    """The value of each range as a polynomial of its own, and the ranges."""
    pieces = ranges(len(coefficients), SMALLEST_RANGE)
    values = np.zeros((len(pieces), 4), np.uint64)
    powers = montgomery([point, pow(point, 4, MODULUS_R)])
    run_all(
        [
            partial(kernels.evaluate_range, values, position, coefficients, powers, *piece)
            for position, piece in enumerate(pieces)
        ]
    )
    return canonical(values), pieces
