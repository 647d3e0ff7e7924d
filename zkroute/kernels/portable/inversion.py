"""Inverses in both fields by the divsteps of Bernstein and Yang.

"Fast constant-time gcd computation and modular inversion", 2019 (eprint 2019/266), in the
variable-time form that libsecp256k1 documents in doc/safegcd_implementation.md: 62 steps at a
time on the lowest 64 bits of two numbers give a matrix, which is then applied to the numbers as a
whole. Several times faster than a power by Fermat's theorem. The time taken depends on the value,
as it does everywhere in these kernels.

Here an ``Element`` is a signed 256-bit integer: f, g, d and e are all between -2q and q.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic, jit
from zkroute.kernels.portable.element import (
    Generator,
    constant,
    element,
    is_zero,
    zero,
)
from zkroute.kernels.portable.field import (
    MODULUS_P,
    MODULUS_R,
    RADIX,
    multiply_mod_p,
    multiply_mod_r,
)

STEPS = 62
"""Steps per matrix, whose entries then stay within 64 bits."""

_ALL_ONES = np.uint64((1 << 64) - 1)
_NONE = np.uint64(0)
_ONE = np.uint64(1)

_LIMB = ir.IntType(64)
_ELEMENT = ir.IntType(256)
_WIDE = ir.IntType(320)


@intrinsic
def _trailing_zeros(_typing: Any, word: Any) -> tuple[Any, Generator]:
    """Zero bits below the lowest one of a word that is not zero."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def _lowest_word(_typing: Any, value: Any) -> tuple[Any, Generator]:
    """The value modulo 2**64."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.trunc(values[0], _LIMB)

    return types.uint64(element), generate


def _row_times_pair(builder: ir.IRBuilder, values: list[ir.Value]) -> ir.Value:
    """a * u + b * v for values a, b, u, v, all signed."""
    a, b, u, v = (builder.sext(value, _WIDE) for value in values)
    return builder.add(builder.mul(a, u), builder.mul(b, v))


def _divided_by_steps(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return builder.trunc(builder.ashr(value, ir.Constant(_WIDE, STEPS)), _ELEMENT)


@intrinsic
def _combine(_typing: Any, a: Any, b: Any, u: Any, v: Any) -> tuple[Any, Generator]:
    """(a u + b v) / 2**62, where the division leaves nothing over."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return _divided_by_steps(builder, _row_times_pair(builder, values))

    return element(element, element, types.uint64, types.uint64), generate


@intrinsic
def _combine_modular(
    _typing: Any, a: Any, b: Any, u: Any, v: Any, modulus: Any, inverse: Any
) -> tuple[Any, Generator]:
    """(a u + b v) / 2**62 modulo q, between -2q and q if a and b are and |u| + |v| <= 2**62.

    ``inverse`` is 1 / q mod 2**62. Adding q to what is negative leaves |a|, |b| < q, so the sum is
    within 2**62 q; a multiple of q below 2**62 is subtracted to make the division exact.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        modulus_value = values[4]
        none = ir.Constant(_ELEMENT, 0)
        lifted = [
            builder.add(
                each,
                builder.select(builder.icmp_signed("<", each, none), modulus_value, none),
            )
            for each in values[:2]
        ]
        total = _row_times_pair(builder, [*lifted, *values[2:4]])
        multiple = builder.mul(builder.trunc(total, _LIMB), values[5])
        multiple = builder.and_(multiple, ir.Constant(_LIMB, (1 << STEPS) - 1))
        excess = builder.mul(builder.zext(multiple, _WIDE), builder.zext(modulus_value, _WIDE))
        return _divided_by_steps(builder, builder.sub(total, excess))

    arguments = (element, element, types.uint64, types.uint64, element, types.uint64)
    return element(*arguments), generate


@intrinsic
def _canonical(_typing: Any, d: Any, f: Any, modulus: Any) -> tuple[Any, Generator]:
    """d modulo q, or -d if f is negative, for d between -2q and q."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        value, sign, modulus_value = values
        none = ir.Constant(_ELEMENT, 0)
        negative = builder.icmp_signed("<", sign, none)
        value = builder.select(negative, builder.sub(none, value), value)
        for _ in range(2):
            low = builder.icmp_signed("<", value, none)
            value = builder.add(value, builder.select(low, modulus_value, none))
        high = builder.icmp_signed(">=", value, modulus_value)
        return builder.sub(value, builder.select(high, modulus_value, none))

    return element(element, element, element), generate


@jit
def _matrix(eta: int, f: Any, g: Any) -> Any:
    """The new eta and the matrix (u, v; q, r) of 62 divsteps on the lowest words of f and g.

    Several steps at once wherever g has trailing zeros or a multiple of f gives it some.
    """
    u, v, q, r = _ONE, _NONE, _NONE, _ONE
    left = STEPS
    while True:
        zeros = _trailing_zeros(g | (_ALL_ONES << np.uint64(left)))
        g >>= np.uint64(zeros)
        u <<= np.uint64(zeros)
        v <<= np.uint64(zeros)
        eta -= zeros
        left -= zeros
        if left == 0:
            return eta, u, v, q, r
        if eta < 0:
            eta = -eta
            f, g = g, _NONE - f
            u, q = q, _NONE - u
            v, r = r, _NONE - v
            mask = (_ALL_ONES >> np.uint64(64 - min(eta + 1, left))) & np.uint64(63)
            multiple = (f * g * (f * f - np.uint64(2))) & mask
        else:
            mask = (_ALL_ONES >> np.uint64(64 - min(eta + 1, left))) & np.uint64(15)
            multiple = f + (((f + _ONE) & np.uint64(4)) << _ONE)
            multiple = ((_NONE - multiple) * g) & mask
        g += f * multiple
        q += u * multiple
        r += v * multiple


@jit
def _invert(value: Any, modulus: Any, inverse: Any) -> Any:
    """1 / value mod q as a plain integer below q; zero for zero. ``inverse`` is 1 / q mod 2**62."""
    d, e = zero(), _integer_one()
    f, g = modulus, value
    eta = np.int64(-1)
    while not is_zero(g):
        eta, u, v, q, r = _matrix(eta, _lowest_word(f), _lowest_word(g))
        f, g = _combine(f, g, u, v), _combine(f, g, q, r)
        d, e = (
            _combine_modular(d, e, u, v, modulus, inverse),
            _combine_modular(d, e, q, r, modulus, inverse),
        )
    return _canonical(d, f, modulus)


_integer_one = constant(1)
_modulus_p = constant(MODULUS_P)
_modulus_r = constant(MODULUS_R)
_inverse_p = np.uint64(pow(MODULUS_P, -1, 1 << STEPS))
_inverse_r = np.uint64(pow(MODULUS_R, -1, 1 << STEPS))
# a Montgomery product with the cube of the radix takes the inverse of x R to that of x, times R
_cube_p = constant(pow(RADIX, 3, MODULUS_P))
_cube_r = constant(pow(RADIX, 3, MODULUS_R))


@jit
def invert_mod_p(value: Any) -> Any:
    """The inverse mod p in Montgomery form; zero for zero."""
    return multiply_mod_p(_cube_p(), _invert(value, _modulus_p(), _inverse_p))


@jit
def invert_mod_r(value: Any) -> Any:
    """The inverse mod r in Montgomery form; zero for zero."""
    return multiply_mod_r(_cube_r(), _invert(value, _modulus_r(), _inverse_r))
