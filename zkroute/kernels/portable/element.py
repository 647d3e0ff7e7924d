"""256-bit integers held in registers, as a type that kernels use like any other.

``Element`` is a numba type over LLVM's ``i256``: kernels read like ordinary Python, while the
code generator turns additions into carry chains and keeps the four limbs in registers. In arrays
an element is four little-endian 64-bit limbs, the layout of ``i256`` on little-endian processors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from zkroute.kernels._jit import intrinsic

LIMB = ir.IntType(64)
ELEMENT = ir.IntType(256)

Generator = Callable[[Any, ir.IRBuilder, Any, list[ir.Value]], ir.Value]
"""How numba asks an intrinsic for its code: (context, builder, signature, arguments)."""


# numba gained type information over its versions, so an exception may be unused in some of them


class ElementType(types.Type):  # type: ignore[misc, unused-ignore]
    """A 256-bit integer; signed or unsigned is a matter of the operation."""

    def __init__(self) -> None:
        super().__init__(name="zkroute.Element")  # type: ignore[no-untyped-call, unused-ignore]


element = ElementType()


@register_model(ElementType)  # type: ignore[untyped-decorator, unused-ignore]
class _ElementModel(models.PrimitiveModel):  # type: ignore[misc, unused-ignore]
    def __init__(self, manager: Any, front_end_type: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call, unused-ignore]
            manager, front_end_type, ELEMENT
        )


def _element_at(context: Any, builder: ir.IRBuilder, array_type: Any, values: Any) -> ir.Value:
    """Pointer to element number ``values[1]`` of an array of limbs, whatever its shape."""
    array = context.make_array(array_type)(context, builder, values[0])
    first = builder.bitcast(array.data, ELEMENT.as_pointer())
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
        return builder.load(builder.inttoptr(values[0], ELEMENT.as_pointer()), align=8)

    return element(types.int64), generate


@intrinsic
def store_to(_typing: Any, address: Any, value: Any) -> tuple[Any, Generator]:
    """Writes an element to a machine address."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        builder.store(values[1], builder.inttoptr(values[0], ELEMENT.as_pointer()), align=8)
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
        return ir.Constant(ELEMENT, value)

    @intrinsic
    def get(_typing: Any) -> tuple[Any, Generator]:
        return element(), generate

    return get


zero = constant(0)


@intrinsic
def is_zero(_typing: Any, value: Any) -> tuple[Any, Generator]:
    """Whether an element is zero."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.icmp_unsigned("==", values[0], ir.Constant(ELEMENT, 0))

    return types.boolean(element), generate


@intrinsic
def equal(_typing: Any, left: Any, right: Any) -> tuple[Any, Generator]:
    """Whether two elements are equal."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
        return builder.icmp_unsigned("==", values[0], values[1])

    return types.boolean(element, element), generate
