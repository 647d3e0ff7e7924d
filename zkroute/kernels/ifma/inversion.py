"""Inversion modulo m, by division steps on ordinary 64-bit words.

Bernstein, Yang, "Fast constant-time gcd computation and modular inversion", 2019, in its variable-
time form, 62 steps at a time: whole batches of steps are decided by the low words of f and g and
then applied to all of (f, g), which shrink to (+-1, 0), and to (d, e), which follow modulo m so
that d m' = f and e m' = g throughout for m' the number to be inverted.

Numbers are five signed words of 62 bits each, the topmost signed and the others not. Inputs are
public or blinded, so the time may depend on them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic, jit, jit_named
from zkroute.kernels.ifma.field import RADIX, FieldCode
from zkroute.kernels.ifma.lanes import swapped_by_1, swapped_by_2, swapped_by_4
from zkroute.kernels.ifma.vec8 import (
    I1,
    I64,
    Generator,
    Values,
    call,
    element8,
    pack,
    splat,
    unpack,
)
from zkroute.kernels.ifma.words import limbs_of_words, words_of_limbs

BITS = 62
WORDS = 5
_MASK = (1 << BITS) - 1
_WIDE = ir.IntType(128)
_FOUR_WORDS = types.UniTuple(types.uint64, 4)  # type: ignore[no-untyped-call, unused-ignore]


def words_of(value: int) -> list[int]:
    """The five words of a non-negative number below 2**310."""
    return [value >> BITS * i & _MASK for i in range(WORDS)]


@intrinsic
def _trailing_zeros(_typing: Any, word: Any) -> tuple[Any, Generator]:
    """Number of zero bits below the lowest one bit of a word that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        return call(builder, "llvm.cttz.i64", I64, [values[0], ir.Constant(I1, 1)])

    return types.uint64(types.uint64), generate


def _at(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, word: int) -> ir.Value:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [ir.Constant(I64, word)])


