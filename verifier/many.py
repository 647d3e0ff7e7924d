"""Many proofs at once: every check but the pairing one by one, then one pairing product for all.

If a claim e(left, [tau]) = e(right, [1]) fails, its combination with independent uniform 128-bit
weights holds with probability at most 2**-128, because the groups have prime order.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from verifier.accept import Acceptance
from verifier.errors import Code, VerificationError
from verifier.opening import PairingCheck, Sum
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

Terms = defaultdict[PointG1, int]
"""A sum in the making: points and the integers they are multiplied by."""

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
    # what the sums come to does not change while the search goes on
    return _search([(check.worked_out(), g2_tau) for check, g2_tau in checks])


def _search(checks: Sequence[tuple[PairingCheck, PointG2]]) -> list[int]:
    """Positions of the false ones among claims of which one at least is false."""
    if len(checks) == 1:
        return [0]
    half = len(checks) // 2
    found = []
    for start, part in ((0, checks[:half]), (half, checks[half:])):
        if not all_hold(part):
            found += [start + bad for bad in _search(part)]
    # halves that hold one by one (a chance of 2**-128) clear nobody: what failed together is false
    return found or list(range(len(checks)))


def all_hold(checks: Sequence[tuple[PairingCheck, PointG2]]) -> bool:
    """Whether all pairing claims hold, by one product with fresh random weights.

    The weights go into the scalars, so that all the sums are one, and a point that several
    claims share is multiplied once.
    """
    left: defaultdict[PointG2, Terms] = defaultdict(lambda: defaultdict(int))
    right: Terms = defaultdict(int)
    for check, g2_tau in checks:
        weight = 1 + secrets.randbits(WEIGHT_BITS)
        _add(left[g2_tau], check.left, weight)
        _add(right, check.right, weight)
    pairs = [(_worked_out(terms), g2_tau) for g2_tau, terms in left.items()]
    return pairing_product_is_one([*pairs, (negate_g1(_worked_out(right)), GENERATOR_G2)])


def _add(terms: Terms, more: Sum, weight: int) -> None:
    for point, scalar in zip(more.points, more.scalars, strict=True):
        terms[point] += weight * scalar


def _worked_out(terms: Terms) -> PointG1:
    return linear_combination_g1(list(terms), list(terms.values()))
