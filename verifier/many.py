"""Many proofs at once: every check but the pairing one by one, then one pairing product for all.

If a claim e(left, [tau]) = e(right, [1]) fails, its combination with independent uniform 128-bit
weights holds with probability at most 2**-128, because the groups have prime order.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from verifier.accept import Acceptance
from verifier.errors import Code, VerificationError
from verifier.opening import PairingCheck
from verifier.verify import prepare
from zkroute.algebra.groups import GENERATOR_G2, PointG1, PointG2, negate_g1
from zkroute.algebra.verification import (
    linear_combination_g1,
    pairing_product_is_one,
    verification_arithmetic,
)
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

WEIGHT_BITS = 128

WORKERS = 2
"""Threads that prepare claims; about half of that is Python, in which they take turns."""


@dataclass(frozen=True)
class Claim:
    """The arguments of one call of ``verify``."""

    key: VerifyingKey
    header: Header
    proof: bytes
    accept: Acceptance


class ManyVerificationError(VerificationError):
    """Some batches must not be accepted; ``failures`` has the reason of each by its position."""

    def __init__(self, failures: Mapping[int, VerificationError]) -> None:
        first = min(failures)
        numbers = ", ".join(str(position) for position in sorted(failures)[:8])
        more = f" and {len(failures) - 8} more" if len(failures) > 8 else ""
        super().__init__(
            failures[first].code,
            f"{len(failures)} of the batches do not hold (position {numbers}{more}); "
            f"the first: {failures[first]}",
        )
        self.failures = dict(failures)


def verify_many(claims: Sequence[Claim]) -> None:
    """Returns nothing if ``verify`` would for each claim, but for a chance of 2**-128.

    All proofs together take one product of pairings; where it fails, further ones find out which
    proofs are wrong. Raises ManyVerificationError naming every claim that does not hold.
    """
    failures: dict[int, VerificationError] = {}
    checks: dict[int, tuple[PairingCheck, PointG2]] = {}
    for position, outcome in enumerate(_prepare_all(claims)):
        if isinstance(outcome, VerificationError):
            failures[position] = outcome
        else:
            checks[position] = (outcome, claims[position].key.g2_tau)
    positions = list(checks)
    for bad in failing([checks[position] for position in positions]):
        failures[positions[bad]] = VerificationError(
            Code.OPENING_INVALID, "the proof does not hold for this header"
        )
    if failures:
        raise ManyVerificationError(failures)


def _prepare_all(claims: Sequence[Claim]) -> list[PairingCheck | VerificationError]:
    """What ``prepare`` says of each claim; compiled arithmetic keeps two processors busy."""
    if len(claims) < WORKERS or verification_arithmetic().name == "reference":
        return [_prepare(claim) for claim in claims]
    with ThreadPoolExecutor(WORKERS, "zkroute-verify") as pool:
        # each with the choice of arithmetic that holds here
        started = [pool.submit(copy_context().run, _prepare, claim) for claim in claims]
        return [each.result() for each in started]


def _prepare(claim: Claim) -> PairingCheck | VerificationError:
    try:
        return prepare(claim.key, claim.header, claim.proof, claim.accept)
    except VerificationError as error:
        return error


def failing(checks: Sequence[tuple[PairingCheck, PointG2]]) -> list[int]:
    """Positions of the pairing claims that are false, each under its own [tau].

    One product of pairings if all hold; about 2 log2(n) more for each that does not.
    """
    if all_hold(checks):
        return []
    if len(checks) == 1:
        return [0]
    half = len(checks) // 2
    return failing(checks[:half]) + [half + bad for bad in failing(checks[half:])]


def all_hold(checks: Sequence[tuple[PairingCheck, PointG2]]) -> bool:
    """Whether all pairing claims hold, by one product with fresh random weights."""
    weights = [1 + secrets.randbits(WEIGHT_BITS) for _ in checks]
    by_tau: dict[PointG2, list[tuple[PointG1, int]]] = {}
    for (check, g2_tau), weight in zip(checks, weights, strict=True):
        by_tau.setdefault(g2_tau, []).append((check.left, weight))
    pairs: list[tuple[PointG1, PointG2]] = [
        (_combination(terms), g2_tau) for g2_tau, terms in by_tau.items()
    ]
    right = _combination(
        [(check.right, weight) for (check, _), weight in zip(checks, weights, strict=True)]
    )
    return pairing_product_is_one([*pairs, (negate_g1(right), GENERATOR_G2)])


def _combination(terms: Sequence[tuple[PointG1, int]]) -> PointG1:
    return linear_combination_g1([point for point, _ in terms], [weight for _, weight in terms])
