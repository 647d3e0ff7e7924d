"""The group G2: order r on the twist y^2 = x^3 + 3/(9 + u) over Fq2 = Fq[u]/(u^2 + 1).

A point is affine, ``((x0, x1), (y0, y1))`` with x = x0 + x1 u, or None for infinity. The twist has
many points outside the group: ``is_in_group_g2`` tells. Nothing here runs in constant time.
"""

from __future__ import annotations

from zkroute.algebra.curve import FIELD_MODULUS
from zkroute.algebra.scalars import MODULUS

Fq2 = tuple[int, int]
PointG2 = tuple[Fq2, Fq2] | None

GENERATOR_G2: PointG2 = (
    (
        0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
        0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
    ),
    (
        0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
        0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
    ),
)

CURVE_PARAMETER = 4965661367192848881
"""x of the Barreto-Naehrig family: p = 36x^4 + 36x^3 + 24x^2 + 6x + 1."""

TRACE_MINUS_ONE = 6 * CURVE_PARAMETER**2
"""t - 1, for t = p + 1 - r the trace of Frobenius."""

_Jacobian = tuple[Fq2, Fq2, Fq2]
_ZERO: Fq2 = (0, 0)
_ONE: Fq2 = (1, 0)
_INFINITY: _Jacobian = (_ONE, _ONE, _ZERO)


def multiply_fq2(left: Fq2, right: Fq2) -> Fq2:
    """The product in Fq2."""
    a0, a1 = left
    b0, b1 = right
    return (a0 * b0 - a1 * b1) % FIELD_MODULUS, (a0 * b1 + a1 * b0) % FIELD_MODULUS


def invert_fq2(value: Fq2) -> Fq2:
    """The inverse in Fq2. Raises ZeroDivisionError for zero."""
    norm = (value[0] * value[0] + value[1] * value[1]) % FIELD_MODULUS
    if norm == 0:
        raise ZeroDivisionError("zero has no inverse in Fq2")
    inverse = pow(norm, -1, FIELD_MODULUS)
    return value[0] * inverse % FIELD_MODULUS, -value[1] * inverse % FIELD_MODULUS


def _subtract(left: Fq2, right: Fq2) -> Fq2:
    return (left[0] - right[0]) % FIELD_MODULUS, (left[1] - right[1]) % FIELD_MODULUS


def _times(factor: int, value: Fq2) -> Fq2:
    return factor * value[0] % FIELD_MODULUS, factor * value[1] % FIELD_MODULUS


def power_fq2(base: Fq2, exponent: int) -> Fq2:
    """base^exponent in Fq2, for an exponent >= 0."""
    result = _ONE
    for bit in bin(exponent)[2:]:
        result = multiply_fq2(result, result)
        if bit == "1":
            result = multiply_fq2(result, base)
    return result


TWIST_NON_RESIDUE: Fq2 = (9, 1)
"""9 + u, neither a square nor a cube: the twist divides the curve's constant by it."""

_TWIST_B = _times(3, invert_fq2(TWIST_NON_RESIDUE))
_FROBENIUS_X = power_fq2(TWIST_NON_RESIDUE, (FIELD_MODULUS - 1) // 3)
_FROBENIUS_Y = power_fq2(TWIST_NON_RESIDUE, (FIELD_MODULUS - 1) // 2)


def is_on_twist(point: tuple[Fq2, Fq2]) -> bool:
    """Whether canonical coordinates satisfy the twist's equation."""
    x, y = point
    if not all(0 <= coordinate < FIELD_MODULUS for coordinate in (*x, *y)):
        return False
    difference = _subtract(multiply_fq2(y, y), multiply_fq2(multiply_fq2(x, x), x))
    return difference == _TWIST_B


def is_in_group_g2(point: PointG2) -> bool:
    """Whether a point of the twist has order r or is infinity: psi(P) = [t - 1]P.

    psi, the p-power Frobenius carried over to the twist, satisfies psi^2 - [t]psi + [p] = 0 on
    every point of the twist. psi(P) = [t - 1]P therefore gives
    0 = [(t - 1)^2 - t(t - 1) + p]P = [p + 1 - t]P = [r]P, and the points of order r that are
    defined over Fq2 have psi = [p] = [t - 1]; so nothing else passes and nothing good fails. The
    multiplication is half as long as one by r (the method is Scott's, eprint 2021/1130).

    Soundness: the caller has checked ``is_on_twist``.
    """
    if point is None:
        return True
    return _frobenius(point) == _multiply(point, TRACE_MINUS_ONE)


def _frobenius(point: tuple[Fq2, Fq2]) -> PointG2:
    """psi: untwist, raise the coordinates to the p-th power, twist."""
    (x0, x1), (y0, y1) = point
    x = multiply_fq2((x0, -x1), _FROBENIUS_X)
    y = multiply_fq2((y0, -y1), _FROBENIUS_Y)
    return x, y


def add_g2(left: PointG2, right: PointG2) -> PointG2:
    """The sum of two points, any two: equal, opposite or infinity."""
    if left is None:
        return right
    return _to_affine(_add_affine((*left, _ONE), right))


def multiply_g2(point: PointG2, scalar: int) -> PointG2:
    """[scalar]point for a point of G2; the scalar is any integer and counts modulo r."""
    return _multiply(point, scalar % MODULUS)


def _multiply(point: PointG2, factor: int) -> PointG2:
    """[factor]point for any point of the twist and a factor >= 0, by double and add."""
    total = _INFINITY
    for bit in bin(factor)[2:]:
        total = _double(total)
        if bit == "1":
            total = _add_affine(total, point)
    return _to_affine(total)


def _double(point: _Jacobian) -> _Jacobian:
    """Twice a point, Jacobian (Explicit-Formulas Database, dbl-2009-l for a = 0)."""
    x, y, z = point
    a = multiply_fq2(x, x)
    b = multiply_fq2(y, y)
    d = _times(4, multiply_fq2(x, b))
    e = _times(3, a)
    x3 = _subtract(multiply_fq2(e, e), _times(2, d))
    y3 = _subtract(multiply_fq2(e, _subtract(d, x3)), _times(8, multiply_fq2(b, b)))
    return x3, y3, _times(2, multiply_fq2(y, z))


def _add_affine(left: _Jacobian, right: PointG2) -> _Jacobian:
    """Jacobian plus affine, any two (Explicit-Formulas Database, madd-2004-hmv)."""
    if right is None:
        return left
    x1, y1, z1 = left
    if z1 == _ZERO:
        return (*right, _ONE)
    zz = multiply_fq2(z1, z1)
    h = _subtract(multiply_fq2(right[0], zz), x1)
    slope = _subtract(multiply_fq2(multiply_fq2(right[1], zz), z1), y1)
    if h == _ZERO:
        return _double(left) if slope == _ZERO else _INFINITY
    hh = multiply_fq2(h, h)
    hhh = multiply_fq2(h, hh)
    v = multiply_fq2(x1, hh)
    x3 = _subtract(_subtract(multiply_fq2(slope, slope), hhh), _times(2, v))
    y3 = _subtract(multiply_fq2(slope, _subtract(v, x3)), multiply_fq2(y1, hhh))
    return x3, y3, multiply_fq2(z1, h)


def _to_affine(point: _Jacobian) -> PointG2:
    """The affine form of a Jacobian point."""
    x, y, z = point
    if z == _ZERO:
        return None
    inverse = invert_fq2(z)
    square = multiply_fq2(inverse, inverse)
    return multiply_fq2(x, square), multiply_fq2(multiply_fq2(y, square), inverse)
