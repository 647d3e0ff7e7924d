"""Arithmetic of the two BN254 prime fields on 256-bit integers held in registers.

``Element`` is a numba type over LLVM's ``i256``: kernels read like ordinary Python, while the
code generator turns additions into carry chains and keeps the four limbs in registers. Elements
are in Montgomery form, value * 2**256 mod q, and always fully reduced. In arrays an element is
four little-endian 64-bit limbs, the layout of ``i256`` on little-endian processors.

"r" is the order of the group (the scalar field), "p" the characteristic of the curve's field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from zkroute.kernels._jit import intrinsic

MODULUS_R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MODULUS_P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
RADIX = 1 << 256

_LIMB = ir.IntType(64)
_PRODUCT = ir.IntType(128)
_ELEMENT = ir.IntType(256)

Generator = Callable[[Any, ir.IRBuilder, Any, list[ir.Value]], ir.Value]
"""How numba asks an intrinsic for its code: (context, builder, signature, arguments)."""


# numba gained type information over its versions, so an exception may be unused in some of them


class ElementType(types.Type):  # type: ignore[misc, unused-ignore]
    """A 256-bit unsigned integer; as a field element, reduced and in Montgomery form."""

    def __init__(self) -> None:
        super().__init__(name="zkroute.Element")  # type: ignore[no-untyped-call, unused-ignore]


element = ElementType()


@register_model(ElementType)  # type: ignore[untyped-decorator, unused-ignore]
class _ElementModel(models.PrimitiveModel):  # type: ignore[misc, unused-ignore]
    def __init__(self, manager: Any, front_end_type: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call, unused-ignore]
            manager, front_end_type, _ELEMENT
        )


def _element_at(context: Any, builder: ir.IRBuilder, array_type: Any, values: Any) -> ir.Value:
    """Pointer to element number ``values[1]`` of an array of limbs, whatever its shape."""
    array = context.make_array(array_type)(context, builder, values[0])
    first = builder.bitcast(array.data, _ELEMENT.as_pointer())
    return builder.gep(first, [values[1]])


@intrinsic
def load(_typing: Any, array: Any, index: Any) -> tuple[Any, Generator]:
    """Element number ``index`` of a C-contiguous uint64 array, limbs counted in fours."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.load(_element_at(context, builder, signature.args[0], values), align=8)

    return element(array, types.int64), generate


@intrinsic
def store(_typing: Any, array: Any, index: Any, value: Any) -> tuple[Any, Generator]:
    """Writes an element where ``load`` with the same index would read it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        builder.store(values[2], _element_at(context, builder, signature.args[0], values), align=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, element), generate


@intrinsic
def load_from(_typing: Any, address: Any) -> tuple[Any, Generator]:
    """The element at a machine address."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.load(builder.inttoptr(values[0], _ELEMENT.as_pointer()), align=8)

    return element(types.int64), generate


@intrinsic
def store_to(_typing: Any, address: Any, value: Any) -> tuple[Any, Generator]:
    """Writes an element to a machine address."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        builder.store(values[1], builder.inttoptr(values[0], _ELEMENT.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(types.int64, element), generate


@intrinsic
def prefetch(_typing: Any, array: Any, index: Any) -> tuple[Any, Generator]:
    """Asks for the cache line of element ``index``, as for ``load``, without waiting for it."""
    byte = ir.IntType(8).as_pointer()
    number = ir.IntType(32)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        address = _element_at(context, builder, signature.args[0], values)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # for reading, to be kept in all levels, data
        options = [ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)]
        builder.call(function, [builder.bitcast(address, byte), *options])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def constant(value: int) -> Any:
    """An intrinsic without arguments that returns one 256-bit integer."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return ir.Constant(_ELEMENT, value)

    @intrinsic
    def get(_typing: Any) -> tuple[Any, Generator]:
        return element(), generate

    return get


zero = constant(0)


@intrinsic
def is_zero(_typing: Any, value: Any) -> tuple[Any, Generator]:
    """Whether an element is zero."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.icmp_unsigned("==", values[0], ir.Constant(_ELEMENT, 0))

    return types.boolean(element), generate


@intrinsic
def equal(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """Whether two elements are equal."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.icmp_unsigned("==", values[0], values[1])

    return types.boolean(element, element), generate


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
    function_type = ir.FunctionType(_ELEMENT, [_ELEMENT, _ELEMENT])

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
    difference, negative = _with_overflow(builder, "usub", value, ir.Constant(_ELEMENT, modulus))
    return builder.select(negative, value, difference)


