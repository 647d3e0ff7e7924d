"""The algebra of a ``.ptau`` file: all sections belong to one tau, one alpha, one beta.

Each check is an equation over a random 128-bit combination of all points of a section, after
Bowe, Gabizon and Miers (eprint 2017/1050). The equations with pairings are added up, so that three
Miller loops serve all of them; if the sum fails, each is tried alone to say which section is bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkroute.algebra.engine import Engine, Limbs
from zkroute.algebra.groups import (
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    add_g1,
    add_g2,
    multiply_g1,
    negate_g1,
    pairing_product_is_one,
)
from zkroute.errors import MalformedError
from zkroute.protocol.combination import (
    combine_g1,
    combine_with_successors,
    random_coefficients,
)
from zkroute.protocol.point_arrays import points_from_array
from zkroute.protocol.twist_combination import AffineG2, combine_g2


@dataclass(frozen=True)
class Relation:
    """e(with_tau, [tau]_2) * e(with_generator, [1]_2) = e([1]_1, opposite), already randomised."""

    what: str
    with_tau: PointG1
    with_generator: PointG1
    opposite: PointG2


def successive_powers(points: Limbs, engine: Engine, what: str) -> Relation:
    """Each point of the array is tau times the one before it."""
    lower, upper = combine_with_successors(points, engine)
    return Relation(what, with_tau=lower, with_generator=negate_g1(upper), opposite=None)


def check_subgroup(in_g2: Sequence[AffineG2], what: str) -> None:
    """All points of the twist are in G2. Raises MalformedError naming ``what``."""
    combine_g2(in_g2, _integers(random_coefficients(len(in_g2))), what)


def same_exponents(in_g1: Limbs, in_g2: Sequence[AffineG2], engine: Engine, what: str) -> Relation:
    """Point i of both lists is the same multiple of its group's generator.

    Raises MalformedError naming ``what`` if a point of the twist is not in G2.
    """
    coefficients = random_coefficients(len(in_g1))
    (left,) = combine_g1(in_g1, [coefficients], engine)
    return Relation(
        what,
        with_tau=None,
        with_generator=left,
        opposite=combine_g2(in_g2, _integers(coefficients), what),
    )


def check_relations(relations: Sequence[Relation], g2_tau: PointG2) -> None:
    """All relations hold. Raises MalformedError naming the first that does not."""
    if _holds(relations, g2_tau):
        return
    failed = next(relation for relation in relations if not _holds([relation], g2_tau))
    raise MalformedError(f"{failed.what}: the points do not belong to the file's powers of tau")


def _holds(relations: Sequence[Relation], g2_tau: PointG2) -> bool:
    with_tau: PointG1 = None
    with_generator: PointG1 = None
    opposite: PointG2 = None
    for relation in relations:
        with_tau = add_g1(with_tau, relation.with_tau)
        with_generator = add_g1(with_generator, relation.with_generator)
        opposite = add_g2(opposite, relation.opposite)
    return pairing_product_is_one(
        [
            (with_tau, g2_tau),
            (with_generator, GENERATOR_G2),
            (negate_g1(GENERATOR_G1), opposite),
        ]
    )


def lagrange_bases(
    powers: Limbs, bases: Limbs, levels: range, engine: Engine, what: str
) -> list[Relation]:
    """The bases of the domains of sizes 2**level, one after another, are those of the powers.

    For random c, and the polynomial C of each level with values c_j on its domain: the sum of
    c_j [L_j(tau)] over all levels is the sum of the coefficients of the C times [tau^i].

    In section 12 the largest basis has one point more than there are powers. In a file cut from a
    longer one it was made with the power that was cut off, in a complete one with infinity. The
    difference of the two sums is then the last coefficient times the next power, which the relation
    given back says, or infinity. In other sections a difference is an error, which is given back as
    a relation that cannot hold, so that errors in the powers themselves are named first.
    """
    values = [random_coefficients(1 << level) for level in levels]
    coefficients = engine.linear_combination(
        [engine.interpolate(engine.load(part)) for part in values], [1] * len(values)
    )
    size = 1 << levels[-1]
    used = min(size, len(powers))
    (on_bases,) = combine_g1(bases, [np.concatenate(values)], engine)
    (on_powers,) = combine_g1(powers, [engine.store(engine.slice(coefficients, 0, used))], engine)
    difference = add_g1(on_bases, negate_g1(on_powers))
    if difference is None:
        return []
    next_power_times_last = None
    if used < size:
        (last,) = engine.to_integers(engine.slice(coefficients, size - 1, size))
        (highest,) = points_from_array(powers[-1:])
        next_power_times_last = multiply_g1(highest, last)
    return [Relation(what, next_power_times_last, negate_g1(difference), None)]


def _integers(coefficients: Limbs) -> list[int]:
    return [low | high << 64 for low, high in coefficients.tolist()]
