"""Generation of modular arithmetic on eight lanes at a time, for moduli close to 2**253.6.

Montgomery form with radix R = 2**260. Reduction is lazy: an element is *loose* if its limbs lie in
[0, 2**52) and its value below 2.33 m. Kernels exchange loose elements, and only what leaves the
engine is made canonical. What m < 2**253.6 leaves free below 2**260, a factor of 84, lets most
additions go unreduced; each operation states the bounds it needs.

The IFMA instructions multiply the low 52 bits of two lanes and add the low or high half of the
104-bit product to a 64-bit lane, so up to 2**12 halves add up before carries must move. They
ignore the upper 12 bits of the factors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.ifma.vec8 import (
    I1,
    I8,
    LANES,
    LIMB_BITS,
    LIMB_MASK,
    LIMBS,
    VECTOR,
    Generator,
    Values,
    binary,
    call,
    constant,
    element8,
    limb_constants,
    pack,
    products8,
    propagate_carries,
    unary,
    unpack,
)

RADIX = 1 << LIMB_BITS * LIMBS
_ADDED_APART = range(3, 7)
"""Columns of which the reduction's share is summed by itself, as those are on the longest chain of
dependent additions: a product takes 25 nanoseconds from start to end instead of 30."""

_UNIT_BITS = 254
"""Values are sized up by their top bits, in units of 2**254 (about 1.32 m)."""

Half = Callable[[ir.IRBuilder, ir.Value, ir.Value, ir.Value], ir.Value]
"""``low`` or ``high``."""


class FieldCode:
    """Generators of LLVM code for arithmetic modulo one m, as numba intrinsics."""

    def __init__(self, modulus: int) -> None:
        self.modulus = modulus
        negative_inverse = -pow(modulus, -1, 1 << LIMB_BITS) % (1 << LIMB_BITS)
        self._negative_inverse = constant(negative_inverse)
        self._modulus = limb_constants(modulus)
        # m * k = -1 mod 2**52, so adding t times this multiple clears a low limb t for free
        self._shifted = limb_constants((modulus * negative_inverse + 1) >> LIMB_BITS)
        self.multiply = binary(self.build_product)
        self.square = unary(self.build_square)
        self.reduce_product = unary(self._build_bare_reduction)
        self.reduce = unary(self._build_signed_reduction)
        self.reduce_sum = unary(self._build_unsigned_reduction)
        self.may_be_zero = self._zero_filter()
        self.reduce_products = self._products_reduction()
        self.canonical = unary(self._build_canonical)

    def build_product(self, builder: ir.IRBuilder, left: Values, right: Values) -> Values:
        """left * right / 2**260 mod m, loose.

        Needs the low 52 bits of the limbs to be right and left * right below 97 m**2.
        """
        return self.reduce_columns(builder, columns_of_product(builder, left, right))

    def build_square(self, builder: ir.IRBuilder, value: Values) -> Values:
        """value**2 / 2**260 mod m, loose; needs a carried value below 9 m."""
        columns = [constant(0)] * (2 * LIMBS)
        for i in range(LIMBS):
            for j in range(i + 1, LIMBS):
                columns[i + j] = low(builder, columns[i + j], value[i], value[j])
                columns[i + j + 1] = high(builder, columns[i + j + 1], value[i], value[j])
        columns = [builder.add(column, column) for column in columns]
        for i in range(LIMBS):
            columns[2 * i] = low(builder, columns[2 * i], value[i], value[i])
            columns[2 * i + 1] = high(builder, columns[2 * i + 1], value[i], value[i])
        return self.reduce_columns(builder, columns)

    def reduce_columns(self, builder: ir.IRBuilder, columns: Values) -> Values:
        """(sum of columns[i] * 2**(52 i)) / 2**260 mod m, for T = that sum, loose if T < 97 m**2.

        Four times the low limb t is cleared by adding t * (k m), where k m = -1 mod 2**52 and so
        t itself is the multiple: (T + t k m) / 2**52 = T div 2**52 + t (k m + 1) / 2**52. The
        fifth limb is cleared by Montgomery's own multiple of m, because sums stand at up to
        2**52 m here and must come down to m. Altogether

            result < T / 2**260 + k m / 2**52 + m < T / 2**260 + 1.13 m

        with k / 2**52 = 0.122 for r and 0.127 for p. Columns stay below 2**57.
        """
        t = list(columns)
        apart = {column: constant(0) for column in _ADDED_APART}

        def add(half: Half, column: int, left: ir.Value, right: ir.Value) -> None:
            place: Any = apart if column in apart else t
            place[column] = half(builder, place[column], left, right)

        def total(column: int) -> ir.Value:
            return builder.add(t[column], apart[column]) if column in apart else t[column]

        excess = constant(0)
        for i in range(LIMBS - 1):
            digit = builder.add(total(i), excess)
            excess = builder.lshr(digit, constant(LIMB_BITS))
            for j in range(LIMBS):
                add(low, i + j + 1, digit, self._shifted[j])
                add(high, i + j + 2, digit, self._shifted[j])
        last = builder.add(total(LIMBS - 1), excess)
        digit = low(builder, constant(0), last, self._negative_inverse)
        # last + low half of digit * m[0] is 0 mod 2**52, so its carry is last / 2**52 rounded up
        rounded = builder.add(last, constant(LIMB_MASK))
        excess = builder.lshr(rounded, constant(LIMB_BITS))
        for j in range(LIMBS):
            if j:
                add(low, LIMBS + j - 1, digit, self._modulus[j])
            add(high, LIMBS + j, digit, self._modulus[j])
        result = [total(column) for column in range(LIMBS, 2 * LIMBS)]
        result[0] = builder.add(result[0], excess)
        return propagate_carries(builder, result)

    def _build_bare_reduction(self, builder: ir.IRBuilder, value: Values) -> Values:
        """value / 2**260 mod m, below 1.2 m; needs the low 52 bits of the limbs to be right."""
        return self.reduce_columns(builder, [*value, *[constant(0)] * LIMBS])

    def _zero_filter(self) -> Any:
        """An intrinsic: mask of the lanes of a carried value in (0, 6 m) that may be 0 mod m.

        It compares lowest limbs only, so one other lane in 2**49 is in the mask too.
        """

        def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
            limb = builder.extract_value(values[0], 0)
            mask: ir.Value = ir.Constant(ir.VectorType(I1, LANES), [0] * LANES)
            for factor in range(1, 6):
                multiple = constant(factor * self.modulus & LIMB_MASK)
                mask = builder.or_(mask, builder.icmp_unsigned("==", limb, multiple))
            return builder.bitcast(mask, I8)

        @intrinsic
        def may_be_zero(_typing: Any, value: Any) -> tuple[Any, Generator]:
            return types.uint8(element8), generate

        return may_be_zero

    def _products_reduction(self) -> Any:
        """An intrinsic from a sum of products, below 97 m**2, to a loose element."""

        def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
            return pack(builder, self.reduce_columns(builder, unpack(builder, values[0])))

        @intrinsic
        def reduce_products(_typing: Any, total: Any) -> tuple[Any, Generator]:
            return element8(products8), generate

        return reduce_products

    def _build_signed_reduction(self, builder: ir.IRBuilder, value: Values) -> Values:
        """The same residue, loose, of a raw value in [-5.29 m, 5.29 m)."""
        return self._subtract_multiple(builder, value, [*range(4), *range(-4, 0)])

    def _build_unsigned_reduction(self, builder: ir.IRBuilder, value: Values) -> Values:
        """The same residue, loose, of a raw value in [0, 10.58 m)."""
        return self._subtract_multiple(builder, value, list(range(8)))

    def _subtract_multiple(self, builder: ir.IRBuilder, value: Values, units: list[int]) -> Values:
        """The value less a multiple of m that its top limb picks from a table of eight.

        The three low bits of the value's count of units choose among ``units``. A value of u units
        loses the largest multiple of m below u units, so less than 2**254 + m = 2.33 m remains.
        Raw lower limbs weigh less than 2**13 of the top one's 2**52 and can make the count wrong
        only next to a boundary, where 0.03 m of slack absorbs it; at zero, where there is none, a
        signed value of zero units takes m too.
        """
        signed = min(units) < 0
        slack = self.modulus >> 6
        multiples = [((unit << _UNIT_BITS) - slack) // self.modulus for unit in units]
        if not signed:
            multiples = [max(multiple, 0) for multiple in multiples]
        unit = builder.ashr(value[-1], constant(_UNIT_BITS - LIMB_BITS * (LIMBS - 1)))
        corrected = []
        for i in range(LIMBS):
            entries = [_limb(-multiple * self.modulus, i) for multiple in multiples]
            table = ir.Constant(VECTOR, entries)
            # vpermq looks at the low three bits of the index only
            correction = call(builder, "llvm.x86.avx512.permvar.di.512", VECTOR, [table, unit])
            corrected.append(builder.add(value[i], correction))
        return propagate_carries(builder, corrected)

    def _build_canonical(self, builder: ir.IRBuilder, value: Values) -> Values:
        """The least residue of a carried value below 2 m."""
        pairs = zip(value, self._modulus, strict=True)
        reduced = propagate_carries(builder, [builder.sub(a, b) for a, b in pairs])
        negative = builder.icmp_signed("<", reduced[-1], constant(0))
        return [builder.select(negative, a, b) for a, b in zip(value, reduced, strict=True)]

    def constant(self, value: int) -> Any:
        """An intrinsic without arguments: one integer below 2**260, as it is, in every lane."""

        def generate(_context: Any, builder: Any, _signature: Any, _values: Values) -> ir.Value:
            return pack(builder, limb_constants(value))

        @intrinsic
        def element(_typing: Any) -> tuple[Any, Generator]:
            return element8(), generate

        return element

    def multiple(self, factor: int) -> Any:
        """An intrinsic without arguments: factor * m, to lift raw differences above zero."""
        return self.constant(factor * self.modulus)

    def montgomery(self, value: int) -> Any:
        """An intrinsic without arguments: an integer modulo m in Montgomery form."""
        return self.constant(value * RADIX % self.modulus)


def _limb(value: int, index: int) -> int:
    """A limb of a possibly negative integer: all its limbs carry its sign."""
    limb = abs(value) >> LIMB_BITS * index & LIMB_MASK
    return (limb if value >= 0 else -limb) % (1 << 64)


def low(builder: ir.IRBuilder, total: ir.Value, left: ir.Value, right: ir.Value) -> ir.Value:
    """total + the low 52 bits of left * right."""
    return call(builder, "llvm.x86.avx512.vpmadd52l.uq.512", VECTOR, [total, left, right])


def high(builder: ir.IRBuilder, total: ir.Value, left: ir.Value, right: ir.Value) -> ir.Value:
    """total + the high 52 bits of left * right."""
    return call(builder, "llvm.x86.avx512.vpmadd52h.uq.512", VECTOR, [total, left, right])


def columns_of_product(builder: ir.IRBuilder, left: Values, right: Values) -> Values:
    """Ten columns, of weights 2**(52 i), whose sum is left * right."""
    return _with_product(builder, [constant(0)] * (2 * LIMBS), left, right)


def _with_product(builder: ir.IRBuilder, columns: Values, left: Values, right: Values) -> Values:
    """The columns with left * right added; none grows by more than 9 * 2**52."""
    total = list(columns)
    for i in range(LIMBS):
        for j in range(LIMBS):
            total[i + j] = low(builder, total[i + j], left[i], right[j])
        for j in range(LIMBS):
            total[i + j + 1] = high(builder, total[i + j + 1], left[i], right[j])
    return total


@intrinsic
def no_products(_typing: Any) -> tuple[Any, Generator]:
    """The sum of no products."""

    def generate(_context: Any, builder: Any, _signature: Any, _values: Values) -> ir.Value:
        return pack(builder, [constant(0)] * (2 * LIMBS))

    return products8(), generate


@intrinsic
def add_product(_typing: Any, total: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """total + left * right, of carried elements; no modulus is involved."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Values) -> ir.Value:
        columns, left, right = (unpack(builder, value) for value in values)
        return pack(builder, _with_product(builder, columns, left, right))

    return products8(products8, element8, element8), generate
