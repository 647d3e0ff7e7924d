"""Products, inversions and transforms of whole vectors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.conftest import Timing
from tests.benchmarks.samples import integers_of, scalar_limbs
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.engine import Engine
from zkroute.algebra.scalars import MODULUS


@pytest.mark.benchmark(group="product of vectors")
def test_product(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    left, right = (scalar_limbs(1 << log_rows, seed=seed) for seed in (1, 2))
    operands = engine.load(left), engine.load(right)
    product = timing(lambda: engine.multiply(*operands))
    factors = zip(integers_of(left), integers_of(right), strict=True)
    assert integers_of(engine.store(product)) == [a * b % MODULUS for a, b in factors]


@pytest.mark.benchmark(group="inversion of a vector")
def test_inversion(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    vector = engine.load(scalar_limbs(1 << log_rows))
    inverse = timing(lambda: engine.inverse(vector))
    assert set(engine.to_integers(engine.multiply(vector, inverse))) == {1}


@pytest.mark.benchmark(group="transform")
def test_transform(engine: Engine, timing: Timing[Any], transform_log_size: int) -> None:
    limbs = scalar_limbs(1 << transform_log_size)
    coefficients = engine.load(limbs)
    values = timing(lambda: engine.evaluate_on_coset(coefficients, transform_log_size, 1))
    # the values of a polynomial at 1 and at one more point of the domain
    assert engine.to_integers(engine.slice(values, 0, 1)) == [sum(integers_of(limbs)) % MODULUS]
    last = engine.evaluate(coefficients, pow(root_of_unity(transform_log_size), -1, MODULUS))
    assert engine.to_integers(engine.slice(values, len(limbs) - 1, len(limbs))) == [last]


@pytest.mark.benchmark(group="inverse transform")
def test_inverse_transform(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    values = engine.load(scalar_limbs(1 << log_rows))
    coefficients = timing(lambda: engine.interpolate(values))
    again = engine.evaluate_on_coset(coefficients, log_rows, 1)
    assert (engine.store(again) == engine.store(values)).all()
