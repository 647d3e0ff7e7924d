"""The pairing check of BN254: Miller loops by py_ecc, one shortened final exponentiation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_pairing import pairing

from zkroute.algebra.curve import FIELD_MODULUS, PointG1, is_on_curve_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.twist import TWIST_NON_RESIDUE, PointG2, is_on_twist, power_fq2

_HARD_EXPONENT = (FIELD_MODULUS**4 - FIELD_MODULUS**2 + 1) // MODULUS


def pairing_product_is_one(pairs: Sequence[tuple[PointG1, PointG2]]) -> bool:
    """Whether the product of e(P, Q) over all pairs is one; an empty product is.

    Soundness and errors are those of ``pairing_product``.
    """
    return pairing_product(pairs) == (1,) + (0,) * 11


def pairing_product(pairs: Sequence[tuple[PointG1, PointG2]]) -> tuple[int, ...]:
    """The product of e(P, Q) over all pairs; a pair with an infinity contributes one.

    One Miller loop a pair, one final exponentiation together (EIP-197 without its encodings).
    Twelve integers below p: real and imaginary coefficient of 1, w, ... w^5, for w^6 = 9 + u.

    Soundness: the caller has checked that every Q is in the subgroup of order r.
    Raises ValueError for a point off its curve or a coordinate that is not canonical.
    """
    product = FQ12.one()
    for point_g1, point_g2 in pairs:
        if point_g1 is None or point_g2 is None:
            continue
        if not (is_on_curve_g1(point_g1) and is_on_twist(point_g2)):
            raise ValueError("a point of the pairing is not on its curve")
        (x, y), (twist_x, twist_y) = point_g1, point_g2
        product = product * pairing(
            (FQ2(twist_x), FQ2(twist_y), FQ2.one()),
            (FQ(x), FQ(y), FQ.one()),
            final_exponentiate=False,
        )
    # py_ecc writes elements in powers of w alone, w^6 being 9 + u
    powers = [int(c) for c in final_power(product).coeffs]
    return tuple(
        part
        for index in range(6)
        for part in ((powers[index] + 9 * powers[index + 6]) % FIELD_MODULUS, powers[index + 6])
    )


def final_power(value: FQ12) -> FQ12:
    """value^((p^12 - 1)/r), for a value other than zero.

    The exponent is (p^6 - 1)(p^2 + 1) times (p^4 - p^2 + 1)/r. Powers of p are Frobenius maps;
    the last factor is written in base p and its three digits are worked off side by side.
    """
    inner = _conjugate(value) / value
    inner = _frobenius(_frobenius(inner)) * inner
    once = _frobenius(inner)
    twice = _frobenius(once)
    # products[b] multiplies the bases whose bit is set in b, for one bit of every digit
    products = [FQ12.one(), inner, once, inner * once]
    products += [twice, inner * twice, once * twice, products[3] * twice]
    low, middle, high = _digits()
    result = FQ12.one()
    for bit in range(FIELD_MODULUS.bit_length() - 1, -1, -1):
        result = result * result
        chosen = (low >> bit & 1) | (middle >> bit & 1) << 1 | (high >> bit & 1) << 2
        if chosen:
            result = result * products[chosen]
    return result


def _digits() -> tuple[int, int, int]:
    """(p^4 - p^2 + 1)/r in base p, least digit first."""
    upper, low = divmod(_HARD_EXPONENT, FIELD_MODULUS)
    high, middle = divmod(upper, FIELD_MODULUS)
    return low, middle, high


def _conjugate(value: FQ12) -> FQ12:
    """value^(p^6), which takes w, the generator over the base field, to -w."""
    return FQ12([-c if index % 2 else c for index, c in enumerate(value.coeffs)])


def _frobenius(value: FQ12) -> FQ12:
    """value^p: coefficients stay, w^i becomes w^(p i)."""
    sums = [0] * 12
    for coefficient, image in zip(value.coeffs, _frobenius_images(), strict=True):
        for index, term in image:
            sums[index] += int(coefficient) * term
    return FQ12(sums)


@cache
def _frobenius_images() -> list[list[tuple[int, int]]]:
    """For each i below 12 the non-zero coefficients (index, value) of w^(p i).

    w^6 = 9 + u, so w^p = (9 + u)^((p - 1)/6) w, where u is written as w^6 - 9.
    """
    real, imaginary = power_fq2(TWIST_NON_RESIDUE, (FIELD_MODULUS - 1) // 6)
    image = FQ12([0, real - 9 * imaginary, 0, 0, 0, 0, 0, imaginary, 0, 0, 0, 0])
    power = FQ12.one()
    images = []
    for _ in range(12):
        images.append([(index, int(c)) for index, c in enumerate(power.coeffs) if c])
        power = power * image
    return images
