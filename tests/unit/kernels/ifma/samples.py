"""Ways between Python integers and what the kernels hold, written out without the kernels."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tests.unit.algebra.samples import KnownPoints
from zkroute.algebra.curve import PointG1
from zkroute.kernels.ifma.blocks import load, store
from zkroute.kernels.ifma.memory import Vector, aligned
from zkroute.kernels.ifma.vectors import SMALLEST_PIECE

R = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
P = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
RADIX = 1 << 260
LIMB = 1 << 52

PIECE = 8 * SMALLEST_PIECE
SIZES = (1, 7, 8, 9, 31, 33, PIECE - 1, 2 * PIECE + 3)
"""Lengths of vectors around blocks, and around threads' pieces."""

Words = NDArray[np.uint64]


def limbs(value: int) -> list[int]:
    """Five limbs of 52 bits; all have the sign of a negative value."""
    sign = -1 if value < 0 else 1
    return [sign * (abs(value) >> 52 * i & LIMB - 1) for i in range(5)]


def blocks(values: Sequence[int]) -> Words:
    """Eight integers to a block, as they are."""
    rows = np.array([limbs(value) for value in values], dtype=np.int64)
    array = aligned(len(values) // 8, 5, 8)
    array[:] = rows.astype(np.uint64).reshape(-1, 8, 5).transpose(0, 2, 1)
    return array


def raw_integers(array: Words) -> list[int]:
    """The integers in blocks, whose limbs may be negative or too large."""
    rows = array.astype(np.int64).transpose(0, 2, 1).reshape(-1, 5)
    return [sum(limb << 52 * i for i, limb in enumerate(row)) for row in rows.tolist()]


def integers(array: Words) -> list[int]:
    """The integers in blocks of carried limbs."""
    assert (array < LIMB).all(), "a kernel left a limb uncarried"
    return raw_integers(array)


def loose_integers(array: Words, modulus: int) -> list[int]:
    """Likewise, of loose elements, reduced."""
    values = integers(array)
    assert all(100 * value < 233 * modulus for value in values), "an element is not loose"
    return [value % modulus for value in values]


def from_montgomery(array: Words, modulus: int = R) -> list[int]:
    """The integers whose Montgomery form loose elements are."""
    inverse = pow(RADIX, -1, modulus)
    return [value * inverse % modulus for value in loose_integers(array, modulus)]


def values_of(vector: Vector) -> list[int]:
    """The integers in a vector, whose unused lanes must be zero and all of which must be loose."""
    values = from_montgomery(vector.blocks)
    assert not any(values[vector.length :])
    unused = vector.blocks[-1:, :, vector.length % 8 :] if vector.length % 8 else np.zeros(0)
    assert not unused.any()
    return values[: vector.length]


def compiled(operation: Any) -> Callable[..., Words]:
    """A function on arrays of blocks from an operation on one or two elements."""

    @njit
    def one(result: Any, a: Any) -> None:
        for i in range(len(a)):
            store(result, i, operation(load(a, i)))

    @njit
    def two(result: Any, a: Any, b: Any) -> None:
        for i in range(len(a)):
            store(result, i, operation(load(a, i), load(b, i)))

    def run(*arguments: Words) -> Words:
        result = aligned(*arguments[0].shape)
        (one if len(arguments) == 1 else two)(result, *arguments)
        return result

    return run


def edges(modulus: int) -> list[int]:
    """Residues that arithmetic gets wrong first."""
    powers = [1 << 52, LIMB - 1, 1 << 104, (1 << 208) - 1, 1 << 208, 1 << 253, RADIX % modulus]
    return [0, 1, 2, modulus - 1, modulus - 2, modulus >> 1, (modulus >> 1) + 1, *powers]


def scalars(rng: random.Random, count: int, modulus: int = R) -> list[int]:
    """Every third value an edge, the others random."""
    return [
        rng.choice(edges(modulus)) if i % 3 == 0 else rng.randrange(modulus) for i in range(count)
    ]


def rows_of_points(points: Sequence[PointG1]) -> Words:
    """Points as the kernels keep them: rows of eight words, Montgomery form, infinity zero."""
    array = aligned(len(points), 8)
    for row, point in enumerate(points):
        for half, coordinate in enumerate(point or (0, 0)):
            value = coordinate * RADIX % P
            words = [value >> 64 * i & (1 << 64) - 1 for i in range(4)]
            array[row, 4 * half : 4 * half + 4] = words
    return array


def points_of_rows(array: Words) -> list[PointG1]:
    """The points in rows of eight words; loose coordinates will do."""
    inverse = pow(RADIX, -1, P)
    points: list[PointG1] = []
    for row in array.tolist():
        if not any(row):
            points.append(None)
            continue
        x, y = (sum(word << 64 * i for i, word in enumerate(half)) for half in (row[:4], row[4:]))
        assert 100 * x < 233 * P
        assert 100 * y < 233 * P
        points.append((x * inverse % P, y * inverse % P))
    return points


@cache
def known_points() -> KnownPoints:
    """2048 points with known discrete logarithms."""
    return KnownPoints.make(2048)


def addresses(array: Words, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Where points stand in memory."""
    return array.ctypes.data + 64 * np.asarray(rows, dtype=np.int64)
