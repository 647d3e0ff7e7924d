"""The compiled pairing: py_ecc's values coefficient by coefficient, its laws, EIP-197's vectors."""

from __future__ import annotations

import json
import random

import pytest
from py_ecc import optimized_bn128 as oracle

from tests.support.points import point_of
from tests.support.shared import shared_path
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    decode_g2,
    multiply_g1,
    multiply_g2,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import ONE, VerificationArithmetic

Pair = tuple[PointG1, PointG2]


def random_pair(rng: random.Random) -> Pair:
    left, right = (rng.randrange(1, MODULUS) for _ in range(2))
    return multiply_g1(GENERATOR_G1, left), multiply_g2(GENERATOR_G2, right)


def by_py_ecc(pair: Pair) -> oracle.FQ12:
    (x, y), (twist_x, twist_y) = pair  # type: ignore[misc]  # the pairs here are finite
    point = (oracle.FQ(x), oracle.FQ(y), oracle.FQ.one())
    twist_point = (oracle.FQ2(twist_x), oracle.FQ2(twist_y), oracle.FQ2.one())
    return oracle.pairing(twist_point, point)


def in_powers_of_w(value: tuple[int, ...]) -> oracle.FQ12:
    """py_ecc's form: u is w^6 - 9."""
    real, imaginary = value[::2], value[1::2]
    lower = [a - 9 * b for a, b in zip(real, imaginary, strict=True)]
    return oracle.FQ12([*lower, *imaginary])


def test_values_are_py_eccs(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, rng: random.Random
) -> None:
    pairs = [(GENERATOR_G1, GENERATOR_G2), random_pair(rng), random_pair(rng)]
    expected = oracle.FQ12.one()
    for pair in pairs:
        single = by_py_ecc(pair)
        assert in_powers_of_w(compiled.pairing_product([pair])) == single
        expected *= single
    assert in_powers_of_w(compiled.pairing_product(pairs)) == expected
    assert compiled.pairing_product(pairs) == reference.pairing_product(pairs)


@pytest.mark.parametrize("scalar", (2, 3, MODULUS - 1, MODULUS - 2, (MODULUS + 1) // 2))
def test_values_at_edges(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, scalar: int
) -> None:
    pair = (multiply_g1(GENERATOR_G1, scalar), multiply_g2(GENERATOR_G2, -scalar))
    assert compiled.pairing_product([pair]) == reference.pairing_product([pair])


def test_it_is_bilinear(compiled: VerificationArithmetic, rng: random.Random) -> None:
    for _ in range(20):
        a, b = (rng.randrange(1, MODULUS) for _ in range(2))
        point, twist_point = random_pair(rng)
        expected = compiled.pairing_product([(multiply_g1(point, a * b), twist_point)])
        for pair in (
            (multiply_g1(point, a), multiply_g2(twist_point, b)),
            (multiply_g1(point, b), multiply_g2(twist_point, a)),
            (point, multiply_g2(twist_point, a * b)),
        ):
            assert compiled.pairing_product([pair]) == expected
        assert expected != ONE
        parts = [(multiply_g1(point, a), twist_point), (multiply_g1(point, b), twist_point)]
        both = [(multiply_g1(point, a + b), twist_point)]
        assert compiled.pairing_product(parts) == compiled.pairing_product(both)


def test_values_have_order_r(compiled: VerificationArithmetic, rng: random.Random) -> None:
    value = in_powers_of_w(compiled.pairing_product([random_pair(rng)]))
    assert value**MODULUS == oracle.FQ12.one()
    assert value != oracle.FQ12.one()


def test_claims_true_and_false(compiled: VerificationArithmetic, rng: random.Random) -> None:
    for _ in range(20):
        tau, left = (rng.randrange(1, MODULUS) for _ in range(2))
        g2_tau = multiply_g2(GENERATOR_G2, tau)
        point = multiply_g1(GENERATOR_G1, left)
        right = multiply_g1(point, tau)
        assert compiled.pairing_product_is_one([(point, g2_tau), (negate_g1(right), GENERATOR_G2)])
        for wrong in (
            [(point, g2_tau), (right, GENERATOR_G2)],
            [(point, g2_tau), (negate_g1(point), GENERATOR_G2)],
            [(point, g2_tau), (None, GENERATOR_G2)],
            [(negate_g1(right), GENERATOR_G2)],
        ):
            assert not compiled.pairing_product_is_one(wrong)


def test_infinities_contribute_one(compiled: VerificationArithmetic, rng: random.Random) -> None:
    pair = random_pair(rng)
    value = compiled.pairing_product([pair])
    infinities: list[Pair] = [(None, GENERATOR_G2), (GENERATOR_G1, None), (None, None)]
    assert compiled.pairing_product([]) == ONE
    assert compiled.pairing_product_is_one(infinities)
    for infinity in infinities:
        assert compiled.pairing_product([infinity, pair]) == value
        assert compiled.pairing_product([pair, infinity]) == value


def test_opposite_and_repeated_pairs(compiled: VerificationArithmetic, rng: random.Random) -> None:
    point, twist_point = random_pair(rng)
    pair = (point, twist_point)
    assert compiled.pairing_product_is_one([pair, (negate_g1(point), twist_point)])
    assert compiled.pairing_product_is_one([pair, (point, multiply_g2(twist_point, MODULUS - 1))])
    doubled = compiled.pairing_product([(multiply_g1(point, 2), twist_point)])
    assert compiled.pairing_product([pair, pair]) == doubled


def test_points_that_are_none_raise(
    compiled: VerificationArithmetic, reference: VerificationArithmetic
) -> None:
    x, y = GENERATOR_G1 or (0, 0)
    (x0, x1), twist_y = GENERATOR_G2 or ((0, 0), (0, 0))
    for pair in (
        ((1, 3), GENERATOR_G2),
        ((0, 0), GENERATOR_G2),
        ((x + FIELD_MODULUS, y), GENERATOR_G2),
        ((x, y - FIELD_MODULUS), GENERATOR_G2),
        (GENERATOR_G1, ((1, 2), (3, 4))),
        (GENERATOR_G1, ((x0 + FIELD_MODULUS, x1), twist_y)),
        (GENERATOR_G1, ((0, 0), (0, 0))),
    ):
        for arithmetic in (compiled, reference):
            with pytest.raises(ValueError):
                arithmetic.pairing_product([pair])


def test_the_vectors_of_the_precompile(compiled: VerificationArithmetic) -> None:
    """go-ethereum's, as EIP-197 reads them."""
    cases = json.loads(shared_path("vectors", "go-ethereum", "bn256Pairing.json").read_text())
    assert len(cases) == 14
    for case in cases:
        data = bytes.fromhex(case["Input"])
        pairs = [
            (
                point_of(data[start : start + 64]),
                decode_g2(data[start + 64 : start + 192], "right", allow_infinity=True),
            )
            for start in range(0, len(data), 192)
        ]
        answer = int(compiled.pairing_product_is_one(pairs)).to_bytes(32, "big").hex()
        assert answer == case["Expected"], case["Name"]


@pytest.mark.slow
def test_many_values_are_the_references(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, rng: random.Random
) -> None:
    for count in (1, 2, 3) * 40:
        pairs = [random_pair(rng) for _ in range(count)]
        assert compiled.pairing_product(pairs) == reference.pairing_product(pairs)
