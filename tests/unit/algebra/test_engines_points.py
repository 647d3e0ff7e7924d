"""Every engine against known discrete logarithms and the reference: sums of multiples of points."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.lagrange import lagrange_basis
from tests.unit.algebra.samples import (
    EDGE_SCALARS,
    KnownPoints,
    limbs_of,
    point_limbs_of,
    points_of,
    random_scalars,
)
from zkroute.algebra.domain import powers
from zkroute.algebra.engine import Column, Engine
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1, negate_g1
from zkroute.algebra.scalars import MODULUS

WIDTHS = (1, 2, 8, 13, 16, 32, 48, 63, 64, 65, 96, 128, 192, 253, 254)


def sum_columns(engine: Engine, points: list[PointG1], *columns: Column) -> list[PointG1]:
    bases = engine.load_points(point_limbs_of(points))
    return engine.multi_scalar_multiplication(bases, columns)


def column_of(values: list[int], bits: int = 254, limbs: int = 4) -> Column:
    return Column(limbs_of(values, limbs), bits)


def flags(rng: random.Random, count: int) -> list[int]:
    return [rng.randrange(2) for _ in range(count)]


def sparse(rng: random.Random, count: int) -> list[int]:
    return [rng.randrange(MODULUS) if rng.randrange(50) == 0 else 0 for _ in range(count)]


def few_distinct(rng: random.Random, count: int) -> list[int]:
    choices = [rng.randrange(MODULUS) for _ in range(3)]
    return [rng.choice(choices) for _ in range(count)]


def powers_of_two(rng: random.Random, count: int) -> list[int]:
    return [((1 << rng.randrange(254)) - rng.randrange(2)) % MODULUS for _ in range(count)]


def all_equal(rng: random.Random, count: int) -> list[int]:
    return [rng.randrange(MODULUS)] * count


DISTRIBUTIONS: dict[str, Callable[[random.Random, int], list[int]]] = {
    "random": lambda rng, count: [rng.randrange(MODULUS) for _ in range(count)],
    "edges": random_scalars,
    "zero": lambda _, count: [0] * count,
    "ones": lambda _, count: [1] * count,
    "minus ones": lambda _, count: [MODULUS - 1] * count,
    "all equal": all_equal,
    "few distinct": few_distinct,
    "sparse": sparse,
    "flags": flags,
    "powers of two": powers_of_two,
    "counting": lambda _, count: list(range(count)),
    "counting down from r": lambda _, count: [MODULUS - 1 - index for index in range(count)],
}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("count", (1, 2, 9, 300))
def test_distributions(
    engine: Engine, known_points: KnownPoints, rng: random.Random, distribution: str, count: int
) -> None:
    known = known_points.take(range(count))
    values = DISTRIBUTIONS[distribution](rng, count)
    assert sum_columns(engine, known.points, column_of(values)) == [known.sum(values)]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_distributions_over_many_points(
    compiled_engine: Engine, known_points: KnownPoints, rng: random.Random, distribution: str
) -> None:
    values = DISTRIBUTIONS[distribution](rng, len(known_points.points))
    answer = sum_columns(compiled_engine, known_points.points, column_of(values))
    assert answer == [known_points.sum(values)]


@pytest.mark.parametrize("bits", WIDTHS)
def test_widths(engine: Engine, known_points: KnownPoints, rng: random.Random, bits: int) -> None:
    known = known_points.take(range(500))
    values = random_scalars(rng, 499, bits)
    values.append(min(MODULUS, 1 << bits) - 1)
    narrow = column_of(values, bits, -(-bits // 64))
    answers = sum_columns(engine, known.points, narrow, column_of(values, bits))
    assert answers == [known.sum(values)] * 2


def test_columns_of_many_kinds_in_one_call(
    engine: Engine, known_points: KnownPoints, rng: random.Random
) -> None:
    known = known_points.take(range(200))
    kinds = [(1, 200), (254, 200), (16, 1), (64, 77), (254, 0), (128, 200), (8, 199)]
    values = [random_scalars(rng, count, bits) for bits, count in kinds]
    columns = [
        column_of(column, bits, -(-bits // 64))
        for column, (bits, _) in zip(values, kinds, strict=True)
    ]
    answers = sum_columns(engine, known.points, *columns)
    assert answers == [known.sum(column) for column in values]


def test_no_columns(engine: Engine, known_points: KnownPoints) -> None:
    assert sum_columns(engine, known_points.points[:4]) == []


@pytest.mark.parametrize("scalar", EDGE_SCALARS)
def test_one_point_times_each_edge_value(engine: Engine, scalar: int) -> None:
    expected = multiply_g1(GENERATOR_G1, scalar)
    assert sum_columns(engine, [GENERATOR_G1], column_of([scalar])) == [expected]


def test_opposite_points_meet_in_a_bucket(
    engine: Engine, known_points: KnownPoints, rng: random.Random
) -> None:
    points = known_points.points[:100]
    mirrored = [twin for point in points for twin in (point, negate_g1(point))]
    equal = [value for value in random_scalars(rng, 100) for _ in range(2)]
    assert sum_columns(engine, mirrored, column_of(equal)) == [None]
    assert sum_columns(engine, mirrored, column_of([7] * 200, 3, 1)) == [None]
    lone = [*equal[:-1], 0]
    expected = multiply_g1(points[-1], equal[-1])
    assert sum_columns(engine, mirrored, column_of(lone)) == [expected]


def test_opposite_scalars_of_one_point(engine: Engine, rng: random.Random) -> None:
    values = [value for value in random_scalars(rng, 50) for _ in range(2)]
    values[1::2] = [-value % MODULUS for value in values[1::2]]
    assert sum_columns(engine, [GENERATOR_G1] * 100, column_of(values)) == [None]


@pytest.mark.parametrize("count", (2, 3, 64, 257))
def test_one_point_repeated(engine: Engine, rng: random.Random, count: int) -> None:
    for values in (
        [1] * count,
        [MODULUS - 1] * count,
        [12345] * count,
        [rng.randrange(1 << 16) for _ in range(count)],
        [rng.randrange(MODULUS) for _ in range(count)],
    ):
        expected = multiply_g1(GENERATOR_G1, sum(values))
        points = [GENERATOR_G1] * count
        assert sum_columns(engine, points, column_of(values)) == [expected]


def test_buckets_where_sums_coincide(engine: Engine) -> None:
    # P + P, then 2P + 2P, then 4P + 4P: tree reductions meet doublings at every level, and
    # P + 2P + 3P next to 6P lets differently made sums be equal
    multiples = [1, 1, 1, 1, 2, 2, 4, 1, 2, 3, 6, MODULUS - 6, MODULUS - 12]
    points = [multiply_g1(GENERATOR_G1, multiple) for multiple in multiples]
    for value in (1, 3, 255, MODULUS - 1):
        expected = multiply_g1(GENERATOR_G1, value * sum(multiples))
        answer = sum_columns(engine, points, column_of([value] * len(points)))
        assert answer == [expected]


def test_points_at_infinity(engine: Engine, known_points: KnownPoints, rng: random.Random) -> None:
    known = known_points.take(range(120))
    points = [None if index % 3 == 0 else point for index, point in enumerate(known.points)]
    values = random_scalars(rng, 120)
    visible = [0 if index % 3 == 0 else value for index, value in enumerate(values)]
    equal = [9 if index % 3 else 0 for index in range(120)]
    answers = sum_columns(engine, points, column_of(values), column_of([9] * 120, 4, 1))
    assert answers == [known.sum(visible), known.sum(equal)]
    assert sum_columns(engine, [None] * 40, column_of(values[:40])) == [None]


def test_strided_columns(engine: Engine, known_points: KnownPoints, rng: random.Random) -> None:
    known = known_points.take(range(50))
    values = random_scalars(rng, 100)
    limbs = limbs_of(values)
    limbs.flags.writeable = False
    answers = sum_columns(engine, known.points, Column(limbs[::2], 254), Column(limbs[50:, :1], 64))
    lowest = [value & ((1 << 64) - 1) for value in values[50:]]
    assert answers == [known.sum(values[::2]), known.sum(lowest)]


def test_a_column_longer_than_the_bases_raises(engine: Engine) -> None:
    with pytest.raises(ValueError):
        sum_columns(engine, [GENERATOR_G1], column_of([1, 2]))


def test_bases_of_another_shape_raise(engine: Engine) -> None:
    with pytest.raises(ValueError):
        engine.load_points(np.zeros((3, 4), dtype=np.uint64))


def test_sums_from_several_threads(engine: Engine, known_points: KnownPoints) -> None:
    known = known_points.take(range(128))
    bases = engine.load_points(point_limbs_of(known.points))

    def work(seed: int) -> bool:
        values = random_scalars(random.Random(seed), 128)
        answer = engine.multi_scalar_multiplication(bases, [column_of(values)])
        return answer == [known.sum(values)]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


@pytest.mark.parametrize("count", (0, 1, 5, 8, 33, 200))
def test_fixed_base_powers(engine: Engine, rng: random.Random, count: int) -> None:
    scalars = random_scalars(rng, count)
    limbs = engine.fixed_base_powers(engine.from_integers(scalars))
    assert limbs.dtype == np.uint64
    assert limbs.shape == (count, 8)
    assert points_of(limbs) == [multiply_g1(GENERATOR_G1, scalar) for scalar in scalars]


@pytest.mark.parametrize("log_size", (0, 1, 2, 3, 5, 7))
def test_lagrange_points(engine: Engine, rng: random.Random, log_size: int) -> None:
    size = 1 << log_size
    tau = rng.randrange(MODULUS)
    monomials = engine.fixed_base_powers(engine.from_integers(powers(tau, size)))
    expected = engine.fixed_base_powers(engine.from_integers(lagrange_basis(log_size, tau)))
    assert np.array_equal(engine.lagrange_points(monomials), expected)


def test_lagrange_points_of_special_powers(engine: Engine) -> None:
    # tau = 0 gives infinities among the powers, tau in the domain gives them among the results
    for log_size, tau in ((3, 0), (3, 1), (4, MODULUS - 1)):
        size = 1 << log_size
        monomials = [multiply_g1(GENERATOR_G1, power) for power in powers(tau, size)]
        results = points_of(engine.lagrange_points(point_limbs_of(monomials)))
        expected: list[PointG1] = [None] * size
        if tau == 0:
            expected = [multiply_g1(GENERATOR_G1, pow(size, -1, MODULUS))] * size
        else:
            expected[0 if tau == 1 else size // 2] = GENERATOR_G1
        assert results == expected


def test_lagrange_points_of_another_size_raise(engine: Engine) -> None:
    with pytest.raises(ValueError):
        engine.lagrange_points(point_limbs_of([GENERATOR_G1] * 3))
