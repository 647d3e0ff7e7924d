"""The algebra of a ``.ptau`` file: all sections belong to one tau, one alpha, one beta.

Each check is an equation over a random 128-bit combination of all points of a section, after
Bowe, Gabizon and Miers (eprint 2017/1050). The equations with pairings are added up, so that three
Miller loops serve all of them; if the sum fails, each is tried alone to say which section is bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkroute.algebra.domain import powers as field_powers
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.engine import Column, Engine, Limbs
from zkroute.algebra.groups import (
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    add_g1,
    add_g2,
    negate_g1,
    pairing_product_is_one,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError
from zkroute.protocol.combination import (
    combine_g1,
    combine_with_successors,
    random_coefficients,
)
from zkroute.protocol.point_arrays import array_from_points
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
    raise MalformedError(f"{failed.what}: the points are not powers of the file's tau")


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


def with_last_power(
    powers: Limbs, basis: Limbs, engine: Engine, what: str
) -> tuple[Limbs, list[Relation]]:
    """The powers and the one more that a basis of 2**k > len(powers) points stands for.

    The largest basis of section 12 has one point more than section 2 has powers. In a file cut
    from a larger one it was made with the power that was cut off; in a complete one with infinity.
    The basis tells which: [tau^i] = sum over j of w^(ij) [L_j(tau)]. The relations say that it is
    the next power, if it is not infinity.
    """
    size = len(basis)
    root = root_of_unity(size.bit_length() - 1)
    scalars = engine.store(engine.from_integers(field_powers(pow(root, -1, MODULUS), size)))
    last = _sum(basis, scalars, engine)
    extended = np.concatenate([powers, array_from_points([last])])
    if last is None:
        return extended, []
    return extended, [successive_powers(extended[-2:], engine, what)]


def check_lagrange_g1(
    powers: Limbs, lagrange: Limbs, levels: range, engine: Engine, what: str
) -> None:
    """The Lagrange bases of sizes 2**level, one after another, are those of the powers.

    For all levels at once: sum over i of c_i [tau^i] = sum over j of (NTT c)_j [L_j(tau)], with
    random c for each level, since [tau^i] = sum over j of w^(ij) [L_j(tau)].
    Raises MalformedError naming ``what``.
    """
    coefficients = [engine.load(random_coefficients(1 << level)) for level in levels]
    summed = engine.linear_combination(coefficients, [1] * len(coefficients))
    transformed = np.concatenate(
        [
            engine.store(engine.evaluate_on_coset(vector, level, 1))
            for vector, level in zip(coefficients, levels, strict=True)
        ]
    )
    if _sum(powers, engine.store(summed), engine) != _sum(lagrange, transformed, engine):
        raise MalformedError(f"{what}: this is not the Lagrange basis of the powers")


def _integers(coefficients: Limbs) -> list[int]:
    return [low | high << 64 for low, high in coefficients.tolist()]


def _sum(points: Limbs, scalars: Limbs, engine: Engine) -> PointG1:
    bases = engine.load_points(points)
    (total,) = engine.multi_scalar_multiplication(bases, [Column(scalars, 254)])
    return total
