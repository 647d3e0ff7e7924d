"""The reference engine against galois and against what only it checks."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.unit.algebra.samples import limbs_of, point_limbs_of
from zkroute.algebra.domain import powers, root_of_unity
from zkroute.algebra.engine import Column, Engine, Operation, Program
from zkroute.algebra.groups import FIELD_MODULUS, GENERATOR_G1
from zkroute.algebra.reference_engine import make_engine
from zkroute.algebra.scalars import MODULUS


@pytest.fixture(scope="module")
def field() -> Any:
    galois = pytest.importorskip("galois")
    return galois.GF(MODULUS, primitive_element=5, verify=False)


def polynomial(field: Any, coefficients: list[int]) -> Any:
    import galois

    return galois.Poly(field(coefficients[::-1]))


@pytest.mark.parametrize("log_size", (0, 1, 2, 5))
@pytest.mark.parametrize("shift", (1, 5, MODULUS - 1))
def test_transforms(
    reference: Engine, field: Any, rng: random.Random, log_size: int, shift: int
) -> None:
    size = 1 << log_size
    for length in (size, size + 3):
        coefficients = [rng.randrange(MODULUS) for _ in range(length)]
        coset = [shift * power % MODULUS for power in powers(root_of_unity(log_size), size)]
        expected = [int(v) for v in polynomial(field, coefficients)(field(coset))]
        assert reference.evaluate_on_coset(coefficients, log_size, shift) == expected
        if length == size:
            assert reference.interpolate_from_coset(expected, shift) == coefficients
            if shift == 1:
                assert reference.interpolate(expected) == coefficients


def test_elementwise(reference: Engine, field: Any, rng: random.Random) -> None:
    left = [rng.randrange(1, MODULUS) for _ in range(40)]
    right = [rng.randrange(1, MODULUS) for _ in range(40)]
    a, b = field(left), field(right)
    assert reference.add(left, right) == [int(v) for v in a + b]
    assert reference.multiply(left, right) == [int(v) for v in a * b]
    assert reference.inverse(left) == [int(v) for v in a**-1]
    assert reference.scale(left, right[0]) == [int(v) for v in a * b[0]]
    combined = reference.linear_combination([left, right], [3, -4])
    assert combined == [int(v) for v in field(3) * a - field(4) * b]
    sums, total = reference.running_sum(left)
    assert [*sums, total] == [0, *(int(np.sum(a[:count])) for count in range(1, 41))]


@pytest.mark.parametrize("length", (1, 2, 30))
def test_polynomials(reference: Engine, field: Any, rng: random.Random, length: int) -> None:
    coefficients = [rng.randrange(1, MODULUS) for _ in range(length)]
    point = rng.randrange(MODULUS)
    whole = polynomial(field, coefficients)
    assert reference.evaluate(coefficients, point) == int(whole(field(point)))
    expected = whole // polynomial(field, [-point % MODULUS, 1])
    quotient = reference.divide_by_linear(coefficients, point)
    assert [int(v) for v in expected.coeffs[::-1]] == (quotient or [0])


def test_limbs_that_are_not_canonical_raise(reference: Engine) -> None:
    with pytest.raises(ValueError, match="below the group order"):
        reference.load(limbs_of([1, MODULUS]))
    with pytest.raises(ValueError, match="below the field modulus"):
        reference.load_points(point_limbs_of([(FIELD_MODULUS + 1, 2)]))
    with pytest.raises(ValueError, match="uint64"):
        reference.load(np.zeros((2, 4), dtype=np.int64))


def test_a_column_wider_than_it_says_raises(reference: Engine) -> None:
    bases = reference.load_points(point_limbs_of([GENERATOR_G1]))
    with pytest.raises(ValueError, match=r"not below 2\*\*8"):
        reference.multi_scalar_multiplication(bases, [Column(limbs_of([256], 1), 8)])


def test_an_unknown_operation_raises(reference: Engine) -> None:
    rows = np.array([(len(Operation), 0, 0, 0)], dtype=np.int32)
    with pytest.raises(ValueError, match="no operation"):
        reference.run(Program(rows, 1, 1), [[1]], [])


def test_only_the_reference_is_made_here() -> None:
    with pytest.raises(ValueError):
        make_engine("portable")
