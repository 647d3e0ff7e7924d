"""Arithmetic of the two BN254 prime fields.

Elements are in Montgomery form, value * 2**256 mod q, and always below q unless they are called
loose: those are below 2q, which saves the subtraction at the end of a product. "r" is the order
of the group (the scalar field), "p" the characteristic of the curve's field; 4r and 4p are below
2**256.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from zkroute.kernels._jit import intrinsic
from zkroute.kernels.portable.element import ELEMENT, LIMB, Generator, constant, element

MODULUS_R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MODULUS_P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
RADIX = 1 << 256

_PRODUCT = ir.IntType(128)


def _binary(build: Callable[..., ir.Value], modulus: int, doc: str) -> Any:
    """An intrinsic on two elements that is expanded where it is used."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return build(builder, values[0], values[1], modulus)

    def typed(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
        return element(element, element), generate

    typed.__doc__ = doc
    return intrinsic(typed)


def _called(build: Callable[..., ir.Value], modulus: int, name: str, doc: str) -> Any:
    """An intrinsic on two elements that calls one shared function.

    Measured, a call costs half a nanosecond more than the expanded product, while expanding it in
    every formula would multiply the time to compile.
    """
    function_type = ir.FunctionType(ELEMENT, [ELEMENT, ELEMENT])

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        function = builder.module.globals.get(name)
        if function is None:
            function = ir.Function(builder.module, function_type, name)
            function.linkage = "linkonce_odr"
            function.attributes.add("noinline")
            function.attributes.add("nounwind")
            body = ir.IRBuilder(function.append_basic_block())
            body.ret(build(body, *function.args, modulus))
        return builder.call(function, values)

    def typed(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
        return element(element, element), generate

    typed.__doc__ = doc
    return intrinsic(typed)


def _with_overflow(builder: ir.IRBuilder, operation: str, left: ir.Value, right: ir.Value) -> Any:
    """Pair (result, flag) of LLVM's ``uadd`` or ``usub`` with overflow."""
    kind = left.type
    pair = ir.FunctionType(ir.LiteralStructType([kind, ir.IntType(1)]), [kind, kind])
    function = builder.module.declare_intrinsic(f"llvm.{operation}.with.overflow", [kind], pair)
    both = builder.call(function, [left, right])
    return builder.extract_value(both, 0), builder.extract_value(both, 1)


def _reduce_once(builder: ir.IRBuilder, value: ir.Value, modulus: int) -> ir.Value:
    """The value, less the modulus unless that is negative."""
    difference, negative = _with_overflow(builder, "usub", value, ir.Constant(ELEMENT, modulus))
    return builder.select(negative, value, difference)


def _build_sum(builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int) -> ir.Value:
    # both are below 2**255, so nothing is lost at 2**256
    return _reduce_once(builder, builder.add(left, right), modulus)


def _build_difference(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    difference, negative = _with_overflow(builder, "usub", left, right)
    correction = builder.select(negative, ir.Constant(ELEMENT, modulus), ir.Constant(ELEMENT, 0))
    return builder.add(difference, correction)


def _build_unreduced_difference(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    return builder.add(builder.sub(left, right), ir.Constant(ELEMENT, 2 * modulus))


def _add_limbs(
    builder: ir.IRBuilder, left: list[ir.Value], right: list[ir.Value]
) -> list[ir.Value]:
    """Sum of two equally long numbers as one carry chain; a carry out of the top is lost."""
    total = []
    carry = None
    for one, other in zip(left, right, strict=True):
        limb, overflow = _with_overflow(builder, "uadd", one, other)
        if carry is not None:
            limb, second = _with_overflow(builder, "uadd", limb, builder.zext(carry, LIMB))
            overflow = builder.or_(overflow, second)
        total.append(limb)
        carry = overflow
    return total


def _add_multiple(
    builder: ir.IRBuilder, total: list[ir.Value], limbs: list[ir.Value], factor: ir.Value
) -> list[ir.Value]:
    """total + limbs * factor, five limbs and four; the caller knows that five hold the sum."""
    wide_factor = builder.zext(factor, _PRODUCT)
    products = [builder.mul(builder.zext(limb, _PRODUCT), wide_factor) for limb in limbs]
    low = [builder.trunc(product, LIMB) for product in products]
    high = [
        builder.trunc(builder.lshr(product, ir.Constant(_PRODUCT, 64)), LIMB)
        for product in products
    ]
    total = _add_limbs(builder, total, [*low, ir.Constant(LIMB, 0)])
    return [total[0], *_add_limbs(builder, total[1:], high)]


def _limbs(builder: ir.IRBuilder, value: ir.Value) -> list[ir.Value]:
    shifts = [ir.Constant(ELEMENT, 64 * position) for position in range(4)]
    return [builder.trunc(builder.lshr(value, shift), LIMB) for shift in shifts]


def _from_limbs(builder: ir.IRBuilder, limbs: list[ir.Value]) -> ir.Value:
    value: ir.Value = ir.Constant(ELEMENT, 0)
    for position, limb in enumerate(limbs):
        shift = ir.Constant(ELEMENT, 64 * position)
        value = builder.or_(value, builder.shl(builder.zext(limb, ELEMENT), shift))
    return value


def _build_loose_product(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    """left * right / 2**256 mod q by coarsely integrated operand scanning.

    Koc, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996.
    Between rounds the total is below left + q, so with ``left`` up to 4q it is below
    5q + 2**64 * 5q < 2**320 before each division by 2**64, and five limbs hold it, four
    afterwards. At the end it is below left * right / 2**256 + q: loose if left * right is below
    2**256 q, as it is for two loose factors (4q^2) or one below q and any other.
    """
    zero_limb = ir.Constant(LIMB, 0)
    modulus_limbs = [ir.Constant(LIMB, modulus >> 64 * i & (1 << 64) - 1) for i in range(4)]
    negative_inverse = ir.Constant(LIMB, -pow(modulus, -1, 1 << 64) % (1 << 64))
    left_limbs = _limbs(builder, left)
    total = [zero_limb] * 4
    for limb in _limbs(builder, right):
        total = _add_multiple(builder, [*total, zero_limb], left_limbs, limb)
        multiple = builder.mul(total[0], negative_inverse)
        total = _add_multiple(builder, total, modulus_limbs, multiple)[1:]
    return _from_limbs(builder, total)


def _build_product(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    return _reduce_once(builder, _build_loose_product(builder, left, right, modulus), modulus)


def _reduction(modulus: int) -> Any:
    """An intrinsic that makes a loose element an ordinary one."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return _reduce_once(builder, values[0], modulus)

    @intrinsic
    def reduce(_typing: Any, value: Any) -> tuple[Any, Generator]:
        return element(element), generate

    return reduce


add_mod_r = _binary(_build_sum, MODULUS_R, "left + right mod r")
add_mod_p = _binary(_build_sum, MODULUS_P, "left + right mod p")
subtract_mod_r = _binary(_build_difference, MODULUS_R, "left - right mod r")
subtract_mod_p = _binary(_build_difference, MODULUS_P, "left - right mod p")
multiply_mod_r = _called(
    _build_product,
    MODULUS_R,
    "zkroute_multiply_mod_r",
    "left * right / 2**256 mod r, if that product is below 2**256 r",
)
multiply_mod_p = _called(
    _build_product,
    MODULUS_P,
    "zkroute_multiply_mod_p",
    "left * right / 2**256 mod p, if that product is below 2**256 p",
)

add_loose_r = _binary(_build_sum, 2 * MODULUS_R, "The loose sum of loose elements mod r")
subtract_loose_r = _binary(_build_difference, 2 * MODULUS_R, "The loose difference of loose ones")
subtract_unreduced_r = _binary(
    _build_unreduced_difference, MODULUS_R, "left - right + 2r, below 4r for loose elements"
)
multiply_loose_r = _called(
    _build_loose_product,
    MODULUS_R,
    "zkroute_multiply_loose_r",
    "``multiply_mod_r`` with a loose result",
)
reduce_r = _reduction(MODULUS_R)

one_mod_r = constant(RADIX % MODULUS_R)
one_mod_p = constant(RADIX % MODULUS_P)
