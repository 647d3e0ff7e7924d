"""Random combinations of many points of the twist that prove each of them to be in G2.

The twist has order r * c with c = 10069 * 5864401 * ..., so a random combination may lie in G2
although a point does not: a coefficient that is a multiple of the stray order hides it. The
windows of the usual bucket method give the way out. The window sum of digits d_k below 2**b,
b <= 13, lies in G2 for at most one value of d_k if point k does not and all else is fixed, as no
stray order is below 10069 > 2**b. Digits of different windows are independent, so if every one of
the window sums is checked, a stray point passes with probability at most 2**-128 in all.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkroute.algebra.groups import (
    FIELD_MODULUS,
    PointG2,
    add_g2,
    is_in_group_g2,
    multiply_g2,
)
from zkroute.algebra.scalars import batch_invert
from zkroute.errors import MalformedError
from zkroute.protocol.combination import COEFFICIENT_BITS

MAXIMUM_WINDOW_BITS = 13
"""2**13 < 10069, the smallest prime factor of the cofactor of G2."""

SUBGROUP_CHECK_COST = 400
"""One subgroup check in units of one addition here; measured, for choosing the window only."""

AffineG2 = tuple[tuple[int, int], tuple[int, int]]


def combine_g2(points: Sequence[AffineG2], coefficients: Sequence[int], what: str) -> PointG2:
    """The combination of the points, after showing that all of them are in the subgroup G2.

    ``points`` are on the twist and none is infinity; ``coefficients`` are independent uniform
    128-bit integers that whoever chose the points did not know.
    Raises MalformedError naming ``what`` if a point is not in the subgroup.
    """
    bits = _window_bits(len(points))
    total: PointG2 = None
    for shift in reversed(range(0, COEFFICIENT_BITS, bits)):
        digits = [coefficient >> shift & ((1 << bits) - 1) for coefficient in coefficients]
        window_sum = _weighted_sum(points, digits, bits)
        if not is_in_group_g2(window_sum):
            raise MalformedError(f"{what}: a point is not in the subgroup of prime order")
        total = add_g2(multiply_g2(total, 1 << bits), window_sum)
    return total


def _window_bits(count: int) -> int:
    """The digit width with the fewest additions in all."""

    def additions(bits: int) -> int:
        windows = -(-COEFFICIENT_BITS // bits)
        return windows * (count + (bits << (bits - 1)) + SUBGROUP_CHECK_COST)

    return min(range(1, MAXIMUM_WINDOW_BITS + 1), key=additions)


def _weighted_sum(points: Sequence[AffineG2], digits: Sequence[int], bits: int) -> PointG2:
    """The sum of digit times point, by buckets, then by the bits of the bucket numbers."""
    buckets: list[list[AffineG2]] = [[] for _ in range(1 << bits)]
    for point, digit in zip(points, digits, strict=True):
        buckets[digit].append(point)
    bucket_sums = _sum_groups(buckets[1:])
    by_bit: list[list[AffineG2]] = [[] for _ in range(bits)]
    for number, bucket_sum in enumerate(bucket_sums, start=1):
        if bucket_sum is not None:
            for bit in range(bits):
                if number >> bit & 1:
                    by_bit[bit].append(bucket_sum)
    total: PointG2 = None
    for bit_sum in reversed(_sum_groups(by_bit)):
        total = add_g2(add_g2(total, total), bit_sum)
    return total


def _sum_groups(groups: Sequence[Sequence[AffineG2]]) -> list[PointG2]:
    """The sum of each group, pairwise in rounds with one inversion for all groups a round."""
    pending = [list(group) for group in groups]
    while any(len(group) > 1 for group in pending):
        pairs = [
            (group[index], group[index + 1])
            for group in pending
            for index in range(0, len(group) - 1, 2)
        ]
        sums = iter(_add_pairs(pairs))
        pending = [
            [total for total in (next(sums) for _ in range(len(group) // 2)) if total is not None]
            + group[len(group) & ~1 :]
            for group in pending
        ]
    return [group[0] if group else None for group in pending]


def _add_pairs(pairs: Sequence[tuple[AffineG2, AffineG2]]) -> list[PointG2]:
    """The sum of each pair by the chord and tangent law with one inversion for all.

    1 / (a + bu) = (a - bu) / (a^2 + b^2), so what is inverted in the batch is an integer mod p.
    """
    p = FIELD_MODULUS
    differences = []
    norms = []
    for ((x10, x11), (y10, y11)), ((x20, x21), (y20, y21)) in pairs:
        d0, d1 = x20 - x10, x21 - x11
        if (x10, x11) == (x20, x21) and (y10, y11) == (y20, y21):
            # a doubling; opposite points keep the zero difference that marks an infinite sum. The
            # twist has odd order, so no y is zero
            d0, d1 = 2 * y10, 2 * y11
        differences.append((d0, d1))
        norms.append((d0 * d0 + d1 * d1) % p or 1)
    sums: list[PointG2] = []
    for (left, right), (d0, d1), inverse in zip(
        pairs, differences, batch_invert(norms, p), strict=True
    ):
        if d0 == 0 and d1 == 0:
            sums.append(None)
            continue
        (x10, x11), (y10, y11) = left
        (x20, x21), (y20, y21) = right
        if x10 == x20 and x11 == x21:
            n0, n1 = 3 * (x10 * x10 - x11 * x11), 6 * x10 * x11
        else:
            n0, n1 = y20 - y10, y21 - y11
        s0 = (n0 * d0 + n1 * d1) % p * inverse % p
        s1 = (n1 * d0 - n0 * d1) % p * inverse % p
        x30 = (s0 * s0 - s1 * s1 - x10 - x20) % p
        x31 = (2 * s0 * s1 - x11 - x21) % p
        e0, e1 = x10 - x30, x11 - x31
        sums.append(((x30, x31), ((s0 * e0 - s1 * e1 - y10) % p, (s0 * e1 + s1 * e0 - y11) % p)))
    return sums
