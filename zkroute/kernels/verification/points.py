"""The kernel that finds the points of G1 that compressed coordinates stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import constant, equal, load, store
from zkroute.kernels.portable.field import (
    MODULUS_P,
    RADIX,
    add_mod_p,
    multiply_mod_p,
    subtract_mod_p,
)
from zkroute.kernels.verification.base_field import (
    candidate_root,
    from_montgomery,
    is_below,
    to_montgomery,
)

_modulus = constant(MODULUS_P)
_half = constant((MODULUS_P - 1) // 2)
_curve_constant = constant(3 * RADIX % MODULUS_P)


_SMALLER_ROOT, _LARGER_ROOT = 0b10, 0b11


@jit
def decompress(output: Any, coordinates: Any, flags: Any) -> int:
    """The number of leading encodings that are finite points, all if none is refused.

    Writes canonical x and y of those points to ``output``, shape (n, 8). ``coordinates``, shape
    (n, 4), are integers below 2**254; ``flags``, shape (n,), the two bits above them.
    """
    table = np.empty((16, 4), np.uint64)
    for index in range(len(coordinates)):
        flag = flags[index]
        x = load(coordinates, index)
        smaller, larger = flag == _SMALLER_ROOT, flag == _LARGER_ROOT
        if not (smaller or larger) or not is_below(x, _modulus()):
            return index
        X = to_montgomery(x)
        square = add_mod_p(multiply_mod_p(multiply_mod_p(X, X), X), _curve_constant())
        Y = candidate_root(table, square)
        if not equal(multiply_mod_p(Y, Y), square):
            return index
        y = from_montgomery(Y)
        # y is not zero: a curve of odd order has no such point
        if is_below(_half(), y) != larger:
            y = subtract_mod_p(_modulus(), y)
        store(output, 2 * index, x)
        store(output, 2 * index + 1, y)
    return len(coordinates)
