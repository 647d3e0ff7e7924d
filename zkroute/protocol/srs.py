"""The structured reference string: powers of a secret tau in G1, and [tau] in G2.

KZG is binding only while nobody knows tau (Kate, Zaverucha, Goldberg, ASIACRYPT 2010). A ceremony
gives that with one honest participant in many; a development string is made on one machine, says
INSECURE in its identifier, and the verifier refuses it unless the caller names it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from zkroute.algebra.engine import Engine, Limbs
from zkroute.algebra.groups import (
    GENERATOR_G1,
    GENERATOR_G2,
    PointG2,
    add_g1,
    encode_g2,
    is_in_group_g2,
    is_on_twist,
    multiply_g2,
    negate_g1,
    pairing_product_is_one,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError
from zkroute.protocol.combination import combine_with_successors
from zkroute.protocol.lagrange_cache import load_lagrange, store_lagrange
from zkroute.protocol.point_arrays import array_from_points, points_from_array

IDENTIFIER_DOMAIN = b"zkroute/srs/v1"
DEVELOPMENT_PREFIX = "development-INSECURE-"
CEREMONY_PREFIX = "ceremony-"
MAXIMUM_LOG_POWERS = 29
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class SrsKind(StrEnum):
    """Where tau came from: many people's ceremony, or this machine."""

    CEREMONY = "ceremony"
    DEVELOPMENT = "development"


@dataclass(frozen=True, eq=False)
class StructuredReferenceString:
    """[tau^i] in G1 for i = 0, 1, 2 ..., and [tau] in G2.

    Soundness: whoever makes one from outside bytes has passed ``check_powers``; files are read by
    ``zkroute.formats.srs_file`` and ``zkroute.formats.ptau`` only.
    """

    kind: SrsKind
    name: str
    powers: Limbs
    """Shape (n, 8): checked point array (zkroute.protocol.point_arrays)."""
    g2_tau: PointG2

    def __post_init__(self) -> None:
        if not is_valid_name(self.name):
            raise UsageError(
                f"SRS name {self.name!r}: use 1 to 64 of a-z, 0-9, dot, underscore, hyphen, "
                "beginning with a letter or digit"
            )

    @property
    def identifier(self) -> str:
        """The same for every length of one string: it depends on kind and tau only."""
        return srs_identifier(self.kind, self.g2_tau)

    def lagrange(self, log_size: int, engine: Engine) -> Limbs:
        """[L_i(tau)] for the domain of size n = 2**log_size, natural order, shape (n, 8).

        Computed once and kept in the cache directory; a cached file that does not match its
        digest, or was made from other powers, is computed again.
        Raises UsageError if the string has fewer than n powers.
        """
        size = 1 << log_size
        self._require_powers(size, f"a table of 2^{log_size} rows")
        lower = self.powers[:size]
        points = load_lagrange(self.identifier, log_size, lower)
        if points is None:
            points = engine.lagrange_points(lower)
            store_lagrange(self.identifier, log_size, lower, points)
        return points

    def vanishing_powers(self, log_size: int, count: int) -> Limbs:
        """[tau^(n+i) - tau^i] for i < count, n = 2**log_size: bases that blind, shape (count, 8).

        Raises UsageError if the string has fewer than n + count powers.
        """
        size = 1 << log_size
        self._require_powers(size + count, f"2^{log_size} rows with {count} blinding terms")
        lower = points_from_array(self.powers[:count])
        upper = points_from_array(self.powers[size : size + count])
        return array_from_points(
            add_g1(high, negate_g1(low)) for high, low in zip(upper, lower, strict=True)
        )

    def truncated(self, count: int) -> StructuredReferenceString:
        """The first ``count`` powers, under the same identifier."""
        self._require_powers(count, "that prefix")
        return StructuredReferenceString(self.kind, self.name, self.powers[:count], self.g2_tau)

    def _require_powers(self, count: int, purpose: str) -> None:
        if count > len(self.powers):
            raise UsageError(
                f"SRS {self.name} ({self.identifier}) has {len(self.powers)} powers; {purpose} "
                f"takes {count}; import a larger file of the ceremony"
            )


