"""Many multiples of one point, and the inverse transform of a vector of points.

The inverse transform takes the points [tau^i]G to [L_i(tau)]G: decimation in frequency with
scalar multiplications in place of products. Scalars are split by the endomorphism of the curve
(Gallant, Lambert, Vanstone, "Faster point multiplication on elliptic curves with efficient
endomorphisms", 2001) and recoded in non-adjacent form.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels._jit import jit
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.portable.curve import (
    add_jacobian,
    add_mixed,
    double_jacobian,
    to_affine,
)
from zkroute.kernels.portable.element import (
    load,
    store,
    zero,
)
from zkroute.kernels.portable.field import (
    MODULUS_P,
    MODULUS_R,
    RADIX,
    multiply_mod_p,
    one_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.portable.group_sums import add_pairs, sum_groups
from zkroute.kernels.portable.whole_vectors import words

Limbs = NDArray[np.uint64]

CUBE_ROOT_P = 2203960485148121921418603742825762020974279258880205651966
"""beta: beta^3 = 1 mod p, and (beta x, y) = [lambda](x, y) on the curve."""
CUBE_ROOT_R = 4407920970296243842393367215006156084916469457145843978461
"""lambda: lambda^3 = 1 mod r."""

TABLE_WIDTH = 8
"""Bits of a scalar per table of multiples."""
_NAF_WIDTH = 5
_NAF_DIGITS = 130
"""Room for a scalar below 2**128 and the carry of its recoding."""
_ODD_MULTIPLES = 8
"""P, 3P, ... 15P: the digits of a non-adjacent form of width five."""


@jit
def _fill_tables(tables: Any, base: Any, windows: int, multiples: int) -> None:
    """tables[w * multiples + i], Jacobian: (i + 1) * (multiples + 1)^w * base."""
    bX, bY, bZ = load(base, 0), load(base, 1), one_mod_p()
    for window in range(windows):
        X, Y, Z = bX, bY, bZ
        for row in range(window * multiples, (window + 1) * multiples):
            store(tables, 3 * row, X)
            store(tables, 3 * row + 1, Y)
            store(tables, 3 * row + 2, Z)
            X, Y, Z = add_jacobian(X, Y, Z, bX, bY, bZ)
        bX, bY, bZ = X, Y, Z


@jit
def _sum_table_entries(output: Any, tables: Any, scalars: Any, start: int, stop: int) -> None:
    """output[i] = scalars[i] * base from byte-wise tables; scalars canonical, shape (n, 4)."""
    entries = np.empty(32 * (stop - start), np.int32)
    bounds = np.zeros(stop - start + 1, np.int64)
    count = 0
    for row in range(start, stop):
        for window in range(32):
            shift = np.uint64(8 * (window & 7))
            digit = np.int64((scalars[row, window >> 3] >> shift) & np.uint64(255))
            if digit != 0:
                entries[count] = 2 * (255 * window + digit - 1)
                count += 1
        bounds[row - start + 1] = count
    sum_groups(output[start:stop], tables, entries[:count], bounds)


@jit
def _recode(digits: Any, low: Any, high: Any) -> int:
    """Width-5 non-adjacent form of the integer low + 2**64 high < 2**127; returns its length."""
    length = 0
    while low | high:
        digit = np.int64(0)
        if low & np.uint64(1):
            digit = np.int64(low & np.uint64(31))
            if digit > 16:
                digit -= 32
                added = low + np.uint64(-digit)
                high += np.uint64(added < low)
                low = added
            else:
                low -= np.uint64(digit)
        digits[length] = digit
        length += 1
        low = (low >> np.uint64(1)) | (high << np.uint64(63))
        high >>= np.uint64(1)
    return length


@jit
def _multiply_range(
    products: Any,
    points: Any,
    positions: Any,
    halves: Any,
    negative: Any,
    cube_root: Any,
    start: int,
    stop: int,
) -> None:
    """products[k] = scalar k * points[positions[k]], all affine.

    Scalar k is halves[k, 0:2] + lambda * halves[k, 2:4], either half negated if so marked.
    """
    beta = load(cube_root, 0)
    count = stop - start
    pairs = np.empty((count, 2), np.int64)
    tables = np.empty((_ODD_MULTIPLES + 1, count, 8), np.uint64)
    flat = tables.reshape((_ODD_MULTIPLES + 1) * count, 8)
    # the last table holds the doubles
    doubles = _ODD_MULTIPLES * count
    for k in range(count):
        pairs[k, 0] = pairs[k, 1] = 2 * positions[start + k]
        flat[k] = points[positions[start + k]]
    add_pairs(tables[_ODD_MULTIPLES], points, pairs, np.int64(0), count)
    for multiple in range(1, _ODD_MULTIPLES):
        for k in range(count):
            pairs[k, 0] = 2 * ((multiple - 1) * count + k)
            pairs[k, 1] = 2 * (doubles + k)
        add_pairs(tables[multiple], flat, pairs, np.int64(0), count)
    digits = np.zeros((2, _NAF_DIGITS), np.int64)
    jacobian = np.empty((count, 12), np.uint64)
    for k in range(count):
        lengths = max(
            _recode(digits[0], halves[start + k, 0], halves[start + k, 1]),
            _recode(digits[1], halves[start + k, 2], halves[start + k, 3]),
        )
        X, Y, Z = zero(), zero(), zero()
        for position in range(lengths - 1, -1, -1):
            X, Y, Z = double_jacobian(X, Y, Z)
            for half in range(2):
                digit = digits[half, position]
                if digit == 0:
                    continue
                digits[half, position] = 0
                row = (abs(digit) >> 1) * count + k
                x = load(flat, 2 * row)
                y = load(flat, 2 * row + 1)
                if half == 1:
                    x = multiply_mod_p(beta, x)
                if (digit < 0) != (negative[start + k, half] != 0):
                    y = subtract_mod_p(zero(), y)
                X, Y, Z = add_mixed(X, Y, Z, x, y)
        store(jacobian, 3 * k, X)
        store(jacobian, 3 * k + 1, Y)
        store(jacobian, 3 * k + 2, Z)
    to_affine(products[start:stop], jacobian, np.int64(0), count)


def fixed_base_multiples(base: Limbs, scalars: Limbs) -> Limbs:
    """Affine points scalars[i] * base, Montgomery form; ``scalars`` canonical, shape (n, 4)."""
    multiples = (1 << TABLE_WIDTH) - 1
    windows = 256 // TABLE_WIDTH
    jacobian = np.empty((windows * multiples, 12), np.uint64)
    _fill_tables(jacobian, base, windows, multiples)
    tables = np.empty((len(jacobian), 8), np.uint64)
    to_affine(tables, jacobian, 0, len(jacobian))
    output = np.empty((len(scalars), 8), np.uint64)
    pieces = [
        (first, min(first + 1024, stop))
        for start, stop in ranges(len(scalars), 256, pieces_per_thread=2)
        for first in range(start, stop, 1024)
    ]
    run_all([partial(_sum_table_entries, output, tables, scalars, *each) for each in pieces])
    return output


def inverse_transform(points: Limbs, root: int) -> Limbs:
    """The points (1/n) * sum over j of root^(-ij) P_j for all i: a new array, natural order.

    ``root`` has order n = len(points), a power of two. Affine, Montgomery form.

    The factor 1/n costs nothing: every point but the first takes part in exactly one product
    as the lower half of the block that starts at zero, and there it is merged.
    """
    size = len(points)
    inverse_root, scale = pow(root, -1, MODULUS_R), pow(size, -1, MODULUS_R)
    half = size >> 1
    while half:
        points = _butterflies(points, half)
        factors = [1]
        while len(factors) < half:
            factors.append(factors[-1] * inverse_root % MODULUS_R)
        scaled = [factor * scale % MODULUS_R for factor in factors]
        inner = np.arange(half, dtype=np.int64)
        blocks = np.arange(2 * half, size, 2 * half, dtype=np.int64)
        # power zero is one: nothing to multiply in blocks that are scaled already
        others = (blocks[:, None] + half + inner[None, 1:]).reshape(-1)
        chosen = np.concatenate([inner, half + np.tile(inner[1:], len(blocks))])
        positions = np.concatenate([half + inner, others])
        _multiply_points(points, positions, [*scaled, *factors], chosen)
        inverse_root = inverse_root * inverse_root % MODULUS_R
        half >>= 1
    points = points.copy()
    _multiply_points(points, np.zeros(1, np.int64), [scale], np.zeros(1, np.int64))
    order = np.zeros(1, dtype=np.int64)
    while len(order) < size:
        order = np.concatenate([2 * order, 2 * order + 1])
    return np.ascontiguousarray(points[order])


def _butterflies(points: Limbs, half: int) -> Limbs:
    """Sums in the first and differences in the second half of every block of 2 * half points."""
    places = np.arange(len(points), dtype=np.int64)
    first = places & ~half
    pairs = np.stack([2 * first, 2 * (first + half) + (places & half != 0)], axis=1)
    output = np.empty_like(points)
    parts = ranges(len(points), 1024, pieces_per_thread=2)
    run_all([partial(add_pairs, output, points, pairs, *each) for each in parts])
    return output


def _multiply_points(
    points: Limbs, positions: NDArray[np.int64], scalars: list[int], chosen: NDArray[np.int64]
) -> None:
    """points[positions[k]] times scalars[chosen[k]], in place."""
    split = [split_scalar(scalar) for scalar in scalars]
    data = b"".join(abs(part).to_bytes(16, "little") for parts in split for part in parts)
    halves = np.frombuffer(data, np.uint64).reshape(-1, 4)[chosen]
    negative = np.array([[part < 0 for part in parts] for parts in split], np.uint8)[chosen]
    products = np.empty((len(positions), 8), np.uint64)
    cube_root = words([CUBE_ROOT_P * RADIX % MODULUS_P])
    tasks = [
        partial(
            _multiply_range,
            products,
            points,
            positions,
            halves,
            negative,
            cube_root,
            start,
            min(start + 512, len(positions)),
        )
        for start in range(0, len(positions), 512)
    ]
    run_all(tasks)
    points[positions] = products


def _short_vectors() -> tuple[tuple[int, int], tuple[int, int]]:
    """Two short vectors (a, b) with a + b lambda = 0 mod r, by the extended Euclidean rule."""
    remainders, factors = [MODULUS_R, CUBE_ROOT_R], [0, 1]
    while remainders[-1] ** 2 > MODULUS_R:
        quotient = remainders[-2] // remainders[-1]
        remainders.append(remainders[-2] - quotient * remainders[-1])
        factors.append(factors[-2] - quotient * factors[-1])
    quotient = remainders[-2] // remainders[-1]
    following = remainders[-2] - quotient * remainders[-1], factors[-2] - quotient * factors[-1]
    first = remainders[-1], -factors[-1]
    candidates = [(remainders[-2], -factors[-2]), (following[0], -following[1])]
    return first, min(candidates, key=lambda vector: vector[0] ** 2 + vector[1] ** 2)


_FIRST, _SECOND = _short_vectors()


def split_scalar(scalar: int) -> tuple[int, int]:
    """(a, b), both below 2**127 in absolute value, with a + b lambda = scalar mod r."""
    determinant = _FIRST[0] * _SECOND[1] - _FIRST[1] * _SECOND[0]
    one = (2 * scalar * _SECOND[1] + determinant) // (2 * determinant)
    two = (-2 * scalar * _FIRST[1] + determinant) // (2 * determinant)
    return (
        scalar - one * _FIRST[0] - two * _SECOND[0],
        -one * _FIRST[1] - two * _SECOND[1],
    )