def _build_sum(builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int) -> ir.Value:
    # both are below 2**254, so nothing is lost at 2**256
    return _reduce_once(builder, builder.add(left, right), modulus)


def _build_difference(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    difference, negative = _with_overflow(builder, "usub", left, right)
    correction = builder.select(negative, ir.Constant(_ELEMENT, modulus), ir.Constant(_ELEMENT, 0))
    return builder.add(difference, correction)


def _add_limbs(
    builder: ir.IRBuilder, left: list[ir.Value], right: list[ir.Value]
) -> list[ir.Value]:
    """Sum of two equally long numbers as one carry chain; a carry out of the top is lost."""
    total = []
    carry = None
    for one, other in zip(left, right, strict=True):
        limb, overflow = _with_overflow(builder, "uadd", one, other)
        if carry is not None:
            limb, second = _with_overflow(builder, "uadd", limb, builder.zext(carry, _LIMB))
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
    low = [builder.trunc(product, _LIMB) for product in products]
    high = [
        builder.trunc(builder.lshr(product, ir.Constant(_PRODUCT, 64)), _LIMB)
        for product in products
    ]
    total = _add_limbs(builder, total, [*low, ir.Constant(_LIMB, 0)])
    return [total[0], *_add_limbs(builder, total[1:], high)]


def _limbs(builder: ir.IRBuilder, value: ir.Value) -> list[ir.Value]:
    shifts = [ir.Constant(_ELEMENT, 64 * position) for position in range(4)]
    return [builder.trunc(builder.lshr(value, shift), _LIMB) for shift in shifts]


def _from_limbs(builder: ir.IRBuilder, limbs: list[ir.Value]) -> ir.Value:
    value: ir.Value = ir.Constant(_ELEMENT, 0)
    for position, limb in enumerate(limbs):
        shift = ir.Constant(_ELEMENT, 64 * position)
        value = builder.or_(value, builder.shl(builder.zext(limb, _ELEMENT), shift))
    return value


def _build_product(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, modulus: int
) -> ir.Value:
    """left * right / 2**256 mod q by coarsely integrated operand scanning.

    Koc, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996.
    With ``left`` below q and ``right`` any 256-bit integer, the total is below 2q between rounds,
    so below 2q + 2**65 q < 2**320 before each division by 2**64, and five limbs hold it. The
    bound needs q < 2**254 and makes one final subtraction enough.
    """
    zero_limb = ir.Constant(_LIMB, 0)
    modulus_limbs = [ir.Constant(_LIMB, modulus >> 64 * i & (1 << 64) - 1) for i in range(4)]
    negative_inverse = ir.Constant(_LIMB, -pow(modulus, -1, 1 << 64) % (1 << 64))
    left_limbs = _limbs(builder, left)
    total = [zero_limb] * 4
    for limb in _limbs(builder, right):
        total = _add_multiple(builder, [*total, zero_limb], left_limbs, limb)
        multiple = builder.mul(total[0], negative_inverse)
        total = _add_multiple(builder, total, modulus_limbs, multiple)[1:]
    return _reduce_once(builder, _from_limbs(builder, total), modulus)


add_mod_r = _binary(_build_sum, MODULUS_R, "left + right mod r")
add_mod_p = _binary(_build_sum, MODULUS_P, "left + right mod p")
subtract_mod_r = _binary(_build_difference, MODULUS_R, "left - right mod r")
subtract_mod_p = _binary(_build_difference, MODULUS_P, "left - right mod p")
multiply_mod_r = _called(
    _build_product, MODULUS_R, "zkroute_multiply_mod_r", "left * right / 2**256 mod r; left < r"
)
multiply_mod_p = _called(
    _build_product, MODULUS_P, "zkroute_multiply_mod_p", "left * right / 2**256 mod p; left < p"
)
one_mod_r = constant(RADIX % MODULUS_R)
one_mod_p = constant(RADIX % MODULUS_P)
