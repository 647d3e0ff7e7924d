"""Values that kernels get wrong first, and naive twins in plain integers."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

R = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
P = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
RADIX = 1 << 256

Words = NDArray[np.uint64]
Point = tuple[int, int] | None

GENERATOR: Point = (1, 2)


def edge_values(modulus: int) -> list[int]:
    """Zero, one, the largest, and values whose limbs are all zeros or all ones."""
    limbs = [1 << 64, (1 << 64) - 1, 1 << 128, (1 << 192) - 1, modulus >> 1, (modulus >> 1) + 1]
    return [0, 1, 2, modulus - 1, modulus - 2, *limbs, modulus - (1 << 64), modulus - (1 << 192)]


def values(modulus: int, count: int, seed: int = 1) -> list[int]:
    """Edge values first, then random ones."""
    rng = random.Random(seed)
    edges = edge_values(modulus)[:count]
    return edges + [rng.randrange(modulus) for _ in range(count - len(edges))]


def words(integers: Sequence[int]) -> Words:
    data = b"".join(value.to_bytes(32, "little") for value in integers)
    return np.frombuffer(data, np.uint64).reshape(-1, 4).copy()


def integers(array: Words) -> list[int]:
    data = array.tobytes()
    return [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]


def to_montgomery(numbers: Sequence[int], modulus: int = R) -> Words:
    return words([number * RADIX % modulus for number in numbers])


def from_montgomery(array: Words, modulus: int = R) -> list[int]:
    inverse = pow(RADIX, -1, modulus)
    found = integers(array)
    assert all(value < modulus for value in found), "a kernel left a value unreduced"
    return [value * inverse % modulus for value in found]


def negate(point: Point) -> Point:
    return None if point is None else (point[0], -point[1] % P)


def add(left: Point, right: Point) -> Point:
    """The group law as in a textbook."""
    if left is None:
        return right
    if right is None:
        return left
    if left[0] == right[0]:
        if (left[1] + right[1]) % P == 0:
            return None
        slope = 3 * left[0] ** 2 * pow(2 * left[1], -1, P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P)
    x = (slope * slope - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def multiply(point: Point, scalar: int) -> Point:
    """Double and add."""
    total: Point = None
    for bit in bin(scalar % R)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def multiples(count: int, first: int = 1) -> list[Point]:
    """first * G, (first + 1) * G, ..."""
    found = [multiply(GENERATOR, first)]
    while len(found) < count:
        found.append(add(found[-1], GENERATOR))
    return found[:count]


def points_to_words(points: Sequence[Point]) -> Words:
    """Affine points in Montgomery form, shape (n, 8), infinity as zeros."""
    coordinates = [value for point in points for value in (point or (0, 0))]
    return to_montgomery(coordinates, P).reshape(-1, 8)


def words_to_points(array: Words) -> list[Point]:
    coordinates = from_montgomery(array, P)
    return [
        (x, y) if x or y else None for x, y in zip(coordinates[::2], coordinates[1::2], strict=True)
    ]


def jacobian_words(points: Sequence[Point], seed: int = 3) -> Words:
    """The points with random Z, shape (n, 12); infinity has Z = 0 and arbitrary X and Y."""
    rng = random.Random(seed)
    coordinates = []
    for point in points:
        z = rng.randrange(1, P)
        if point is None:
            coordinates += [rng.randrange(P), rng.randrange(P), 0]
        else:
            coordinates += [point[0] * z * z % P, point[1] * z**3 % P, z]
    return to_montgomery(coordinates, P).reshape(-1, 12)


def jacobian_to_points(array: Words) -> list[Point]:
    found: list[Point] = []
    coordinates = from_montgomery(array, P)
    for x, y, z in zip(coordinates[::3], coordinates[1::3], coordinates[2::3], strict=True):
        inverse = pow(z, -1, P) if z else 0
        found.append((x * inverse**2 % P, y * inverse**3 % P) if z else None)
    return found
