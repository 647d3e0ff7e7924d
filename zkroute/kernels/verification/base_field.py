"""What these kernels need of numbers beyond the portable ones: forms, order, square roots."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic, jit
from zkroute.kernels.portable.element import Generator, constant, element, load, store
from zkroute.kernels.portable.field import MODULUS_P, RADIX, multiply_mod_p, one_mod_p

_square_of_radix = constant(RADIX * RADIX % MODULUS_P)
_integer_one = constant(1)

_WINDOW_BITS = 5


def _sliding_windows(exponent: int) -> list[tuple[int, int]]:
    """(squarings, odd factor) from the top of the exponent down; a last factor may be 0 for none.

    Handbook of Applied Cryptography, algorithm 14.85.
    """
    steps = []
    position = exponent.bit_length()
    squarings = 0
    while position:
        position -= 1
        squarings += 1
        if exponent >> position & 1:
            width = min(_WINDOW_BITS, position + 1)
            window = exponent >> (position + 1 - width) & ((1 << width) - 1)
            zeros = (window & -window).bit_length() - 1
            position -= width - zeros - 1
            steps.append((squarings + width - zeros - 1, window >> zeros))
            squarings = 0
    return [*steps, (squarings, 0)] if squarings else steps


_ROOT_STEPS = np.array(_sliding_windows((MODULUS_P + 1) // 4), np.int64)
"""p is 3 mod 4, so the root of a square is its power to (p + 1)/4."""


@intrinsic
def sum_below_twice(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """left + right, below 2p: good for nothing but a factor of ``multiply_mod_p``."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.add(*values)

    return element(element, element), generate


@intrinsic
def is_below(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """Whether left < right as integers."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.icmp_unsigned("<", *values)

    return types.boolean(element, element), generate


@intrinsic
def trailing_zeros(_typing: Any, word: Any) -> tuple[Any, Generator]:
    """Zero bits below the lowest one of a 64-bit word that is not zero."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@jit
def to_montgomery(value: Any) -> Any:
    """The Montgomery form of an integer below 2**256, which counts modulo p."""
    return multiply_mod_p(_square_of_radix(), value)


@jit
def from_montgomery(value: Any) -> Any:
    """The integer below p."""
    return multiply_mod_p(value, _integer_one())


@jit
def candidate_root(table: Any, value: Any) -> Any:
    """value^((p + 1)/4): a square root if the value has one.

    ``table``, shape (16, 4), is room for odd powers.
    """
    square = multiply_mod_p(value, value)
    power = value
    store(table, 0, power)
    for index in range(1, 1 << _WINDOW_BITS - 1):
        power = multiply_mod_p(power, square)
        store(table, index, power)
    power = one_mod_p()
    for step in range(len(_ROOT_STEPS)):
        for _ in range(_ROOT_STEPS[step, 0]):
            power = multiply_mod_p(power, power)
        factor = _ROOT_STEPS[step, 1]
        if factor:
            power = multiply_mod_p(power, load(table, factor >> 1))
    return power
