"""The batched KZG opening at two points (the PLONK pair, eprint 2019/953 section 8.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2, PointG1, PointG2, negate_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import linear_combination_g1, pairing_product_is_one


@dataclass(frozen=True)
class Query:
    """A commitment, as a combination of points, and the value claimed for it at one point."""

    points: tuple[PointG1, ...]
    scalars: tuple[int, ...]
    value: int


@dataclass(frozen=True)
class Sum:
    """A sum of [scalar]point that nobody has worked out yet: many of them cost less together."""

    points: tuple[PointG1, ...]
    scalars: tuple[int, ...]
    """Any integers; they count modulo r."""

    def point(self) -> PointG1:
        """What it comes to."""
        return linear_combination_g1(self.points, self.scalars)


@dataclass(frozen=True)
class PairingCheck:
    """The claim e(left, [tau]_2) = e(right, [1]_2)."""

    left: Sum
    right: Sum

    def holds(self, g2_tau: PointG2) -> bool:
        """Whether the claim is true: one product of two pairings."""
        right = negate_g1(self.right.point())
        return pairing_product_is_one([(self.left.point(), g2_tau), (right, GENERATOR_G2)])

    def worked_out(self) -> PairingCheck:
        """The same claim with one point on each side."""
        return PairingCheck(Sum((self.left.point(),), (1,)), Sum((self.right.point(),), (1,)))


def opening_check(
    here: Sequence[Query],
    there: Sequence[Query],
    point: int,
    point_next: int,
    fold: int,
    join: int,
    opening: PointG1,
    opening_next: PointG1,
) -> PairingCheck:
    """The pairing claim that all queries are true.

    With W, W' the openings, F = sum fold^i C_i and E = sum fold^i v_i at each point, and u = join:
    e(W + u W', [tau]) = e(x W + u x' W' + F + u F' - (E + u E') G, [1]).

    Soundness: ``fold`` was drawn after all values, ``join`` after both openings.
    """
    # a commitment that is opened at both points is multiplied once
    weights: defaultdict[PointG1, int] = defaultdict(int)
    weights[opening] += point
    weights[opening_next] += join * point_next
    value = 0
    for group, scale in ((here, 1), (there, join)):
        weight = scale
        for query in group:
            for each, scalar in zip(query.points, query.scalars, strict=True):
                weights[each] += weight * scalar
            value += weight * query.value
            weight = weight * fold % MODULUS
    weights[GENERATOR_G1] -= value
    return PairingCheck(
        left=Sum((opening, opening_next), (1, join)),
        right=Sum(tuple(weights), tuple(weights.values())),
    )
