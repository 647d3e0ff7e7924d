from __future__ import annotations

import random

import pytest
from py_ecc import optimized_bn128 as oracle

from zkroute.algebra.groups import (
    GENERATOR_G1,
    GENERATOR_G2,
    multiply_g1,
    multiply_g2,
    negate_g1,
    pairing_product_is_one,
)
from zkroute.algebra.pairing import final_power
from zkroute.algebra.scalars import MODULUS


def test_final_power_is_py_eccs_final_exponentiation(rng: random.Random) -> None:
    for _ in range(3):
        value = oracle.FQ12([rng.randrange(oracle.field_modulus) for _ in range(12)])
        assert final_power(value) == oracle.final_exponentiate(value)
    assert final_power(oracle.FQ12.one()) == oracle.FQ12.one()


def test_products_of_pairings(rng: random.Random) -> None:
    a, b, c = (rng.randrange(MODULUS) for _ in range(3))
    left = (multiply_g1(GENERATOR_G1, a), multiply_g2(GENERATOR_G2, b))
    right = (multiply_g1(GENERATOR_G1, -a * b), GENERATOR_G2)
    assert pairing_product_is_one([left, right])
    assert not pairing_product_is_one([left, (right[0], multiply_g2(GENERATOR_G2, c))])
    assert not pairing_product_is_one([left])


def test_three_pairs(rng: random.Random) -> None:
    a, b = rng.randrange(MODULUS), rng.randrange(MODULUS)
    pairs = [
        (multiply_g1(GENERATOR_G1, a), GENERATOR_G2),
        (multiply_g1(GENERATOR_G1, b), GENERATOR_G2),
        (multiply_g1(GENERATOR_G1, -a - b), GENERATOR_G2),
    ]
    assert pairing_product_is_one(pairs)
    assert not pairing_product_is_one(pairs[:2])


def test_infinities_contribute_one() -> None:
    assert pairing_product_is_one([])
    assert pairing_product_is_one([(None, GENERATOR_G2), (GENERATOR_G1, None), (None, None)])
    assert not pairing_product_is_one([(None, GENERATOR_G2), (GENERATOR_G1, GENERATOR_G2)])
    pair = [(GENERATOR_G1, GENERATOR_G2), (negate_g1(GENERATOR_G1), GENERATOR_G2)]
    assert pairing_product_is_one([*pair, (None, GENERATOR_G2)])


def test_points_off_their_curve_raise() -> None:
    with pytest.raises(ValueError):
        pairing_product_is_one([((1, 3), GENERATOR_G2)])
    with pytest.raises(ValueError):
        pairing_product_is_one([(GENERATOR_G1, ((1, 2), (3, 4)))])
