"""The pairing check of BN254, by py_ecc."""

from __future__ import annotations

from collections.abc import Sequence

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_pairing import final_exponentiate, pairing

from zkroute.algebra.curve import PointG1
from zkroute.algebra.twist import PointG2


def pairing_product_is_one(pairs: Sequence[tuple[PointG1, PointG2]]) -> bool:
    """Whether the product of e(P, Q) over all pairs is one; an empty product is.

    One Miller loop a pair, one final exponentiation together (EIP-197 without its encodings).
    A pair with an infinity contributes one.

    Soundness: the caller has checked that every Q is in the subgroup of order r.
    Raises ValueError for a point off its curve.
    """
    product = FQ12.one()
    for point_g1, point_g2 in pairs:
        if point_g1 is None or point_g2 is None:
            continue
        (x, y), (twist_x, twist_y) = point_g1, point_g2
        product = product * pairing(
            (FQ2(twist_x), FQ2(twist_y), FQ2.one()),
            (FQ(x), FQ(y), FQ.one()),
            final_exponentiate=False,
        )
    return bool(final_exponentiate(product) == FQ12.one())