def is_valid_name(name: str) -> bool:
    """Whether this can name an SRS, in files and on the command line."""
    return _NAME.fullmatch(name) is not None


def srs_identifier(kind: SrsKind, g2_tau: PointG2) -> str:
    """``ceremony-`` or ``development-INSECURE-`` and 32 hex digits of a digest of kind and tau."""
    data = b"/".join((IDENTIFIER_DOMAIN, kind.value.encode(), encode_g2(g2_tau)))
    prefix = DEVELOPMENT_PREFIX if kind is SrsKind.DEVELOPMENT else CEREMONY_PREFIX
    return prefix + hashlib.sha256(data).digest()[:16].hex()


def is_development_identifier(identifier: str) -> bool:
    """Whether an identifier stands for anything but a ceremony's string."""
    return not identifier.startswith(CEREMONY_PREFIX)


def new_development(
    count: int, engine: Engine, name: str = "development"
) -> StructuredReferenceString:
    """A string of ``count`` powers of a tau drawn here and forgotten: for development only.

    Soundness: this machine could have kept tau; its owner can prove anything.
    Raises UsageError for fewer than 2 or more than 2**29 powers.
    """
    if not 2 <= count <= 1 << MAXIMUM_LOG_POWERS:
        raise UsageError(f"an SRS has 2 to 2^{MAXIMUM_LOG_POWERS} powers, not {count}")
    tau = 2 + secrets.randbelow(MODULUS - 2)  # neither 0 nor 1, which check_g2_tau refuses
    powers = [1] * count
    for index in range(1, count):
        powers[index] = powers[index - 1] * tau % MODULUS
    return StructuredReferenceString(
        kind=SrsKind.DEVELOPMENT,
        name=name,
        powers=engine.fixed_base_powers(engine.from_integers(powers)),
        g2_tau=multiply_g2(GENERATOR_G2, tau),
    )


def check_g2_tau(g2_tau: PointG2, what: str = "SRS") -> None:
    """[tau] in G2 is in the subgroup and neither infinity nor the generator (tau 0 or 1).

    Either of those would let anybody open commitments to anything.
    Raises MalformedError naming ``what``.
    """
    if g2_tau is None:
        raise MalformedError(f"{what}: [tau] in G2 is the point at infinity")
    if g2_tau == GENERATOR_G2:
        raise MalformedError(f"{what}: [tau] in G2 is the generator, so tau is 1")
    if not is_on_twist(g2_tau):
        raise MalformedError(f"{what}: [tau] in G2 is not on the twisted curve")
    if not is_in_group_g2(g2_tau):
        raise MalformedError(f"{what}: [tau] in G2 is not in the subgroup of prime order")


def check_powers(srs: StructuredReferenceString, engine: Engine, what: str = "SRS") -> None:
    """The powers are exactly [1], [tau], [tau^2] ... of the tau in ``g2_tau``.

    One pairing product over a random 128-bit combination: a wrong point passes with probability
    2**-128. Raises MalformedError naming ``what``.

    Soundness: the points are canonical and on the curve (``check_point_array``).
    """
    check_g2_tau(srs.g2_tau, what)
    if len(srs.powers) < 2:
        raise MalformedError(f"{what}: fewer than two powers of tau")
    if not np.array_equal(srs.powers[:1], array_from_points([GENERATOR_G1])):
        raise MalformedError(f"{what}: the first power is not the generator of G1")
    lower, upper = combine_with_successors(srs.powers, engine)
    if not pairing_product_is_one([(lower, srs.g2_tau), (negate_g1(upper), GENERATOR_G2)]):
        raise MalformedError(f"{what}: the points are not successive powers of one tau")
