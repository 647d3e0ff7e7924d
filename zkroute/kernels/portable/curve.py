"""Points of G1 in kernels: y^2 = x^3 + 3 over the field of p elements, Montgomery form.

Affine points are rows of C-contiguous uint64 arrays of shape (n, 8), x limbs then y limbs, so
that ``load(points, 2 * i)`` is the x of point i. Infinity is all zero, and y = 0 is enough to
recognise it: the group has odd order, so no finite point has y = 0.

Jacobian points are triples (X, Y, Z) of elements for the affine point (X / Z^2, Y / Z^3), Z = 0
for infinity. Formulas: Bernstein, Lange, Explicit-Formulas Database, short Weierstrass a = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import (
    equal,
    is_zero,
    load,
    store,
    zero,
)
from zkroute.kernels.portable.field import (
    add_mod_p,
    multiply_mod_p,
    one_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.portable.inversion import invert_mod_p


@jit
def double_jacobian(X1: Any, Y1: Any, Z1: Any) -> Any:
    """Twice a Jacobian point ("dbl-2009-l"); infinity gives infinity."""
    A = multiply_mod_p(X1, X1)
    B = multiply_mod_p(Y1, Y1)
    C = multiply_mod_p(B, B)
    D = add_mod_p(X1, B)
    D = subtract_mod_p(subtract_mod_p(multiply_mod_p(D, D), A), C)
    D = add_mod_p(D, D)
    E = add_mod_p(add_mod_p(A, A), A)
    X3 = subtract_mod_p(multiply_mod_p(E, E), add_mod_p(D, D))
    C = add_mod_p(C, C)
    C = add_mod_p(C, C)
    C = add_mod_p(C, C)
    Y3 = subtract_mod_p(multiply_mod_p(E, subtract_mod_p(D, X3)), C)
    Z3 = multiply_mod_p(Y1, Z1)
    return X3, Y3, add_mod_p(Z3, Z3)


@jit
def add_jacobian(X1: Any, Y1: Any, Z1: Any, X2: Any, Y2: Any, Z2: Any) -> Any:
    """Sum of any two Jacobian points ("add-1998-cmo-2"), equal, opposite or infinite ones too."""
    if is_zero(Z1):
        return X2, Y2, Z2
    if is_zero(Z2):
        return X1, Y1, Z1
    Z1Z1 = multiply_mod_p(Z1, Z1)
    Z2Z2 = multiply_mod_p(Z2, Z2)
    U1 = multiply_mod_p(X1, Z2Z2)
    S1 = multiply_mod_p(multiply_mod_p(Y1, Z2), Z2Z2)
    H = subtract_mod_p(multiply_mod_p(X2, Z1Z1), U1)
    r = subtract_mod_p(multiply_mod_p(multiply_mod_p(Y2, Z1), Z1Z1), S1)
    if is_zero(H):
        if is_zero(r):
            return double_jacobian(X1, Y1, Z1)
        return zero(), zero(), zero()
    HH = multiply_mod_p(H, H)
    HHH = multiply_mod_p(H, HH)
    V = multiply_mod_p(U1, HH)
    X3 = subtract_mod_p(subtract_mod_p(multiply_mod_p(r, r), HHH), add_mod_p(V, V))
    Y3 = subtract_mod_p(multiply_mod_p(r, subtract_mod_p(V, X3)), multiply_mod_p(S1, HHH))
    return X3, Y3, multiply_mod_p(multiply_mod_p(Z1, Z2), H)


@jit
def add_mixed(X1: Any, Y1: Any, Z1: Any, x2: Any, y2: Any) -> Any:
    """Sum of a Jacobian and an affine point, equal, opposite or infinite ones too."""
    if is_zero(y2):
        return X1, Y1, Z1
    if is_zero(Z1):
        return x2, y2, one_mod_p()
    Z1Z1 = multiply_mod_p(Z1, Z1)
    H = subtract_mod_p(multiply_mod_p(x2, Z1Z1), X1)
    r = subtract_mod_p(multiply_mod_p(multiply_mod_p(y2, Z1), Z1Z1), Y1)
    if is_zero(H):
        if is_zero(r):
            return double_jacobian(X1, Y1, Z1)
        return zero(), zero(), zero()
    HH = multiply_mod_p(H, H)
    HHH = multiply_mod_p(H, HH)
    V = multiply_mod_p(X1, HH)
    X3 = subtract_mod_p(subtract_mod_p(multiply_mod_p(r, r), HHH), add_mod_p(V, V))
    Y3 = subtract_mod_p(multiply_mod_p(r, subtract_mod_p(V, X3)), multiply_mod_p(Y1, HHH))
    return X3, Y3, multiply_mod_p(Z1, H)


@jit
def slope_denominator(x1: Any, y1: Any, x2: Any, y2: Any) -> Any:
    """What the slope of the line through two affine points is divided by; one where unused."""
    if is_zero(y1) or is_zero(y2):
        return one_mod_p()
    if equal(x1, x2):
        return add_mod_p(y1, y1) if equal(y1, y2) else one_mod_p()
    return subtract_mod_p(x2, x1)


@jit
def add_affine(x1: Any, y1: Any, x2: Any, y2: Any, inverse: Any) -> Any:
    """Sum of two affine points, given the inverse of their ``slope_denominator``."""
    if is_zero(y1):
        return x2, y2
    if is_zero(y2):
        return x1, y1
    if equal(x1, x2):
        if not equal(y1, y2):
            return zero(), zero()
        square = multiply_mod_p(x1, x1)
        numerator = add_mod_p(add_mod_p(square, square), square)
    else:
        numerator = subtract_mod_p(y2, y1)
    slope = multiply_mod_p(numerator, inverse)
    x3 = subtract_mod_p(subtract_mod_p(multiply_mod_p(slope, slope), x1), x2)
    y3 = subtract_mod_p(multiply_mod_p(slope, subtract_mod_p(x1, x3)), y1)
    return x3, y3


@jit
def scale_coordinates(output: Any, coordinates: Any, factor: Any, start: int, stop: int) -> None:
    """output[i] = factor * coordinates[i] / 2**256 mod p, for conversions to and from Montgomery.

    ``coordinates`` may hold any 256-bit integers.
    """
    scalar = load(factor, 0)
    for row in range(start, stop):
        store(output, row, multiply_mod_p(scalar, load(coordinates, row)))


@jit
def to_affine(output: Any, jacobian: Any, start: int, stop: int) -> None:
    """Affine points of Jacobian ones, shape (n, 12), with one inversion for the whole range."""
    prefixes = np.empty((stop - start, 4), np.uint64)
    product = one_mod_p()
    for row in range(start, stop):
        store(prefixes, row - start, product)
        Z = load(jacobian, 3 * row + 2)
        if not is_zero(Z):
            product = multiply_mod_p(product, Z)
    remaining = invert_mod_p(product)
    for row in range(stop - 1, start - 1, -1):
        Z = load(jacobian, 3 * row + 2)
        if is_zero(Z):
            store(output, 2 * row, zero())
            store(output, 2 * row + 1, zero())
            continue
        inverse = multiply_mod_p(remaining, load(prefixes, row - start))
        remaining = multiply_mod_p(remaining, Z)
        square = multiply_mod_p(inverse, inverse)
        store(output, 2 * row, multiply_mod_p(load(jacobian, 3 * row), square))
        cube = multiply_mod_p(square, inverse)
        store(output, 2 * row + 1, multiply_mod_p(load(jacobian, 3 * row + 1), cube))
