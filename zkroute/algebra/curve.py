"""The group G1: y^2 = x^3 + 3 over the BN254 base field, in plain integers.

A point is affine, ``(x, y)`` in [0, p), or None for infinity. The cofactor is 1, so every point of
the curve is in the group. Nothing here runs in constant time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zkroute.algebra.scalars import MODULUS, batch_invert

FIELD_MODULUS = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
"""p, the prime of the field the curve is defined over (EIP-196)."""

PointG1 = tuple[int, int] | None

GENERATOR_G1: PointG1 = (1, 2)

WINDOW_BITS = 5
"""Width of the signed windows: tables of the 8 odd multiples up to 15."""

_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)


def is_on_curve_g1(point: tuple[int, int]) -> bool:
    """Whether canonical coordinates satisfy the curve's equation."""
    x, y = point
    p = FIELD_MODULUS
    return 0 <= x < p and 0 <= y < p and (y * y - x * x * x - 3) % p == 0


def negate_g1(point: PointG1) -> PointG1:
    """The point's negative."""
    if point is None:
        return None
    return point[0], -point[1] % FIELD_MODULUS


def add_g1(left: PointG1, right: PointG1) -> PointG1:
    """The sum of two points, any two: equal, opposite or infinity."""
    return add_pairs_g1([(left, right)])[0]


def add_pairs_g1(pairs: Sequence[tuple[PointG1, PointG1]]) -> list[PointG1]:
    """The sum of each pair, for one inversion and about six products a pair.

    The affine chord and tangent law; equal and opposite points and infinities are all served.
    """
    p = FIELD_MODULUS
    denominators = []
    for left, right in pairs:
        if left is None or right is None:
            denominators.append(1)
        elif left[0] != right[0]:
            denominators.append(right[0] - left[0])
        else:
            # y = 0 is on no curve of odd order, so 2y = 0 never arises
            denominators.append(2 * left[1] if left[1] == right[1] else 1)
    sums: list[PointG1] = []
    for (left, right), inverse in zip(pairs, batch_invert(denominators, p), strict=True):
        if left is None or right is None:
            sums.append(left if right is None else right)
            continue
        (x1, y1), (x2, y2) = left, right
        if x1 != x2:
            slope = (y2 - y1) * inverse % p
        elif y1 == y2:
            slope = 3 * x1 * x1 * inverse % p
        else:
            sums.append(None)
            continue
        x3 = (slope * slope - x1 - x2) % p
        sums.append((x3, (slope * (x1 - x3) - y1) % p))
    return sums


def multiply_g1(point: PointG1, scalar: int) -> PointG1:
    """[scalar]point; the scalar is any integer and counts modulo r."""
    return linear_combination_g1([point], [scalar])


def linear_combination_g1(points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
    """The sum of [scalar]point over both lists; scalars are any integers and count modulo r.

    Interleaved signed windows (Moeller, "Algorithms for multi-exponentiation", SAC 2001) over
    tables of odd multiples. All points that meet at one bit are added pairwise in affine
    coordinates, every bit in the same batch, before one chain of doublings joins the bits. Right
    for repeated points, infinities and zero scalars.
    Raises ValueError if the lists differ in length.
    """
    terms = [
        (point, scalar % MODULUS)
        for point, scalar in zip(points, scalars, strict=True)
        if point is not None and scalar % MODULUS
    ]
    odd_scalars = [signed_windows(scalar) for _, scalar in terms]
    tables = _odd_multiples([point for point, _ in terms])
    bit_count = max((windows[-1][0] + 1 for windows in odd_scalars), default=0)
    at_bit: list[list[PointG1]] = [[] for _ in range(bit_count)]
    for windows, table in zip(odd_scalars, tables, strict=True):
        for bit, digit in windows:
            entry = table[abs(digit) >> 1]
            at_bit[bit].append(entry if digit > 0 else negate_g1(entry))
    total = _INFINITY
    for point in reversed(sum_groups_g1(at_bit)):
        total = _add_affine(_double(total), point)
    return _to_affine(total)


def signed_windows(scalar: int) -> list[tuple[int, int]]:
    """The non-zero digits (bit, digit) of the width-5 signed form of a positive scalar.

    Their sum of digit * 2**bit is the scalar; digits are odd, at most 15 in absolute value, bits
    ascend by at least 5 (Handbook of Elliptic and Hyperelliptic Curve Cryptography, alg. 9.35).
    """
    windows = []
    bit = 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        bit += zeros
        digit = scalar & ((1 << WINDOW_BITS) - 1)
        if digit >> (WINDOW_BITS - 1):
            digit -= 1 << WINDOW_BITS
        windows.append((bit, digit))
        scalar -= digit
    return windows


def sum_groups_g1(groups: Iterable[Sequence[PointG1]]) -> list[PointG1]:
    """The sum of the points of each group, infinity for an empty one, in shared batches."""
    pending = [list(group) for group in groups]
    while any(len(group) > 1 for group in pending):
        pairs = [
            (group[index], group[index + 1])
            for group in pending
            for index in range(0, len(group) - 1, 2)
        ]
        sums = iter(add_pairs_g1(pairs))
        pending = [
            [next(sums) for _ in range(len(group) // 2)] + group[len(group) & ~1 :]
            for group in pending
        ]
    return [group[0] if group else None for group in pending]


def _odd_multiples(points: Sequence[PointG1]) -> list[list[PointG1]]:
    """For each point P its table P, 3P, 5P ... 15P."""
    doubles = add_pairs_g1([(point, point) for point in points])
    rows = [list(points)]
    for _ in range((1 << (WINDOW_BITS - 2)) - 1):
        rows.append(add_pairs_g1(list(zip(rows[-1], doubles, strict=True))))
    return [list(table) for table in zip(*rows, strict=True)]


def _double(point: _Jacobian) -> _Jacobian:
    """Twice a point, Jacobian (Explicit-Formulas Database, dbl-2009-l for a = 0)."""
    x, y, z = point
    p = FIELD_MODULUS
    a = x * x % p
    b = y * y % p
    c = b * b
    d = 2 * ((x + b) * (x + b) - a - c) % p
    e = 3 * a
    x3 = (e * e - 2 * d) % p
    return x3, (e * (d - x3) - 8 * c) % p, 2 * y * z % p


def _add_affine(left: _Jacobian, right: PointG1) -> _Jacobian:
    """Jacobian plus affine, any two (Explicit-Formulas Database, madd-2004-hmv)."""
    if right is None:
        return left
    x1, y1, z1 = left
    if z1 == 0:
        return right[0], right[1], 1
    p = FIELD_MODULUS
    zz = z1 * z1 % p
    h = (right[0] * zz - x1) % p
    slope = (right[1] * zz * z1 - y1) % p
    if h == 0:
        return _double(left) if slope == 0 else _INFINITY
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (slope * slope - hhh - 2 * v) % p
    return x3, (slope * (v - x3) - y1 * hhh) % p, z1 * h % p


def _to_affine(point: _Jacobian) -> PointG1:
    """The affine form of a Jacobian point."""
    x, y, z = point
    if z == 0:
        return None
    p = FIELD_MODULUS
    inverse = pow(z, -1, p)
    square = inverse * inverse % p
    return x * square % p, y * square * inverse % p
