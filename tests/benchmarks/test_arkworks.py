"""The same work by ours and by arkworks, which must agree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.arkworks import PACKAGE, Arkworks
from tests.benchmarks.conftest import Timing
from tests.benchmarks.samples import point_limbs, scalar_limbs, sum_of_multiples
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.engine import engine as make_engine
from zkroute.algebra.scalars import MODULUS


@pytest.fixture(scope="module")
def arkworks() -> Arkworks:
    pytest.importorskip(PACKAGE, reason="the extra 'bench' is not installed")
    return Arkworks()


@pytest.mark.benchmark(group="multi-scalar multiplication")
def test_multiplication(arkworks: Arkworks, timing: Timing[Any], log_rows: int) -> None:
    points, scalars = point_limbs(1 << log_rows), scalar_limbs(1 << log_rows)
    multiply, convert = arkworks.multiplication(arkworks.load_points(points), scalars)
    assert arkworks.point(timing(multiply)) == sum_of_multiples(scalars)
    assert arkworks.point(convert()) is None


@pytest.mark.benchmark(group="transform")
def test_transform(arkworks: Arkworks, timing: Timing[Any], log_rows: int) -> None:
    ours = make_engine()
    limbs = scalar_limbs(1 << log_rows)
    transform, _ = arkworks.transform(limbs)
    found = timing(transform)
    expected = ours.to_integers(ours.evaluate_on_coset(ours.load(limbs), log_rows, 1))
    # the domain is the same, in the order of another root
    root, theirs = root_of_unity(log_rows), arkworks.root(1 << log_rows)
    positions = {pow(root, index, MODULUS): index for index in range(1 << log_rows)}
    order = [positions[pow(theirs, index, MODULUS)] for index in range(1 << log_rows)]
    assert found == [expected[index] for index in order]
