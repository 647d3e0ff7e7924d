"""Blocks of eight field elements in memory, and the ways to bring them into lanes.

Arrays are C-contiguous, of 64-bit words and of any shape, and start at a cache line; a block is 40
words, limb after limb, and blocks are counted from the array's start.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.ifma.vec8 import (
    BLOCK_WORDS,
    CACHE_LINE,
    I8,
    I32,
    I64,
    LANES,
    LIMBS,
    MASK,
    VECTOR,
    Generator,
    Values,
    call,
    constant,
    element8,
    pack,
    prefetch_line,
    splat,
    transposed,
    unpack,
)


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, word: Any) -> ir.Value:
    """Pointer to a vector at a word offset into an array of 64-bit words, whatever its shape."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [word]), VECTOR.as_pointer())


def load_limbs(builder: ir.IRBuilder, pointer: ir.Value) -> Values:
    """The five limbs of the block at a pointer; blocks are aligned to cache lines."""
    places = [builder.gep(pointer, [ir.Constant(I64, i)]) for i in range(LIMBS)]
    return [builder.load(place, align=CACHE_LINE) for place in places]


@intrinsic
def load(_typing: Any, array: Any, block: Any) -> tuple[Any, Generator]:
    """The eight elements of block number ``block`` of an array aligned to cache lines."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        word = builder.mul(values[1], ir.Constant(I64, BLOCK_WORDS))
        pointer = _pointer(context, builder, signature.args[0], values[0], word)
        return pack(builder, load_limbs(builder, pointer))

    return element8(array, types.int64), generate


@intrinsic
def store(_typing: Any, array: Any, block: Any, value: Any) -> tuple[Any, Generator]:
    """Writes eight elements where ``load`` with the same number would read them."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        word = builder.mul(values[1], ir.Constant(I64, BLOCK_WORDS))
        pointer = _pointer(context, builder, signature.args[0], values[0], word)
        for i, limb in enumerate(unpack(builder, values[2])):
            builder.store(limb, builder.gep(pointer, [ir.Constant(I64, i)]), align=CACHE_LINE)
        return context.get_dummy_value()

    return types.void(array, types.int64, element8), generate


def _prefetch(to_write: bool) -> Any:
    """An intrinsic that asks for a block before it is read or written."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        word = builder.mul(values[1], ir.Constant(I64, BLOCK_WORDS))
        pointer = _pointer(context, builder, signature.args[0], values[0], word)
        for i in range(LIMBS):
            line = builder.gep(pointer, [ir.Constant(I64, i)])
            prefetch_line(builder, line, locality=3, to_write=to_write)
        return context.get_dummy_value()

    @intrinsic
    def prefetch(_typing: Any, array: Any, block: Any) -> tuple[Any, Generator]:
        return types.void(array, types.int64), generate

    return prefetch


prefetch, prefetch_to_write = _prefetch(False), _prefetch(True)
"""Of the block with this number, which must be one of the array's."""


@intrinsic
def load_word(_typing: Any, address: Any) -> tuple[Any, Generator]:
    """The 64-bit word at a machine address."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        return builder.load(builder.inttoptr(values[0], I64.as_pointer()))

    return types.uint64(types.int64), generate


@intrinsic
def load_from(_typing: Any, address: Any, block: Any) -> tuple[Any, Generator]:
    """The eight elements of block number ``block`` from a machine address on."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        offset = builder.mul(values[1], ir.Constant(I64, 8 * BLOCK_WORDS))
        place = builder.add(values[0], offset)
        return pack(builder, load_limbs(builder, builder.inttoptr(place, VECTOR.as_pointer())))

    return element8(types.int64, types.int64), generate


@intrinsic
def store_to(_typing: Any, address: Any, block: Any, value: Any) -> tuple[Any, Generator]:
    """Writes eight elements where ``load_from`` with the same numbers would read them."""

    def generate(context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        offset = builder.mul(values[1], ir.Constant(I64, 8 * BLOCK_WORDS))
        pointer = builder.inttoptr(builder.add(values[0], offset), VECTOR.as_pointer())
        for i, limb in enumerate(unpack(builder, values[2])):
            builder.store(limb, builder.gep(pointer, [ir.Constant(I64, i)]), align=CACHE_LINE)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, element8), generate


