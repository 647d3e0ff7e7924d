"""Affine points in memory: 64 bytes each, and eight of them at a time from anywhere.

A point is x then y, four 64-bit words each, in Montgomery form with radix 2**260 and loose, which
2**256 > 5.2 p has room for. It takes exactly one cache line, and its address is a multiple of 64,
so that a set lowest bit can mean "the negative of the point there". Infinity is all zero; kernels
that add points never meet it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.ifma.vec8 import (
    I8,
    I64,
    LANES,
    VECTOR,
    Generator,
    Values,
    constant,
    element8,
    pack,
    permuted,
    prefetch_line,
    transposed,
    unpack,
)
from zkroute.kernels.ifma.words import limbs_of_words, words_of_limbs

POINT_WORDS = 8
POINT_BYTES = 64

_HALF = ir.VectorType(I64, 4)
_BITS = ir.VectorType(ir.IntType(1), LANES)


def _data(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, word: Any) -> ir.Value:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [word])


def _place(builder: ir.IRBuilder, address: ir.Value, kind: ir.Type) -> ir.Value:
    """Pointer to where a point is, whether or not its negative is asked for."""
    place = builder.and_(address, ir.Constant(I64, -POINT_BYTES % (1 << 64)))
    return builder.inttoptr(place, kind.as_pointer())


def _coordinate(half: int) -> Any:
    """An intrinsic that loads x (0) or y (1) of eight points."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        addresses = _data(context, builder, signature.args[0], values[0], values[1])
        rows = []
        for lane in range(LANES):
            word = builder.load(builder.gep(addresses, [ir.Constant(I64, lane)]))
            place = builder.gep(_place(builder, word, _HALF), [ir.Constant(I64, half)])
            rows.append(builder.load(place, align=POINT_BYTES // 2))
        return pack(builder, limbs_of_words(builder, _words_of_rows(builder, rows)))

    @intrinsic
    def load_coordinate(_typing: Any, addresses: Any, first: Any) -> tuple[Any, Generator]:
        return element8(addresses, types.int64), generate

    return load_coordinate


def _words_of_rows(builder: ir.IRBuilder, rows: Values) -> Values:
    """Four vectors, of word 0 to 3 of each of eight rows of four words."""
    whole = ir.Constant(ir.VectorType(ir.IntType(32), 8), list(range(8)))
    # rows 0 and 2, 1 and 3, ... side by side, so that lanes come out in order
    a, b, c, d = (builder.shuffle_vector(rows[i], rows[i + 2], whole) for i in (0, 1, 4, 5))
    even, odd = [0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]
    words: Values = [ir.Constant(VECTOR, ir.Undefined)] * 4
    for parity, lanes in enumerate((even, odd)):
        left, right = permuted(builder, a, b, lanes), permuted(builder, c, d, lanes)
        words[parity] = permuted(builder, left, right, [0, 1, 4, 5, 8, 9, 12, 13])
        words[parity + 2] = permuted(builder, left, right, [2, 3, 6, 7, 10, 11, 14, 15])
    return words


load_x, load_y = _coordinate(0), _coordinate(1)


@intrinsic
def is_finite(_typing: Any, addresses: Any, first: Any) -> tuple[Any, Generator]:
    """Mask of the lanes whose address, from number ``first`` on, is that of a finite point."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        pointer = _data(context, builder, signature.args[0], values[0], values[1])
        mask: ir.Value = ir.Constant(_BITS, [0] * LANES)
        for lane in range(LANES):
            word = builder.load(builder.gep(pointer, [ir.Constant(I64, lane)]))
            row = builder.load(_place(builder, word, VECTOR), align=POINT_BYTES)
            mask = builder.insert_element(mask, _is_nonzero(builder, row), ir.Constant(I64, lane))
        return builder.bitcast(mask, I8)

    return types.uint8(addresses, types.int64), generate


@intrinsic
def negated(_typing: Any, addresses: Any, first: Any) -> tuple[Any, Generator]:
    """Mask of the lanes whose address, from number ``first`` on, asks for the negative."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        pointer = _data(context, builder, signature.args[0], values[0], values[1])
        loaded = builder.load(builder.bitcast(pointer, VECTOR.as_pointer()), align=8)
        return builder.bitcast(builder.trunc(loaded, _BITS), I8)

    return types.uint8(addresses, types.int64), generate


def _prefetch(locality: int) -> Any:
    """An intrinsic that asks for the eight points at the addresses from number ``first`` on.

    Locality 3 brings them into the first-level cache, 2 into the second.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        pointer = _data(context, builder, signature.args[0], values[0], values[1])
        for lane in range(LANES):
            word = builder.load(builder.gep(pointer, [ir.Constant(I64, lane)]))
            prefetch_line(builder, builder.inttoptr(word, I8.as_pointer()), locality=locality)
        return context.get_dummy_value()

    @intrinsic
    def prefetch(_typing: Any, addresses: Any, first: Any) -> tuple[Any, Generator]:
        return types.void(addresses, types.int64), generate

    return prefetch


prefetch_near, prefetch_far = _prefetch(3), _prefetch(2)


def _row(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, row: Any) -> ir.Value:
    word = builder.mul(row, ir.Constant(I64, POINT_WORDS))
    return builder.bitcast(_data(context, builder, kind, array, word), VECTOR.as_pointer())


@intrinsic
def copy_point(_typing: Any, points: Any, row: Any, address: Any) -> tuple[Any, Generator]:
    """Writes the point at an address, not its negative, to a row of eight words."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        target = _row(context, builder, signature.args[0], values[0], values[1])
        point = builder.load(_place(builder, values[2], VECTOR), align=POINT_BYTES)
        builder.store(point, target, align=POINT_BYTES)
        return context.get_dummy_value()

    return types.void(points, types.int64, types.int64), generate


@intrinsic
def store_infinity(_typing: Any, points: Any, row: Any) -> tuple[Any, Generator]:
    """Makes a row of eight words zero."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        target = _row(context, builder, signature.args[0], values[0], values[1])
        builder.store(constant(0), target, align=POINT_BYTES)
        return context.get_dummy_value()

    return types.void(points, types.int64), generate


@intrinsic
def is_finite_at(_typing: Any, address: Any) -> tuple[Any, Generator]:
    """Whether the point at an address is not infinity."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        point = builder.load(_place(builder, values[0], VECTOR), align=POINT_BYTES)
        return _is_nonzero(builder, point)

    return types.boolean(types.int64), generate


@intrinsic
def row_is_finite(_typing: Any, points: Any, row: Any) -> tuple[Any, Generator]:
    """Whether a row of eight words is not infinity."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        source = _row(context, builder, signature.args[0], values[0], values[1])
        return _is_nonzero(builder, builder.load(source, align=POINT_BYTES))

    return types.boolean(points, types.int64), generate


def _is_nonzero(builder: ir.IRBuilder, row: ir.Value) -> ir.Value:
    words = builder.bitcast(row, ir.IntType(64 * POINT_WORDS))
    return builder.icmp_unsigned("!=", words, ir.Constant(words.type, 0))


@intrinsic
def store_points(_typing: Any, targets: Any, first: Any, x: Any, y: Any) -> tuple[Any, Generator]:
    """Writes eight points with carried coordinates to the addresses from number ``first`` on."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        words = words_of_limbs(builder, unpack(builder, values[2]))
        words += words_of_limbs(builder, unpack(builder, values[3]))
        addresses = _data(context, builder, signature.args[0], values[0], values[1])
        for lane, row in enumerate(transposed(builder, words)):
            address = builder.load(builder.gep(addresses, [ir.Constant(I64, lane)]))
            place = builder.inttoptr(address, VECTOR.as_pointer())
            builder.store(row, place, align=POINT_BYTES)
        return context.get_dummy_value()

    return types.void(targets, types.int64, element8, element8), generate
