"""Operations on lanes that know no modulus.

"Raw" results have limbs outside [0, 2**52), even negative ones (two's complement); ``carry`` brings
all but the top limb back without changing any lane's value.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.ifma.vec8 import (
    I8,
    LANES,
    LIMBS,
    MASK,
    Generator,
    Values,
    binary,
    constant,
    element8,
    pack,
    permuted,
    propagate_carries,
    unary,
    unpack,
)


@intrinsic
def zeros(_typing: Any) -> tuple[Any, Generator]:
    """Zero in every lane."""

    def generate(_context: Any, builder: Any, _signature: Any, _values: Values) -> ir.Value:
        return pack(builder, [constant(0)] * LIMBS)

    return element8(), generate


def _build_raw_sum(builder: ir.IRBuilder, left: Values, right: Values) -> Values:
    """left + right limb by limb, no carries."""
    return [builder.add(a, b) for a, b in zip(left, right, strict=True)]


def _build_raw_difference(builder: ir.IRBuilder, left: Values, right: Values) -> Values:
    """left - right limb by limb, no borrows."""
    return [builder.sub(a, b) for a, b in zip(left, right, strict=True)]


raw_add = binary(_build_raw_sum)
raw_subtract = binary(_build_raw_difference)
carry = unary(propagate_carries)


def _shifted_up(distance: int) -> Any:
    """An intrinsic that moves every lane up by ``distance``; zeros enter at lane 0."""
    lanes = [max(lane - distance + LANES, LANES - 1) for lane in range(LANES)]

    def build(builder: ir.IRBuilder, value: Values) -> Values:
        return [permuted(builder, constant(0), limb, lanes) for limb in value]

    return unary(build)


def _shifted_down(distance: int) -> Any:
    """An intrinsic that moves every lane down by ``distance``; zeros enter at lane 7."""
    lanes = [min(lane + distance, LANES) for lane in range(LANES)]

    def build(builder: ir.IRBuilder, value: Values) -> Values:
        return [permuted(builder, limb, constant(0), lanes) for limb in value]

    return unary(build)


def _swapped(distance: int) -> Any:
    """An intrinsic that exchanges lanes ``distance`` apart."""
    lanes = [lane ^ distance for lane in range(LANES)]

    def build(builder: ir.IRBuilder, value: Values) -> Values:
        return [permuted(builder, limb, limb, lanes) for limb in value]

    return unary(build)


def _one_lane(lane: int) -> Any:
    """An intrinsic that copies one lane to all."""

    def build(builder: ir.IRBuilder, value: Values) -> Values:
        return [permuted(builder, limb, limb, [lane] * LANES) for limb in value]

    return unary(build)


def _build_followed(builder: ir.IRBuilder, value: Values, following: Values) -> Values:
    """Every lane moved down by one, lane 0 of ``following`` entering at lane 7."""
    lanes = list(range(1, LANES + 1))
    return [permuted(builder, a, b, lanes) for a, b in zip(value, following, strict=True)]


followed_by = binary(_build_followed)
up_by_1, up_by_2, up_by_4 = (_shifted_up(distance) for distance in (1, 2, 4))
down_by_1, down_by_2, down_by_4 = (_shifted_down(distance) for distance in (1, 2, 4))
swapped_by_1, swapped_by_2, swapped_by_4 = (_swapped(distance) for distance in (1, 2, 4))
lowest_lane, highest_lane = _one_lane(0), _one_lane(LANES - 1)


@intrinsic
def select(_typing: Any, mask: Any, chosen: Any, other: Any) -> tuple[Any, Generator]:
    """``chosen`` in the lanes whose bit of the mask is set, ``other`` in the rest."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        mask = builder.bitcast(values[0], MASK)
        pairs = zip(unpack(builder, values[1]), unpack(builder, values[2]), strict=True)
        return pack(builder, [builder.select(mask, a, b) for a, b in pairs])

    return element8(types.uint8, element8, element8), generate


@intrinsic
def equal(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """Mask of the lanes whose five limbs are the same; bit j is lane j."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        pairs = zip(unpack(builder, values[0]), unpack(builder, values[1]), strict=True)
        differences = [builder.xor(a, b) for a, b in pairs]
        combined = differences[0]
        for difference in differences[1:]:
            combined = builder.or_(combined, difference)
        mask = builder.icmp_unsigned("==", combined, constant(0))
        return builder.bitcast(mask, I8)

    return types.uint8(element8, element8), generate
