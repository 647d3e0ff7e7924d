"""Multi-scalar multiplications: by the width of the scalars, and many columns in one pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.conftest import Timing
from tests.benchmarks.samples import point_limbs, scalar_limbs, sum_of_multiples
from zkroute.algebra.engine import Column, Engine

WIDTHS = (1, 8, 16, 64, 128, 254)
COLUMNS = 16


@pytest.mark.benchmark(group="multi-scalar multiplication")
@pytest.mark.parametrize("bits", WIDTHS)
def test_one_column(engine: Engine, timing: Timing[Any], log_rows: int, bits: int) -> None:
    bases = engine.load_points(point_limbs(1 << log_rows))
    scalars = scalar_limbs(1 << log_rows, bits)
    columns = [Column(scalars, bits)]
    result = timing(lambda: engine.multi_scalar_multiplication(bases, columns))
    assert result == [sum_of_multiples(scalars)]


@pytest.mark.benchmark(group=f"multi-scalar multiplication, {COLUMNS} columns in one pass")
@pytest.mark.parametrize("bits", (1, 16, 254))
def test_many_columns(engine: Engine, timing: Timing[Any], log_rows: int, bits: int) -> None:
    log_rows -= 2  # wide columns take their time
    bases = engine.load_points(point_limbs(1 << log_rows))
    scalars = [scalar_limbs(1 << log_rows, bits, seed=10 + number) for number in range(COLUMNS)]
    columns = [Column(limbs, bits) for limbs in scalars]
    result = timing(lambda: engine.multi_scalar_multiplication(bases, columns))
    assert result[-1] == sum_of_multiples(scalars[-1])
    assert len(set(result)) == COLUMNS


@pytest.mark.benchmark(group="multi-scalar multiplication, one scalar again and again")
def test_repeated_scalar(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    bases = engine.load_points(point_limbs(1 << log_rows))
    scalars = scalar_limbs(1 << log_rows, 254)
    scalars[:] = scalars[0]
    columns = [Column(scalars, 254)]
    result = timing(lambda: engine.multi_scalar_multiplication(bases, columns))
    assert result == [sum_of_multiples(scalars)]
