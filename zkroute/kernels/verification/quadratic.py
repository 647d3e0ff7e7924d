"""Fq2 = Fq[u] / (u^2 + 1) in kernels: pairs (a, b) of Montgomery elements for a + b u."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from zkroute.kernels._jit import intrinsic, jit
from zkroute.kernels.portable.element import ELEMENT, Generator, element, load, store, zero
from zkroute.kernels.portable.field import (
    MODULUS_P,
    RADIX,
    add_mod_p,
    multiply_mod_p,
    one_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.portable.inversion import invert_mod_p
from zkroute.kernels.verification.base_field import sum_below_twice

_PAIR = types.UniTuple(element, 2)  # type: ignore[no-untyped-call, unused-ignore]


def non_residue_power(exponent: int) -> Any:
    """A function of kernels without arguments that returns (9 + u)^exponent."""
    power = (1, 0)
    for bit in bin(exponent)[2:]:
        a, b = power
        power = (a * a - b * b, 2 * a * b)
        if bit == "1":
            a, b = power
            power = (9 * a - b, a + 9 * b)
        power = (power[0] % MODULUS_P, power[1] % MODULUS_P)
    parts = [ir.Constant(ELEMENT, part * RADIX % MODULUS_P) for part in power]

    @intrinsic
    def get(_typing: Any) -> tuple[Any, Generator]:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> ir.Value:
            return context.make_tuple(builder, signature.return_type, parts)

        return _PAIR(), generate

    return get


@jit
def one_fq2() -> Any:
    """One."""
    return one_mod_p(), zero()


@jit
def zero_fq2() -> Any:
    """Zero."""
    return zero(), zero()


@jit
def load_fq2(array: Any, index: int) -> Any:
    """Element ``index`` of a C-contiguous array, limbs counted in eights."""
    return load(array, 2 * index), load(array, 2 * index + 1)


@jit
def store_fq2(array: Any, index: int, a: Any) -> None:
    """Writes an element where ``load_fq2`` with the same index would read it."""
    store(array, 2 * index, a[0])
    store(array, 2 * index + 1, a[1])


@jit
def add_fq2(a: Any, b: Any) -> Any:
    """The sum."""
    return add_mod_p(a[0], b[0]), add_mod_p(a[1], b[1])


@jit
def subtract_fq2(a: Any, b: Any) -> Any:
    """The difference."""
    return subtract_mod_p(a[0], b[0]), subtract_mod_p(a[1], b[1])


@jit
def negate_fq2(a: Any) -> Any:
    """The negative."""
    return subtract_mod_p(zero(), a[0]), subtract_mod_p(zero(), a[1])


@jit
def conjugate_fq2(a: Any) -> Any:
    """a^p."""
    return a[0], subtract_mod_p(zero(), a[1])


@jit
def multiply_fq2(a: Any, b: Any) -> Any:
    """Karatsuba's three products."""
    real = multiply_mod_p(a[0], b[0])
    imaginary = multiply_mod_p(a[1], b[1])
    both = multiply_mod_p(sum_below_twice(a[0], a[1]), sum_below_twice(b[0], b[1]))
    return (
        subtract_mod_p(real, imaginary),
        subtract_mod_p(subtract_mod_p(both, real), imaginary),
    )


@jit
def square_fq2(a: Any) -> Any:
    """The square, (a + b)(a - b) + 2ab u."""
    product = multiply_mod_p(a[0], a[1])
    return (
        multiply_mod_p(sum_below_twice(a[0], a[1]), subtract_mod_p(a[0], a[1])),
        add_mod_p(product, product),
    )


@jit
def scale_fq2(a: Any, factor: Any) -> Any:
    """The product with an element of Fq."""
    return multiply_mod_p(a[0], factor), multiply_mod_p(a[1], factor)


@jit
def times_non_residue(a: Any) -> Any:
    """(9 + u) a."""
    twice = add_fq2(a, a)
    twice = add_fq2(twice, twice)
    nine = add_fq2(add_fq2(twice, twice), a)
    return subtract_mod_p(nine[0], a[1]), add_mod_p(nine[1], a[0])


@jit
def invert_fq2(a: Any) -> Any:
    """The inverse; zero for zero."""
    norm = add_mod_p(multiply_mod_p(a[0], a[0]), multiply_mod_p(a[1], a[1]))
    return scale_fq2(conjugate_fq2(a), invert_mod_p(norm))
