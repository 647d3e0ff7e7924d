"""The Miller loop of the optimal ate pairing, for several pairs at once, in affine coordinates.

Vercauteren, "Optimal pairings", 2008 (eprint 2008/096): f_{6x+2,Q}(P) times the lines through
[6x+2]Q, pi(Q) and -pi^2(Q). With the twist's (X, Y) on the curve as (w^2 X, w^3 Y), a line of slope
s through T, divided by P's y, is

    1 + (b + c v) w,    b = -s x_P / y_P,    c = (s X_T - Y_T) / y_P.

All slopes of a step share one inversion. Nothing is kept between calls: lines that come from
elsewhere could be anything (an AlgoPlonk release whose precomputed lines were zero accepted every
opening).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import load, store, zero
from zkroute.kernels.portable.field import (
    MODULUS_P,
    add_mod_p,
    multiply_mod_p,
    one_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.portable.inversion import invert_mod_p
from zkroute.kernels.verification.quadratic import (
    add_fq2,
    conjugate_fq2,
    load_fq2,
    multiply_fq2,
    negate_fq2,
    non_residue_power,
    scale_fq2,
    square_fq2,
    store_fq2,
    subtract_fq2,
)
from zkroute.kernels.verification.tower import multiply_by_line, one_fq12, square_fq12

CURVE_PARAMETER = 4965661367192848881
"""x of the Barreto-Naehrig family: p = 36x^4 + 36x^3 + 24x^2 + 6x + 1."""


def _signed_digits(value: int) -> list[int]:
    """Digits -1, 0, 1 of the value, no two neighbours other than zero, the lowest first."""
    digits = []
    while value:
        digit = 2 - value % 4 if value % 2 else 0
        digits.append(digit)
        value = (value - digit) // 2
    return digits


_LOOP = np.array(_signed_digits(6 * CURVE_PARAMETER + 2)[-2::-1], np.int8)
"""Digits of 6x + 2 below the leading one, the highest first."""

_frobenius_x = non_residue_power((MODULUS_P - 1) // 3)
_frobenius_y = non_residue_power((MODULUS_P - 1) // 2)


@jit
def _prepare(places: Any, points: Any) -> None:
    """places[i] = (-x / y, 1 / y) of point i of G1, which is finite."""
    for pair in range(len(points)):
        inverse = invert_mod_p(load(points, 2 * pair + 1))
        ratio = multiply_mod_p(load(points, 2 * pair), inverse)
        store(places, 2 * pair, subtract_mod_p(zero(), ratio))
        store(places, 2 * pair + 1, inverse)


@jit
def _invert_all(values: Any) -> None:
    """Every element of Fq2 in the array becomes its inverse. Zeros make all of them zero."""
    count = len(values)
    prefixes = np.empty((count, 4), np.uint64)
    product = one_mod_p()
    for index in range(count):
        store(prefixes, index, product)
        a, b = load_fq2(values, index)
        norm = add_mod_p(multiply_mod_p(a, a), multiply_mod_p(b, b))
        product = multiply_mod_p(product, norm)
    remaining = invert_mod_p(product)
    for index in range(count - 1, -1, -1):
        a, b = load_fq2(values, index)
        norm = add_mod_p(multiply_mod_p(a, a), multiply_mod_p(b, b))
        inverse = multiply_mod_p(remaining, load(prefixes, index))
        store_fq2(values, index, scale_fq2(conjugate_fq2((a, b)), inverse))
        remaining = multiply_mod_p(remaining, norm)


@jit
def _follow(f: Any, places: Any, sums: Any, pair: int, slope: Any, other_x: Any) -> Any:
    """f times the line of this slope at the pair's P; its T moves on to T + (other_x, ...)."""
    x, y = load_fq2(sums, 2 * pair), load_fq2(sums, 2 * pair + 1)
    constant = subtract_fq2(multiply_fq2(slope, x), y)
    f = multiply_by_line(
        f,
        scale_fq2(slope, load(places, 2 * pair)),
        scale_fq2(constant, load(places, 2 * pair + 1)),
    )
    x3 = subtract_fq2(subtract_fq2(square_fq2(slope), x), other_x)
    store_fq2(sums, 2 * pair, x3)
    store_fq2(sums, 2 * pair + 1, subtract_fq2(constant, multiply_fq2(slope, x3)))
    return f


