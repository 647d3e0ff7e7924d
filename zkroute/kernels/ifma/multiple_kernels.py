"""Kernels for many multiples of points: of one fixed point, and of as many points as scalars."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import base_field as field
from zkroute.kernels.ifma import projective
from zkroute.kernels.ifma.affine_kernels import is_zero
from zkroute.kernels.ifma.blocks import load, load_lanes, store
from zkroute.kernels.ifma.lanes import carry, raw_subtract, select, zeros
from zkroute.kernels.ifma.points import row_is_finite, store_points

DIGIT_BITS = 4
DIGITS = 64
"""Signed digits in [-8, 8) of a scalar: enough for 256 bits, the topmost not negative."""

_TABLE = (1 << DIGIT_BITS - 1) + 1
TABLE_BLOCKS = 3 * _TABLE


@jit
def choose_multiples(
    items: Any, bounds: Any, scalars: Any, table: int, bits: int, windows: int
) -> None:
    """Items whose sums are scalar times a fixed point, one group for each scalar.

    At the address ``table`` lie for each window w the points d 2^(bits w), d = 1 ... 2^(bits-1).
    """
    half = 1 << bits - 1
    position = 0
    for i in range(scalars.shape[0]):
        bounds[i] = position
        carried = 0
        for window in range(windows):
            digit = carried
            for bit in range(bits):
                at = window * bits + bit
                if at < 256:
                    word = scalars[i, at // 64] >> np.uint64(at % 64) & np.uint64(1)
                    digit += int(word) << bit
            carried = 1 if digit > half else 0
            digit -= carried << bits
            if digit != 0:
                row = window * half + abs(digit) - 1
                items[position] = table + 64 * row + (digit < 0)
                position += 1
    bounds[scalars.shape[0]] = position


@jit
def _fill_table(table: Any, point: Any) -> None:
    """0, 1, ... 8 times eight points, three blocks each."""
    multiple = projective.infinity()
    for k in range(_TABLE):
        store(table, 3 * k, multiple[0])
        store(table, 3 * k + 1, multiple[1])
        store(table, 3 * k + 2, multiple[2])
        multiple = projective.add(multiple, point)


@jit
def multiply_points(coordinates: Any, addresses: Any, digits: Any, table: Any, eights: int) -> None:
    """Scalar times point for so many eights, each point its own scalar, projective.

    Three blocks of ``coordinates`` for each eight. Row i of ``digits`` belongs to address i.
    ``table`` is room for TABLE_BLOCKS.
    """
    rows = np.empty(8, np.int64)
    for eight in range(eights):
        _fill_table(table, projective.load_affine(addresses, 8 * eight))
        total = projective.infinity()
        for place in range(DIGITS - 1, -1, -1):
            negative = np.uint8(0)
            for lane in range(8):
                digit = np.int64(digits[8 * eight + lane, place])
                rows[lane] = 3 * abs(digit)
                negative |= np.uint8(digit < 0) << np.uint8(lane)
            for _ in range(DIGIT_BITS):
                total = projective.double(total)
            y = load_lanes(table, rows, 1)
            opposite = carry(raw_subtract(field.three_times_modulus(), y))
            y = field.reduce(select(negative, opposite, y))
            multiple = load_lanes(table, rows, 0), y, load_lanes(table, rows, 2)
            total = projective.add(total, multiple)
        store(coordinates, 3 * eight, total[0])
        store(coordinates, 3 * eight + 1, total[1])
        store(coordinates, 3 * eight + 2, total[2])


@jit
def normalize(targets: Any, coordinates: Any, products: Any, eights: int) -> None:
    """Affine points of projective eights, eight to each eight addresses of ``targets``.

    ``products`` has a block for each eight. Infinity becomes all zero.
    """
    product = field.one()
    for eight in range(eights):
        z = _nonzero(load(coordinates, 3 * eight + 2))
        store(products, eight, product)
        product = field.multiply(product, z)
    inverse = field.invert(product)
    for eight in range(eights - 1, -1, -1):
        z = load(coordinates, 3 * eight + 2)
        reciprocal = field.multiply(inverse, load(products, eight))
        inverse = field.multiply(inverse, _nonzero(z))
        infinite = is_zero(z)
        x = field.multiply(load(coordinates, 3 * eight), reciprocal)
        y = field.multiply(load(coordinates, 3 * eight + 1), reciprocal)
        x, y = select(infinite, zeros(), x), select(infinite, zeros(), y)
        store_points(targets, 8 * eight, field.canonical(x), field.canonical(y))


@jit
def _nonzero(value: Any) -> Any:
    """The value, or one where it is 0 mod p."""
    return select(is_zero(value), field.one(), value)


@jit
def pair_up(items: Any, bounds: Any, points: Any, half: int, start: int, stop: int) -> None:
    """Groups for the butterflies of points that are ``half`` rows apart, a power of two.

    Group i is the sum that goes to row start + i: P + Q in the lower half of each 2 * half rows,
    P - Q in the upper.
    """
    place = points.ctypes.data
    position = 0
    for row in range(start, stop):
        bounds[row - start] = position
        lower = row & ~half
        if row_is_finite(points, lower):
            items[position] = place + 64 * lower
            position += 1
        if row_is_finite(points, lower + half):
            items[position] = place + 64 * (lower + half) + (row != lower)
            position += 1
    bounds[stop - start] = position
