"""The final exponentiation, value^((p^12 - 1)/r), exactly that power.

Easy part (p^6 - 1)(p^2 + 1); hard part (p^4 - p^2 + 1)/r by the vectorial addition chain of Scott,
Benger, Charlemagne, Dominguez Perez, Kachisa, "On the final exponentiation for calculating
pairings on ordinary elliptic curves", 2008 (eprint 2008/490), section 5. Squarings in the
cyclotomic subgroup: Granger, Scott, eprint 2009/565.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.field import MODULUS_P
from zkroute.kernels.verification.miller import CURVE_PARAMETER
from zkroute.kernels.verification.quadratic import (
    add_fq2,
    conjugate_fq2,
    multiply_fq2,
    non_residue_power,
    subtract_fq2,
    times_non_residue,
)
from zkroute.kernels.verification.tower import conjugate_fq12, invert_fq12, multiply_fq12

_PARAMETER = np.array([int(bit) for bit in bin(CURVE_PARAMETER)[3:]], np.int8)
"""Bits of x below the leading one, the highest first."""


# w^(i (p - 1)), which lies in Fq2 as w^6 = 9 + u
_w1, _w2, _w3, _w4, _w5 = (non_residue_power(i * (MODULUS_P - 1) // 6) for i in range(1, 6))


@jit
def _frobenius(a: Any) -> Any:
    """a^p."""
    (a0, a2, a4), (a1, a3, a5) = a
    return (
        (
            conjugate_fq2(a0),
            multiply_fq2(conjugate_fq2(a2), _w2()),
            multiply_fq2(conjugate_fq2(a4), _w4()),
        ),
        (
            multiply_fq2(conjugate_fq2(a1), _w1()),
            multiply_fq2(conjugate_fq2(a3), _w3()),
            multiply_fq2(conjugate_fq2(a5), _w5()),
        ),
    )


@jit
def _square_fq4(a: Any, b: Any) -> Any:
    """(a + b s)^2 for s^2 = 9 + u."""
    product = multiply_fq2(a, b)
    both = multiply_fq2(add_fq2(a, b), add_fq2(a, times_non_residue(b)))
    both = subtract_fq2(subtract_fq2(both, product), times_non_residue(product))
    return both, add_fq2(product, product)


@jit
def _thrice_less_twice(a: Any, b: Any) -> Any:
    difference = subtract_fq2(a, b)
    return add_fq2(add_fq2(difference, difference), a)


@jit
def _thrice_plus_twice(a: Any, b: Any) -> Any:
    total = add_fq2(a, b)
    return add_fq2(add_fq2(total, total), a)


@jit
def _square_cyclotomic(a: Any) -> Any:
    """The square of an element whose order divides p^4 - p^2 + 1."""
    (a0, a2, a4), (a1, a3, a5) = a
    s0, s3 = _square_fq4(a0, a3)
    s1, s4 = _square_fq4(a1, a4)
    s2, s5 = _square_fq4(a2, a5)
    return (
        (
            _thrice_less_twice(s0, a0),
            _thrice_less_twice(s1, a2),
            _thrice_less_twice(s2, a4),
        ),
        (
            _thrice_plus_twice(times_non_residue(s5), a1),
            _thrice_plus_twice(s3, a3),
            _thrice_plus_twice(s4, a5),
        ),
    )


@jit
def _power_of_parameter(a: Any) -> Any:
    """a^x in the cyclotomic subgroup."""
    power = a
    for bit in _PARAMETER:
        power = _square_cyclotomic(power)
        if bit:
            power = multiply_fq12(power, a)
    return power


@jit
def final_power(a: Any) -> Any:
    """a^((p^12 - 1)/r); zero for zero."""
    a = multiply_fq12(conjugate_fq12(a), invert_fq12(a))
    a = multiply_fq12(_frobenius(_frobenius(a)), a)
    # from here on conjugates are inverses
    x1 = _power_of_parameter(a)
    x2 = _power_of_parameter(x1)
    x3 = _power_of_parameter(x2)
    p1 = _frobenius(a)
    p2 = _frobenius(p1)
    y0 = multiply_fq12(multiply_fq12(p1, p2), _frobenius(p2))
    y1 = conjugate_fq12(a)
    x2_p1 = _frobenius(x2)
    y2 = _frobenius(x2_p1)
    y3 = conjugate_fq12(_frobenius(x1))
    y4 = conjugate_fq12(multiply_fq12(x1, x2_p1))
    y5 = conjugate_fq12(x2)
    y6 = conjugate_fq12(multiply_fq12(x3, _frobenius(x3)))
    # y0 y1^2 y2^6 y3^12 y4^18 y5^30 y6^36
    t0 = multiply_fq12(multiply_fq12(_square_cyclotomic(y6), y4), y5)
    t1 = multiply_fq12(multiply_fq12(y3, y5), t0)
    t0 = multiply_fq12(t0, y2)
    t1 = multiply_fq12(_square_cyclotomic(t1), t0)
    t1 = _square_cyclotomic(t1)
    t0 = multiply_fq12(t1, y1)
    t1 = multiply_fq12(t1, y0)
    return multiply_fq12(_square_cyclotomic(t0), t1)
