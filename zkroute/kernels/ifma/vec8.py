"""``Vec8``, eight 64-bit lanes in one register, and ``Element8``, eight field elements in five.

numba has no vector types; these two are backed by LLVM's ``<8 x i64>``, so that a kernel over
eight field elements at a time reads like ordinary Python. An ``Element8`` is the five 52-bit limbs
of each lane, least significant first:

    value of lane j = sum over i of limb[i][j] * 2**(52 i)

This module has the types and what generates code for them; ``blocks`` and ``lanes`` have the
operations kernels are written in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from zkroute.kernels._jit import intrinsic

LANES = 8
LIMBS = 5
LIMB_BITS = 52
LIMB_MASK = (1 << LIMB_BITS) - 1
BLOCK_WORDS = LANES * LIMBS
"""Words of memory eight elements take: a block, limb after limb, eight lanes each."""

I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
VECTOR = ir.VectorType(I64, LANES)
ELEMENT = ir.ArrayType(VECTOR, LIMBS)
PRODUCTS = ir.ArrayType(VECTOR, 2 * LIMBS)
MASK = ir.VectorType(I1, LANES)
CACHE_LINE = 64

Values = list[ir.Value]
"""LLVM values: the limbs of one element, or the arguments of an intrinsic."""

Generator = Callable[[Any, ir.IRBuilder, Any, Values], ir.Value]
"""How numba asks an intrinsic for its code: (context, builder, signature, arguments)."""


class Vec8Type(types.Type):  # type: ignore[misc, unused-ignore]  # numba ships few types
    """Eight 64-bit lanes."""

    def __init__(self) -> None:
        super().__init__(name="zkroute.Vec8")  # type: ignore[no-untyped-call, unused-ignore]


class Element8Type(types.Type):  # type: ignore[misc, unused-ignore]
    """Eight field elements of five 52-bit limbs."""

    def __init__(self) -> None:
        super().__init__(name="zkroute.Element8")  # type: ignore[no-untyped-call, unused-ignore]


class Products8Type(types.Type):  # type: ignore[misc, unused-ignore]
    """Sums of products of eight pairs of elements: ten columns of weights 2**(52 i)."""

    def __init__(self) -> None:
        super().__init__(name="zkroute.Products8")  # type: ignore[no-untyped-call, unused-ignore]


vec8 = Vec8Type()
element8 = Element8Type()
products8 = Products8Type()

_REPRESENTATIONS = {vec8: VECTOR, element8: ELEMENT, products8: PRODUCTS}


@register_model(Vec8Type)  # type: ignore[untyped-decorator, unused-ignore]
@register_model(Element8Type)  # type: ignore[untyped-decorator, unused-ignore]
@register_model(Products8Type)  # type: ignore[untyped-decorator, unused-ignore]
class _Model(models.PrimitiveModel):  # type: ignore[misc, unused-ignore]
    def __init__(self, manager: Any, front_end_type: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call, unused-ignore]
            manager, front_end_type, _REPRESENTATIONS[front_end_type]
        )


def constant(value: int) -> ir.Constant:
    """The same 64-bit constant in every lane."""
    return ir.Constant(VECTOR, [value % (1 << 64)] * LANES)


def limb_constants(value: int) -> Values:
    """The limbs of one integer below 2**260 in every lane."""
    return [constant(value >> LIMB_BITS * i & LIMB_MASK) for i in range(LIMBS)]


def unpack(builder: ir.IRBuilder, element: ir.Value) -> Values:
    """The five limbs of an element, or the ten columns of a sum of products."""
    return [builder.extract_value(element, i) for i in range(element.type.count)]


def pack(builder: ir.IRBuilder, limbs: Values) -> ir.Value:
    """The element with these limbs, or the sum of products with these columns."""
    element: ir.Value = ir.Constant(ir.ArrayType(VECTOR, len(limbs)), ir.Undefined)
    for i, limb in enumerate(limbs):
        element = builder.insert_value(element, limb, i)
    return element


def unary(build: Callable[[ir.IRBuilder, Values], Values]) -> Any:
    """An intrinsic from Element8 to Element8 that is expanded where it is used."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        return pack(builder, build(builder, unpack(builder, values[0])))

    def typed(_typing: Any, value: Any) -> tuple[Any, Generator]:
        return element8(element8), generate

    typed.__doc__ = build.__doc__
    return intrinsic(typed)


def binary(build: Callable[[ir.IRBuilder, Values, Values], Values]) -> Any:
    """An intrinsic from two Element8 to one that is expanded where it is used."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        left, right = unpack(builder, values[0]), unpack(builder, values[1])
        return pack(builder, build(builder, left, right))

    def typed(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
        return element8(element8, element8), generate

    typed.__doc__ = build.__doc__
    return intrinsic(typed)


def call(builder: ir.IRBuilder, name: str, result: ir.Type, arguments: Values) -> ir.Value:
    """A call of one of LLVM's own functions, declared at its first use in a module."""
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def prefetch_line(
    builder: ir.IRBuilder, place: ir.Value, *, locality: int, to_write: bool = False
) -> None:
    """Asks for the cache line at a pointer; locality 3 means the first-level cache, 2 the next."""
    pointer = builder.bitcast(place, I8.as_pointer())
    data = 1
    hints = [ir.Constant(I32, hint) for hint in (int(to_write), locality, data)]
    call(builder, "llvm.prefetch.p0", ir.VoidType(), [pointer, *hints])


def splat(builder: ir.IRBuilder, word: ir.Value) -> ir.Value:
    """One 64-bit value in every lane."""
    undefined = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, word, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(I32, 8), [0] * 8))


def permuted(builder: ir.IRBuilder, one: ir.Value, other: ir.Value, lanes: list[int]) -> ir.Value:
    """The lanes with these numbers, 0-7 from ``one`` and 8-15 from ``other``."""
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(I32, 8), lanes))


def transposed(builder: ir.IRBuilder, rows: Values) -> Values:
    """Rows and columns of eight vectors of eight exchanged, in three rounds of pairwise swaps."""
    for distance in (1, 2, 4):
        low = [i if not i & distance else i - distance + LANES for i in range(LANES)]
        high = [i + distance if not i & distance else i + LANES for i in range(LANES)]
        swapped = list(rows)
        for i in range(LANES):
            if not i & distance:
                one, other = rows[i], rows[i + distance]
                swapped[i] = permuted(builder, one, other, low)
                swapped[i + distance] = permuted(builder, one, other, high)
        rows = swapped
    return rows


def propagate_carries(builder: ir.IRBuilder, limbs: Values) -> Values:
    """The same values with all limbs but the top one in [0, 2**52), negative limbs borrowing."""
    carried = list(limbs)
    for i in range(LIMBS - 1):
        excess = builder.ashr(carried[i], constant(LIMB_BITS))
        carried[i + 1] = builder.add(carried[i + 1], excess)
        carried[i] = builder.and_(carried[i], constant(LIMB_MASK))
    return carried
