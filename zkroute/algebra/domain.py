"""Domains H = {w^0, w^1, ...} of size 2^k in the scalar field, and their Lagrange basis.

The root of unity of order 2^28 is 5^((r-1)/2^28), the convention of snarkjs, gnark and arkworks
(halo2 uses another); every smaller root is a power of it, so domains nest.

    L_i(x) = w^i (x^n - 1) / (n (x - w^i))
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from zkroute.algebra.scalars import MODULUS, batch_invert, invert
from zkroute.errors import ExitCode, ZkrouteError

TWO_ADICITY = 28
"""The largest k for which 2^k divides r - 1."""

ROOT_CONVENTION = "5^((r-1)/2^28)"
"""Names the choice of root in keys and documents."""

_LARGEST_ROOT = pow(5, (MODULUS - 1) >> TWO_ADICITY, MODULUS)


class ChallengeInDomainError(ZkrouteError):
    """A challenge fell into the evaluation domain, where it would reveal a cell.

    The chance is n/r, below 2**-225, so this means a broken transcript and not bad luck.
    """

    exit_code = ExitCode.INTERNAL


@cache
def root_of_unity(log_size: int) -> int:
    """w, of order exactly 2**log_size: (5^((r-1)/2^28))^(2^(28-log_size)).

    Raises ValueError unless 0 <= log_size <= 28.
    """
    if not 0 <= log_size <= TWO_ADICITY:
        raise ValueError(f"no domain has size 2^{log_size}: sizes go from 2^0 to 2^{TWO_ADICITY}")
    return pow(_LARGEST_ROOT, 1 << (TWO_ADICITY - log_size), MODULUS)


def powers(base: int, count: int) -> list[int]:
    """base^0, base^1, ... base^(count-1), modulo r."""
    result = []
    power = 1
    for _ in range(count):
        result.append(power)
        power = power * base % MODULUS
    return result


def vanishing(size: int, point: int) -> int:
    """point^size - 1: the polynomial that is zero exactly on the domain of that size."""
    return (pow(point, size, MODULUS) - 1) % MODULUS


def evaluate_public(columns: Sequence[Sequence[int]], log_size: int, point: int) -> list[int]:
    """Values at ``point`` of the polynomials of degree < n that are a column and then zeros on H.

    The verifier's way to public columns: sums of v_i L_i(point), no interpolation, one basis for
    all of them. Raises ChallengeInDomainError if the point lies in the domain, ValueError for more
    values than the domain has elements.
    """
    count = max(map(len, columns), default=0)
    if count > 1 << log_size:
        raise ValueError(f"a domain of size 2^{log_size} has no {count} elements")
    scale, ratios = _unscaled_lagrange(log_size, _elements(log_size, count), point)
    return [
        scale * (sum(map(operator.mul, column, ratios)) % MODULUS) % MODULUS for column in columns
    ]


@lru_cache(maxsize=16)
def _elements(log_size: int, count: int) -> tuple[int, ...]:
    """The first elements of a domain."""
    return tuple(powers(root_of_unity(log_size), count))


@cache
def _inverse_of_size(log_size: int) -> int:
    return invert(1 << log_size)


def _unscaled_lagrange(
    log_size: int, nodes: Sequence[int], point: int
) -> tuple[int, Iterable[int]]:
    """(x^n - 1)/n, and w/(x - w) for each of these elements w: their products are the basis."""
    zero_on_domain = vanishing(1 << log_size, point)
    if zero_on_domain == 0:
        raise ChallengeInDomainError("a challenge fell into the evaluation domain")
    inverses = batch_invert([point - node for node in nodes])
    return zero_on_domain * _inverse_of_size(log_size) % MODULUS, [
        node * inverse % MODULUS for node, inverse in zip(nodes, inverses, strict=True)
    ]
