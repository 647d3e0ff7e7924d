"""The kernel that sums multiples of some hundred points of G1.

Interleaved signed windows (Moeller, "Algorithms for multi-exponentiation", SAC 2001) over tables
of odd multiples. All points that meet at one bit are added pairwise in affine coordinates, every
bit in the same batch, before one chain of doublings joins the bits: the method of the reference
in ``zkroute.algebra.curve``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.curve import (
    add_affine,
    add_mixed,
    double_jacobian,
    slope_denominator,
    to_affine,
)
from zkroute.kernels.portable.element import load, store, zero
from zkroute.kernels.portable.field import multiply_mod_p, one_mod_p, subtract_mod_p
from zkroute.kernels.portable.inversion import invert_mod_p
from zkroute.kernels.verification.base_field import from_montgomery, to_montgomery, trailing_zeros

_WIDTH = 5
_TABLE = 1 << _WIDTH - 2
_BITS = 256
"""Places of digits: scalars are below 2**254, and their top window may carry."""
_AHEAD = 32
_MOST_DIGITS = -(-_BITS // _WIDTH)


@jit
def _bits_at(scalars: Any, index: int, position: int, count: int) -> Any:
    """``count`` bits of one scalar from ``position`` up."""
    limb, shift = position >> 6, position & 63
    bits = scalars[index, limb] >> np.uint64(shift)
    if shift + count > 64 and limb < 3:
        bits |= scalars[index, limb + 1] << np.uint64(64 - shift)
    return np.int64(bits & np.uint64((1 << count) - 1))


@jit
def _signed_windows(places: Any, digits: Any, scalars: Any) -> None:
    """Row i: where scalar i has which odd digits, below 16 in absolute value; zero ends it."""
    for index in range(len(scalars)):
        carry = 0
        position = 0
        found = 0
        while position < _BITS:
            bits = _bits_at(scalars, index, position, _AHEAD + _WIDTH)
            # as long as they equal the carry, digits are zero
            equal = trailing_zeros((bits ^ -carry) | 1 << _AHEAD)
            position += equal
            if equal == _AHEAD or position >= _BITS:
                continue
            digit = (bits >> equal & (1 << _WIDTH) - 1) + carry
            carry = digit >> _WIDTH - 1
            places[index, found] = position
            digits[index, found] = digit - (carry << _WIDTH)
            found += 1
            position += _WIDTH
        digits[index, found] = 0


@jit
def _invert_all(values: Any, count: int) -> None:
    """The first elements become their inverses; none is zero."""
    prefixes = np.empty((count, 4), np.uint64)
    product = one_mod_p()
    for index in range(count):
        store(prefixes, index, product)
        product = multiply_mod_p(product, load(values, index))
    remaining = invert_mod_p(product)
    for index in range(count - 1, -1, -1):
        value = load(values, index)
        store(values, index, multiply_mod_p(remaining, load(prefixes, index)))
        remaining = multiply_mod_p(remaining, value)


@jit
def _slope_denominator(points: Any, left: int, right: int) -> Any:
    """Of two rows."""
    x1, y1 = load(points, 2 * left), load(points, 2 * left + 1)
    x2, y2 = load(points, 2 * right), load(points, 2 * right + 1)
    return slope_denominator(x1, y1, x2, y2)


@jit
def _add_points(points: Any, output: int, left: int, right: int, inverse: Any) -> None:
    """Row ``output`` becomes the sum of two rows, given their inverted denominator."""
    x1, y1 = load(points, 2 * left), load(points, 2 * left + 1)
    x2, y2 = load(points, 2 * right), load(points, 2 * right + 1)
    x3, y3 = add_affine(x1, y1, x2, y2, inverse)
    store(points, 2 * output, x3)
    store(points, 2 * output + 1, y3)


@jit
def _add_rows(table: Any, output: int, left: int, right: int, inverses: Any) -> None:
    """table[output + i] = table[left + i] + table[right + i], one for each row of ``inverses``."""
    count = len(inverses)
    for index in range(count):
        store(inverses, index, _slope_denominator(table, left + index, right + index))
    _invert_all(inverses, count)
    for index in range(count):
        inverse = load(inverses, index)
        _add_points(table, output + index, left + index, right + index, inverse)


@jit
def _odd_multiples(points: Any) -> Any:
    """[2k + 1] points[i] in row k n + i of n points, affine; the twofold of each comes after."""
    count = len(points)
    table = np.empty(((_TABLE + 1) * count, 8), np.uint64)
    for index in range(2 * count):
        store(table, index, to_montgomery(load(points, index)))
    inverses = np.empty((count, 4), np.uint64)
    doubles = _TABLE * count
    _add_rows(table, doubles, 0, 0, inverses)
    for row in range(count, doubles, count):
        _add_rows(table, row, row - count, doubles, inverses)
    return table


@jit
def _gather(places: Any, digits: Any, table: Any, starts: Any, counts: Any) -> Any:
    """The table's points that meet at each bit, group after group: ``counts`` from ``starts``."""
    number = len(digits)
    for bit in range(_BITS):
        counts[bit] = 0
    for index in range(number):
        found = 0
        while digits[index, found]:
            counts[places[index, found]] += 1
            found += 1
    total = 0
    for bit in range(_BITS):
        starts[bit] = total
        total += counts[bit]
        counts[bit] = 0
    gathered = np.empty((total, 8), np.uint64)
    for index in range(number):
        found = 0
        while digits[index, found]:
            digit, bit = digits[index, found], places[index, found]
            entry = (abs(digit) >> 1) * number + index
            place = starts[bit] + counts[bit]
            counts[bit] += 1
            y = load(table, 2 * entry + 1)
            store(gathered, 2 * place, load(table, 2 * entry))
            store(gathered, 2 * place + 1, y if digit > 0 else subtract_mod_p(zero(), y))
            found += 1
    return gathered


