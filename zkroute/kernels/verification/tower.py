"""Fq6 = Fq2[v] / (v^3 - (9 + u)) and Fq12 = Fq6[w] / (w^2 - v) in kernels.

Elements are triples of pairs and pairs of triples. Aranha, Karabina, Longa, Gebotys, Lopez,
"Faster explicit formulas for computing pairings over ordinary curves", 2010 (eprint 2010/526).
"""

from __future__ import annotations

from typing import Any

from zkroute.kernels._jit import jit
from zkroute.kernels.verification.quadratic import (
    add_fq2,
    invert_fq2,
    multiply_fq2,
    negate_fq2,
    one_fq2,
    square_fq2,
    subtract_fq2,
    times_non_residue,
    zero_fq2,
)


@jit
def add_fq6(a: Any, b: Any) -> Any:
    """The sum."""
    return add_fq2(a[0], b[0]), add_fq2(a[1], b[1]), add_fq2(a[2], b[2])


@jit
def subtract_fq6(a: Any, b: Any) -> Any:
    """The difference."""
    return subtract_fq2(a[0], b[0]), subtract_fq2(a[1], b[1]), subtract_fq2(a[2], b[2])


@jit
def negate_fq6(a: Any) -> Any:
    """The negative."""
    return negate_fq2(a[0]), negate_fq2(a[1]), negate_fq2(a[2])


@jit
def times_v(a: Any) -> Any:
    """The product with v."""
    return times_non_residue(a[2]), a[0], a[1]


@jit
def multiply_fq6(a: Any, b: Any) -> Any:
    """Karatsuba's six products."""
    low = multiply_fq2(a[0], b[0])
    middle = multiply_fq2(a[1], b[1])
    high = multiply_fq2(a[2], b[2])
    upper = multiply_fq2(add_fq2(a[1], a[2]), add_fq2(b[1], b[2]))
    upper = subtract_fq2(subtract_fq2(upper, middle), high)
    lower = multiply_fq2(add_fq2(a[0], a[1]), add_fq2(b[0], b[1]))
    lower = subtract_fq2(subtract_fq2(lower, low), middle)
    outer = multiply_fq2(add_fq2(a[0], a[2]), add_fq2(b[0], b[2]))
    outer = subtract_fq2(subtract_fq2(outer, low), high)
    return (
        add_fq2(low, times_non_residue(upper)),
        add_fq2(lower, times_non_residue(high)),
        add_fq2(outer, middle),
    )


@jit
def multiply_by_two_terms(a: Any, b0: Any, b1: Any) -> Any:
    """a (b0 + b1 v) in Fq6."""
    low = multiply_fq2(a[0], b0)
    middle = multiply_fq2(a[1], b1)
    upper = subtract_fq2(multiply_fq2(add_fq2(a[1], a[2]), b1), middle)
    lower = multiply_fq2(add_fq2(a[0], a[1]), add_fq2(b0, b1))
    lower = subtract_fq2(subtract_fq2(lower, low), middle)
    outer = subtract_fq2(multiply_fq2(add_fq2(a[0], a[2]), b0), low)
    return add_fq2(low, times_non_residue(upper)), lower, add_fq2(outer, middle)


@jit
def invert_fq6(a: Any) -> Any:
    """The inverse; zero for zero."""
    t0 = subtract_fq2(square_fq2(a[0]), times_non_residue(multiply_fq2(a[1], a[2])))
    t1 = subtract_fq2(times_non_residue(square_fq2(a[2])), multiply_fq2(a[0], a[1]))
    t2 = subtract_fq2(square_fq2(a[1]), multiply_fq2(a[0], a[2]))
    norm = add_fq2(multiply_fq2(a[2], t1), multiply_fq2(a[1], t2))
    norm = add_fq2(multiply_fq2(a[0], t0), times_non_residue(norm))
    inverse = invert_fq2(norm)
    return multiply_fq2(t0, inverse), multiply_fq2(t1, inverse), multiply_fq2(t2, inverse)


@jit
def one_fq12() -> Any:
    """One."""
    none = zero_fq2()
    return (one_fq2(), none, none), (none, none, none)


@jit
def multiply_fq12(a: Any, b: Any) -> Any:
    """Karatsuba's three products."""
    low = multiply_fq6(a[0], b[0])
    high = multiply_fq6(a[1], b[1])
    both = multiply_fq6(add_fq6(a[0], a[1]), add_fq6(b[0], b[1]))
    return add_fq6(low, times_v(high)), subtract_fq6(subtract_fq6(both, low), high)


@jit
def square_fq12(a: Any) -> Any:
    """Two products in Fq6."""
    cross = multiply_fq6(a[0], a[1])
    both = multiply_fq6(add_fq6(a[0], a[1]), add_fq6(a[0], times_v(a[1])))
    both = subtract_fq6(subtract_fq6(both, cross), times_v(cross))
    return both, add_fq6(cross, cross)


@jit
def multiply_by_line(a: Any, b: Any, c: Any) -> Any:
    """a (1 + (b + c v) w)."""
    low = multiply_by_two_terms(a[0], b, c)
    high = multiply_by_two_terms(a[1], b, c)
    return add_fq6(a[0], times_v(high)), add_fq6(a[1], low)


@jit
def conjugate_fq12(a: Any) -> Any:
    """a^(p^6); the inverse of an element of the cyclotomic subgroup."""
    return a[0], negate_fq6(a[1])


@jit
def invert_fq12(a: Any) -> Any:
    """The inverse; zero for zero."""
    norm = subtract_fq6(multiply_fq6(a[0], a[0]), times_v(multiply_fq6(a[1], a[1])))
    inverse = invert_fq6(norm)
    return multiply_fq6(a[0], inverse), negate_fq6(multiply_fq6(a[1], inverse))