@intrinsic
def load_across(_typing: Any, address: Any, index: Any) -> tuple[Any, Generator]:
    """Eight elements from number ``index`` on, which is not the first of its block.

    Both the block it lies in and the next are read.
    """

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        block = builder.lshr(values[1], ir.Constant(I64, 3))
        offset = builder.mul(block, ir.Constant(I64, 8 * BLOCK_WORDS))
        pointer = builder.inttoptr(builder.add(values[0], offset), VECTOR.as_pointer())
        following = builder.gep(pointer, [ir.Constant(I64, LIMBS)])
        lane = builder.and_(values[1], ir.Constant(I64, LANES - 1))
        lanes = builder.add(splat(builder, lane), ir.Constant(VECTOR, list(range(LANES))))
        name = "llvm.x86.avx512.vpermi2var.q.512"
        pairs = zip(load_limbs(builder, pointer), load_limbs(builder, following), strict=True)
        return pack(builder, [call(builder, name, VECTOR, [a, lanes, b]) for a, b in pairs])

    return element8(types.int64, types.int64), generate


@intrinsic
def broadcast(_typing: Any, array: Any, index: Any) -> tuple[Any, Generator]:
    """One element in every lane: row ``index`` of an array of rows of five limbs."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        first = builder.mul(values[1], ir.Constant(I64, LIMBS))
        places = [builder.add(first, ir.Constant(I64, i)) for i in range(LIMBS)]
        words = [builder.load(builder.gep(data, [place])) for place in places]
        return pack(builder, [splat(builder, word) for word in words])

    return element8(array, types.int64), generate


@intrinsic
def load_lanes(_typing: Any, array: Any, blocks: Any, offset: Any) -> tuple[Any, Generator]:
    """Lane j of block blocks[j] + offset of an array in lane j; ``blocks`` has eight numbers."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        zero = ir.Constant(I64, 0)
        numbers = builder.load(
            _pointer(context, builder, signature.args[1], values[1], zero), align=8
        )
        words = builder.mul(builder.add(numbers, splat(builder, values[2])), constant(BLOCK_WORDS))
        words = builder.add(words, ir.Constant(VECTOR, list(range(LANES))))
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        base = builder.bitcast(data, I8.as_pointer())
        everywhere, scale = ir.Constant(MASK, [1] * LANES), ir.Constant(I32, 8)
        name = "llvm.x86.avx512.mask.gather.qpq.512"
        limbs = []
        for limb in range(LIMBS):
            places = builder.add(words, constant(LANES * limb))
            arguments = [constant(0), base, places, everywhere, scale]
            limbs.append(call(builder, name, VECTOR, arguments))
        return pack(builder, limbs)

    return element8(array, blocks, types.int64), generate


@intrinsic
def transpose(_typing: Any, target: Any, to: Any, tile: Any) -> tuple[Any, Generator]:
    """Eight blocks of ``tile``, from its first, with blocks and lanes exchanged.

    Lane j of block i of the tile becomes lane i of block ``to`` + j of the target.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        zero = ir.Constant(I64, 0)
        source = _pointer(context, builder, signature.args[2], values[2], zero)
        word = builder.mul(values[1], ir.Constant(I64, BLOCK_WORDS))
        destination = _pointer(context, builder, signature.args[0], values[0], word)
        for limb in range(LIMBS):
            places = [ir.Constant(I64, LIMBS * block + limb) for block in range(LANES)]
            rows = [builder.load(builder.gep(source, [i]), align=CACHE_LINE) for i in places]
            for row, i in zip(transposed(builder, rows), places, strict=True):
                builder.store(row, builder.gep(destination, [i]), align=CACHE_LINE)
        return context.get_dummy_value()

    return types.void(target, types.int64, tile), generate
