from __future__ import annotations

import random

import pytest

from tests.support.lagrange import lagrange_basis
from zkroute.algebra.domain import (
    TWO_ADICITY,
    ChallengeInDomainError,
    evaluate_public,
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
    basis = lagrange_basis(log_size, point)
    for index in range(size):
        unit = field([int(row == index) for row in range(size)])
        term = int(galois.lagrange_poly(domain, unit)(field(point)))
        assert basis[index] == term
        assert evaluate_public([unit.tolist()], log_size, point) == [term]


def test_ones_everywhere_are_the_constant_one(rng: random.Random) -> None:
    assert evaluate_public([[1] * 64, [1] * 63 + [1]], 6, rng.randrange(MODULUS)) == [1, 1]


def test_missing_values_count_as_zeros(rng: random.Random) -> None:
    point = rng.randrange(MODULUS)
    values = [3, 0, MODULUS - 1, 0, -2]
    basis = lagrange_basis(4, point)
    expected = sum(v * term for v, term in zip(values, basis, strict=False)) % MODULUS
    columns = [values, [], [5], values + [0] * 11]
    assert evaluate_public(columns, 4, point) == [expected, 0, 5 * basis[0] % MODULUS, expected]
    assert evaluate_public([], 4, point) == []


def test_what_does_not_fit_the_domain_raises() -> None:
    with pytest.raises(ValueError):
        evaluate_public([[1], [0] * 5], 2, 9)


def test_vanishing_is_zero_exactly_on_the_domain() -> None:
    domain = powers(root_of_unity(4), 16)
    assert all(vanishing(16, point) == 0 for point in domain)
    assert vanishing(16, root_of_unity(5)) == MODULUS - 2
    assert vanishing(16, 0) == MODULUS - 1


@pytest.mark.parametrize("index", (0, 1, 7, 15))
def test_a_challenge_in_the_domain_is_refused(index: int) -> None:
    point = pow(root_of_unity(4), index, MODULUS)
    columns: list[list[list[int]]] = [[[1, 2]], [[0] * 16], []]
    for each in columns:
        with pytest.raises(ChallengeInDomainError) as refused:
            evaluate_public(each, 4, point)
        assert refused.value.exit_code is ExitCode.INTERNAL