def _widened(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return builder.sext(value, _WIDE)


@intrinsic
def _apply(
    _typing: Any, pair: Any, matrix: Any, modulus: Any, corrections: Any
) -> tuple[Any, Generator]:
    """Replaces the numbers (a, b), rows of ``pair``, by matrix * (a, b) / 2**62, which is exact.

    ``corrections`` times the modulus is added to the two results before the division.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        def loaded(argument: int, count: int) -> Values:
            places = [
                _at(context, builder, signature.args[argument], values[argument], word)
                for word in range(count)
            ]
            return [_widened(builder, builder.load(place)) for place in places]

        numbers, factors = loaded(0, 2 * WORDS), loaded(1, 4)
        modulus, multiples = loaded(2, WORDS), loaded(3, 2)
        for row in range(2):
            total: ir.Value = ir.Constant(_WIDE, 0)
            for i in range(WORDS):
                for a, b in (
                    (factors[2 * row], numbers[i]),
                    (factors[2 * row + 1], numbers[WORDS + i]),
                    (multiples[row], modulus[i]),
                ):
                    total = builder.add(total, builder.mul(a, b))
                if i:
                    # each word of the result is what stands 62 bits higher
                    word = builder.and_(builder.trunc(total, I64), ir.Constant(I64, _MASK))
                    place = WORDS * row + i - 1
                    builder.store(word, _at(context, builder, signature.args[0], values[0], place))
                total = builder.ashr(total, ir.Constant(_WIDE, BITS))
            top = _at(context, builder, signature.args[0], values[0], WORDS * row + WORDS - 1)
            builder.store(builder.trunc(total, I64), top)
        return context.get_dummy_value()

    return types.void(pair, matrix, modulus, corrections), generate


@intrinsic
def _lowest_lane_words(_typing: Any, value: Any) -> tuple[Any, Generator]:
    """Lane 0 of a canonical element as four 64-bit words."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        words = words_of_limbs(builder, unpack(builder, values[0]))
        lowest = [builder.extract_element(word, ir.Constant(I64, 0)) for word in words]
        return context.make_tuple(builder, signature.return_type, lowest)

    return _FOUR_WORDS(element8), generate


@intrinsic
def _in_every_lane(_typing: Any, words: Any) -> tuple[Any, Generator]:
    """The element with the integer in four 64-bit words in every lane."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        words = [splat(builder, builder.extract_value(values[0], i)) for i in range(4)]
        return pack(builder, limbs_of_words(builder, words))

    return element8(_FOUR_WORDS), generate


def lane_inversion(field: FieldCode, name: str) -> Any:
    """A compiled function of this name from Element8 to Element8: inverses in Montgomery form.

    One inversion serves the product of all lanes, so a zero in one lane gives zeros in all. The
    argument is a carried value below 2.4 m.
    """
    multiply, to_integer, canonical = field.multiply, field.reduce_product, field.canonical
    radix_squared = field.constant(RADIX * RADIX % field.modulus)
    modulus = np.array(words_of(field.modulus), dtype=np.int64)
    inverse_of_modulus = np.uint64(pow(field.modulus, -1, 1 << BITS))

    @jit_named(name)
    def invert(value: Any) -> Any:
        # products over two, four and eight lanes, the same in all lanes that take part
        two = multiply(value, swapped_by_4(value))
        four = multiply(two, swapped_by_2(two))
        eight = multiply(four, swapped_by_1(four))
        number = np.empty(5, np.int64)
        _split(number, _lowest_lane_words(canonical(to_integer(eight))))
        invert_words(number, modulus, inverse_of_modulus)
        inverse = multiply(_in_every_lane(_joined(number)), radix_squared())
        inverse = multiply(inverse, swapped_by_1(four))
        inverse = multiply(inverse, swapped_by_2(two))
        return multiply(inverse, swapped_by_4(value))

    return invert


@jit
def _split(number: Any, words: Any) -> None:
    """Four words of 64 bits as five of 62."""
    mask = np.uint64(_MASK)
    number[0] = words[0] & mask
    number[1] = (words[0] >> np.uint64(62) | words[1] << np.uint64(2)) & mask
    number[2] = (words[1] >> np.uint64(60) | words[2] << np.uint64(4)) & mask
    number[3] = (words[2] >> np.uint64(58) | words[3] << np.uint64(6)) & mask
    number[4] = words[3] >> np.uint64(56)


@jit
def _joined(number: Any) -> Any:
    """Five words of 62 bits, of a number below 2**256, as four of 64."""
    n0, n1, n2 = np.uint64(number[0]), np.uint64(number[1]), np.uint64(number[2])
    n3, n4 = np.uint64(number[3]), np.uint64(number[4])
    return (
        n0 | n1 << np.uint64(62),
        n1 >> np.uint64(2) | n2 << np.uint64(60),
        n2 >> np.uint64(4) | n3 << np.uint64(58),
        n3 >> np.uint64(6) | n4 << np.uint64(56),
    )


@jit
def _decide(delta: int, f: Any, g: Any, matrix: Any) -> int:
    """62 division steps on the low words f (odd) and g; returns the new -delta.

    The steps' effect, times 2**62, is left in ``matrix``: rows (u, v) and (q, r). Instead of one
    step at a time, as many multiples of f are added to g as clear its low bits before the next
    exchange: up to six where f and g were just exchanged, else up to four.
    """
    one, zero = np.uint64(1), np.uint64(0)
    u, v, q, r = one, zero, zero, one
    left = 62
    while True:
        # a sentinel bit stops the count at the steps that are left
        zeros = int(_trailing_zeros(g | (~zero << np.uint64(left))))
        shift = np.uint64(zeros)
        g >>= shift
        u <<= shift
        v <<= shift
        delta -= zeros
        left -= zeros
        if left == 0:
            break
        if delta < 0:
            delta = -delta
            f, g = g, zero - f
            u, q = q, zero - u
            v, r = r, zero - v
            limit = np.uint64(min(delta + 1, left))
            mask = (~zero >> (np.uint64(64) - limit)) & np.uint64(63)
            # f * (f * f - 2) is -1 / f modulo 2**6
            multiple = f * g * (f * f - np.uint64(2)) & mask
        else:
            limit = np.uint64(min(delta + 1, left))
            mask = (~zero >> (np.uint64(64) - limit)) & np.uint64(15)
            # f + 8 where bit 2 of f + 1 is set is 1 / f modulo 2**4
            inverse = f + (((f + one) & np.uint64(4)) << one)
            multiple = (zero - inverse) * g & mask
        g += f * multiple
        q += u * multiple
        r += v * multiple
    matrix[0], matrix[1] = np.int64(u), np.int64(v)
    matrix[2], matrix[3] = np.int64(q), np.int64(r)
    return delta


@jit
def invert_words(value: Any, modulus: Any, inverse_of_modulus: Any) -> None:
    """Replaces a number in [0, m), five words, by its inverse modulo m; 0 stays 0.

    ``inverse_of_modulus`` is 1 / m modulo 2**62.
    """
    mask = np.uint64(_MASK)
    # rows f and g, d and e
    steps, followers = np.zeros((2, WORDS), np.int64), np.zeros((2, WORDS), np.int64)
    for i in range(WORDS):
        steps[0, i], steps[1, i] = modulus[i], value[i]
    followers[1, 0] = 1
    matrix, corrections = np.zeros(4, np.int64), np.zeros(2, np.int64)
    nothing = np.zeros(2, np.int64)
    delta = np.int64(-1)
    while True:
        remaining = np.int64(0)
        for i in range(WORDS):
            remaining |= steps[1, i]
        if remaining == 0:
            break
        delta = _decide(delta, np.uint64(steps[0, 0]), np.uint64(steps[1, 0]), matrix)
        _apply(steps, matrix, modulus, nothing)
        for row in range(2):
            a, b = matrix[2 * row], matrix[2 * row + 1]
            # adding m where d or e is negative keeps both in (-2 m, m)
            multiple = (a if followers[0, 4] < 0 else 0) + (b if followers[1, 4] < 0 else 0)
            low = np.uint64(a) * np.uint64(followers[0, 0])
            low += np.uint64(b) * np.uint64(followers[1, 0])
            clearing = (inverse_of_modulus * low + np.uint64(multiple)) & mask
            corrections[row] = multiple - np.int64(clearing)
        _apply(followers, matrix, modulus, corrections)
    _normalize(value, followers, steps[0, 4] < 0, modulus)


@jit
def _normalize(result: Any, followers: Any, negate: bool, modulus: Any) -> None:
    """The first follower, in (-2 m, m), or its negative, brought to [0, m)."""
    for i in range(WORDS):
        result[i] = followers[0, i]
    for add, flip in ((True, negate), (True, False)):
        lift = add and result[4] < 0
        carry = np.int64(0)
        for i in range(WORDS):
            word = result[i] + (modulus[i] if lift else 0)
            carry += -word if flip else word
            result[i] = carry & _MASK if i < 4 else carry
            carry >>= 62
