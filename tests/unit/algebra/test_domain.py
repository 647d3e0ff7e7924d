from __future__ import annotations

import random

import pytest

from zkroute.algebra.domain import (
    TWO_ADICITY,
    ChallengeInDomainError,
    evaluate_public,
    lagrange_at,
    lagrange_first,
    lagrange_last,
    lagrange_prefix,
    powers,
    root_of_unity,
    vanishing,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import ExitCode


@pytest.mark.parametrize("log_size", range(TWO_ADICITY + 1))
def test_roots_have_exactly_their_order(log_size: int) -> None:
    root = root_of_unity(log_size)
    assert pow(root, 1 << log_size, MODULUS) == 1
    if log_size:
        assert pow(root, 1 << (log_size - 1), MODULUS) == MODULUS - 1
        assert root * root % MODULUS == root_of_unity(log_size - 1)


def test_the_root_convention_is_snarkjs() -> None:
    # the constant other implementations publish for order 2^28
    expected = 19103219067921713944291392827692070036145651957329286315305642004821462161904
    assert root_of_unity(28) == expected


@pytest.mark.parametrize("log_size", (-1, 29))
def test_no_root_of_other_orders(log_size: int) -> None:
    with pytest.raises(ValueError):
        root_of_unity(log_size)


@pytest.mark.parametrize("log_size", (0, 1, 3, 5))
def test_lagrange_bases_agree_with_galois(rng: random.Random, log_size: int) -> None:
    galois = pytest.importorskip("galois")
    field = galois.GF(MODULUS, primitive_element=5, verify=False)
    size = 1 << log_size
    domain = field(powers(root_of_unity(log_size), size))
    values = [rng.randrange(MODULUS) for _ in range(size)]
    point = rng.randrange(MODULUS)
    expected = int(galois.lagrange_poly(domain, field(values))(field(point)))
    assert evaluate_public([values], log_size, point) == [expected]
    basis = lagrange_prefix(log_size, size, point)
    assert sum(v * term for v, term in zip(values, basis, strict=True)) % MODULUS == expected
    for index in range(size):
        unit = field([int(row == index) for row in range(size)])
        assert basis[index] == int(galois.lagrange_poly(domain, unit)(field(point)))


def test_the_ways_to_a_basis_agree(rng: random.Random) -> None:
    point = rng.randrange(MODULUS)
    whole = lagrange_prefix(6, 64, point)
    assert sum(whole) % MODULUS == 1
    assert lagrange_prefix(6, 5, point) == whole[:5]
    assert lagrange_prefix(6, 0, point) == []
    assert lagrange_at(6, [9, 0, 63, 9], point) == [whole[9], whole[0], whole[63], whole[9]]
    assert lagrange_at(6, [-1, -64, 64], point) == [whole[63], whole[0], whole[0]]
    assert lagrange_first(6, point) == whole[0]
    assert lagrange_last(6, point) == whole[63]


def test_missing_values_count_as_zeros(rng: random.Random) -> None:
    point = rng.randrange(MODULUS)
    values = [3, 0, MODULUS - 1, 0, -2]
    basis = lagrange_prefix(4, 5, point)
    expected = sum(v * term for v, term in zip(values, basis, strict=True)) % MODULUS
    columns = [values, [], [5], values + [0] * 11]
    assert evaluate_public(columns, 4, point) == [expected, 0, 5 * basis[0] % MODULUS, expected]
    assert evaluate_public([], 4, point) == []


def test_what_does_not_fit_the_domain_raises() -> None:
    with pytest.raises(ValueError):
        evaluate_public([[1], [0] * 5], 2, 9)
    with pytest.raises(ValueError):
        lagrange_prefix(2, 5, 9)


def test_vanishing_is_zero_exactly_on_the_domain() -> None:
    domain = powers(root_of_unity(4), 16)
    assert all(vanishing(16, point) == 0 for point in domain)
    assert vanishing(16, root_of_unity(5)) == MODULUS - 2
    assert vanishing(16, 0) == MODULUS - 1


@pytest.mark.parametrize("index", (0, 1, 7, 15))
def test_a_challenge_in_the_domain_is_refused(index: int) -> None:
    point = pow(root_of_unity(4), index, MODULUS)
    for request in (
        lambda: lagrange_at(4, [3], point),
        lambda: lagrange_prefix(4, 2, point),
        lambda: lagrange_first(4, point),
        lambda: lagrange_last(4, point),
        lambda: evaluate_public([[1, 2]], 4, point),
        lambda: evaluate_public([], 4, point),
    ):
        with pytest.raises(ChallengeInDomainError) as refused:
            request()
        assert refused.value.exit_code is ExitCode.INTERNAL
