"""The kernel of the pairing: coordinates in, an element of Fq12 out."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import load, store
from zkroute.kernels.verification.base_field import from_montgomery, to_montgomery
from zkroute.kernels.verification.final_power import final_power
from zkroute.kernels.verification.miller import miller_loop
from zkroute.kernels.verification.quadratic import store_fq2


@jit
def pairing_product(output: Any, points: Any, twist_points: Any) -> None:
    """The product of e(P, Q) over all pairs.

    ``output``, shape (6, 8): the canonical coefficients in Fq2 of 1, w, ... w^5.
    ``points``, shape (n, 8), and ``twist_points``, shape (n, 16): canonical affine coordinates of
    finite points of G1 and G2, x before y and real before imaginary parts.
    """
    P = np.empty_like(points)
    for index in range(2 * len(points)):
        store(P, index, to_montgomery(load(points, index)))
    Q = np.empty_like(twist_points)
    for index in range(4 * len(twist_points)):
        store(Q, index, to_montgomery(load(twist_points, index)))
    even, odd = final_power(miller_loop(P, Q))
    for index, coefficient in enumerate((even[0], odd[0], even[1], odd[1], even[2], odd[2])):
        store_fq2(output, index, coefficient)
    for index in range(12):
        store(output, index, from_montgomery(load(output, index)))
