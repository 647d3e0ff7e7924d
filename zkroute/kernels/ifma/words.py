"""Ways between 52-bit limbs in lanes and the 64-bit words everything outside uses."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.ifma.vec8 import (
    I64,
    LANES,
    LIMB_MASK,
    VECTOR,
    Generator,
    Values,
    constant,
    element8,
    pack,
    unpack,
    vec8,
)

_FOUR_WORDS = types.UniTuple(vec8, 4)  # type: ignore[no-untyped-call, unused-ignore]


def limbs_of_words(builder: ir.IRBuilder, words: Values) -> Values:
    """Five 52-bit limbs of four 64-bit words."""
    limbs = [words[0]]
    for i in range(1, 4):
        lower = builder.lshr(words[i - 1], constant(64 - 12 * i))
        limbs.append(builder.or_(lower, builder.shl(words[i], constant(12 * i))))
    mask = constant(LIMB_MASK)
    return [*(builder.and_(limb, mask) for limb in limbs), builder.lshr(words[3], constant(16))]


def words_of_limbs(builder: ir.IRBuilder, limbs: Values) -> Values:
    """Four 64-bit words of carried limbs whose value is below 2**256."""
    words = []
    for i in range(4):
        lower = builder.lshr(limbs[i], constant(12 * i)) if i else limbs[0]
        words.append(builder.or_(lower, builder.shl(limbs[i + 1], constant(52 - 12 * i))))
    return words


def _places(context: Any, builder: ir.IRBuilder, kind: Any, values: Values) -> Values:
    """Pointers to word ``first`` of an array and every ``stride``-th after it, one per lane."""
    data = context.make_array(kind)(context, builder, values[0]).data
    steps = [builder.mul(values[2], ir.Constant(I64, lane)) for lane in range(LANES)]
    return [builder.gep(data, [builder.add(values[1], step)]) for step in steps]


@intrinsic
def gather(_typing: Any, array: Any, first: Any, stride: Any) -> tuple[Any, Generator]:
    """Word ``first`` of an array in lane 0 and the words ``stride`` further on in each next."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        vector: ir.Value = ir.Constant(VECTOR, ir.Undefined)
        places = _places(context, builder, signature.args[0], values)
        for lane, place in enumerate(places):
            vector = builder.insert_element(vector, builder.load(place), ir.Constant(I64, lane))
        return vector

    return vec8(array, types.int64, types.int64), generate


@intrinsic
def scatter(_typing: Any, array: Any, first: Any, stride: Any, value: Any) -> tuple[Any, Generator]:
    """Writes lanes where ``gather`` would read them."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        places = _places(context, builder, signature.args[0], values)
        for lane, place in enumerate(places):
            builder.store(builder.extract_element(values[3], ir.Constant(I64, lane)), place)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, vec8), generate


@intrinsic
def no_words(_typing: Any) -> tuple[Any, Generator]:
    """Zero in every lane."""

    def generate(_context: Any, _builder: Any, _signature: Any, _values: Values) -> ir.Value:
        return constant(0)

    return vec8(), generate


@intrinsic
def from_words(_typing: Any, w0: Any, w1: Any, w2: Any, w3: Any) -> tuple[Any, Generator]:
    """The element whose lanes are the integers in four vectors of words, lowest first."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        return pack(builder, limbs_of_words(builder, values))

    return element8(vec8, vec8, vec8, vec8), generate


@intrinsic
def to_words(_typing: Any, value: Any) -> tuple[Any, Generator]:
    """Four vectors of words, lowest first, of an element whose values are below 2**256."""

    def generate(context: Any, builder: Any, signature: Any, values: Values) -> ir.Value:
        words = words_of_limbs(builder, unpack(builder, values[0]))
        return context.make_tuple(builder, signature.return_type, words)

    return _FOUR_WORDS(element8), generate