@jit
def _double_all(f: Any, places: Any, sums: Any, slopes: Any) -> Any:
    """Each T becomes 2T; f times the tangents."""
    for pair in range(len(slopes)):
        y = load_fq2(sums, 2 * pair + 1)
        store_fq2(slopes, pair, add_fq2(y, y))
    _invert_all(slopes)
    for pair in range(len(slopes)):
        x = load_fq2(sums, 2 * pair)
        square = square_fq2(x)
        numerator = add_fq2(add_fq2(square, square), square)
        slope = multiply_fq2(numerator, load_fq2(slopes, pair))
        f = _follow(f, places, sums, pair, slope, x)
    return f


@jit
def _add_all(f: Any, places: Any, sums: Any, slopes: Any, others: Any) -> Any:
    """Each T becomes T + Q for the point Q of ``others``; f times the chords."""
    for pair in range(len(slopes)):
        x, other_x = load_fq2(sums, 2 * pair), load_fq2(others, 2 * pair)
        store_fq2(slopes, pair, subtract_fq2(other_x, x))
    _invert_all(slopes)
    for pair in range(len(slopes)):
        y, other_y = load_fq2(sums, 2 * pair + 1), load_fq2(others, 2 * pair + 1)
        slope = multiply_fq2(subtract_fq2(other_y, y), load_fq2(slopes, pair))
        f = _follow(f, places, sums, pair, slope, load_fq2(others, 2 * pair))
    return f


@jit
def _negate_all(output: Any, points: Any) -> None:
    for pair in range(len(points)):
        store_fq2(output, 2 * pair, load_fq2(points, 2 * pair))
        store_fq2(output, 2 * pair + 1, negate_fq2(load_fq2(points, 2 * pair + 1)))


@jit
def _frobenius_all(points: Any) -> None:
    """pi: the p-th power of the curve's coordinates, carried over to the twist."""
    for pair in range(len(points)):
        x, y = load_fq2(points, 2 * pair), load_fq2(points, 2 * pair + 1)
        store_fq2(points, 2 * pair, multiply_fq2(conjugate_fq2(x), _frobenius_x()))
        store_fq2(points, 2 * pair + 1, multiply_fq2(conjugate_fq2(y), _frobenius_y()))


@jit
def miller_loop(points: Any, twist_points: Any) -> Any:
    """The product of the Miller functions of all pairs, an element of Fq12.

    ``points`` of shape (n, 8) and ``twist_points`` (n, 16), both finite, affine and in Montgomery
    form; the latter of order r, so that no step meets equal or opposite points.
    """
    count = len(points)
    places = np.empty((count, 8), np.uint64)
    _prepare(places, points)
    sums = np.empty((count, 16), np.uint64)
    plus = np.empty((count, 16), np.uint64)
    minus = np.empty((count, 16), np.uint64)
    for index in range(2 * count):
        store_fq2(sums, index, load_fq2(twist_points, index))
        store_fq2(plus, index, load_fq2(twist_points, index))
    _negate_all(minus, plus)
    slopes = np.empty((count, 8), np.uint64)
    f = one_fq12()
    for digit in _LOOP:
        f = square_fq12(f)
        f = _double_all(f, places, sums, slopes)
        if digit > 0:
            f = _add_all(f, places, sums, slopes, plus)
        elif digit < 0:
            f = _add_all(f, places, sums, slopes, minus)
    _frobenius_all(plus)
    f = _add_all(f, places, sums, slopes, plus)
    _frobenius_all(plus)
    _negate_all(minus, plus)
    return _add_all(f, places, sums, slopes, minus)
