"""A structured reference string whose tau the test knows. Nothing like it is in the packages."""

from zkroute.algebra.domain import powers
from zkroute.algebra.engine import Engine
from zkroute.algebra.groups import GENERATOR_G2, multiply_g2
from zkroute.protocol.srs import SrsKind, StructuredReferenceString


def srs_with_known_tau(
    tau: int, count: int, engine: Engine, kind: SrsKind = SrsKind.DEVELOPMENT
) -> StructuredReferenceString:
    points = engine.fixed_base_powers(engine.from_integers(powers(tau, count)))
    return StructuredReferenceString(kind, "trapdoor", points, multiply_g2(GENERATOR_G2, tau))