@jit
def _halve_groups(points: Any, starts: Any, counts: Any, inverses: Any) -> bool:
    """Adds the points of each group in pairs; says whether some group has several left."""
    pairs = 0
    for group in range(len(counts)):
        for place in range(starts[group], starts[group] + counts[group] - 1, 2):
            store(inverses, pairs, _slope_denominator(points, place, place + 1))
            pairs += 1
    _invert_all(inverses, pairs)
    pairs = 0
    several = False
    for group in range(len(counts)):
        start, count = starts[group], counts[group]
        for pair in range(count // 2):
            place = start + 2 * pair
            _add_points(points, start + pair, place, place + 1, load(inverses, pairs))
            pairs += 1
        if count & 1:
            last = 2 * (start + count - 1)
            store(points, 2 * (start + count // 2), load(points, last))
            store(points, 2 * (start + count // 2) + 1, load(points, last + 1))
        counts[group] = (count + 1) // 2
        several |= counts[group] > 1
    return several


@jit
def linear_combination(output: Any, points: Any, scalars: Any) -> None:
    """The sum of [scalar]point; ``output``, shape (1, 8), all zero for infinity.

    ``points``, shape (n, 8): canonical coordinates of finite points. ``scalars``, shape (n, 4):
    below 2**254.
    """
    count = len(points)
    places = np.empty((count, _MOST_DIGITS + 1), np.int64)
    digits = np.empty((count, _MOST_DIGITS + 1), np.int64)
    _signed_windows(places, digits, scalars)
    starts = np.empty(_BITS, np.int64)
    counts = np.empty(_BITS, np.int64)
    gathered = _gather(places, digits, _odd_multiples(points), starts, counts)
    inverses = np.empty((len(gathered) // 2 + 1, 4), np.uint64)
    while _halve_groups(gathered, starts, counts, inverses):
        pass
    X, Y, Z = zero(), zero(), zero()
    for bit in range(_BITS - 1, -1, -1):
        X, Y, Z = double_jacobian(X, Y, Z)
        if counts[bit]:
            at = starts[bit]
            X, Y, Z = add_mixed(X, Y, Z, load(gathered, 2 * at), load(gathered, 2 * at + 1))
    total = np.empty((1, 12), np.uint64)
    store(total, 0, X)
    store(total, 1, Y)
    store(total, 2, Z)
    to_affine(output, total, 0, 1)
    for index in range(2):
        store(output, index, from_montgomery(load(output, index)))
