"""Every engine against the reference: vectors, polynomials and transforms.

One body for all engines, so that an engine that is added is held to the same contract. The
reference itself runs through it too, which keeps the tests honest about shapes and errors.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.unit.algebra.samples import (
    EDGE_SCALARS,
    SIZES,
    integers_of,
    limbs_of,
    random_scalars,
)
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.engine import Engine, Vector
from zkroute.algebra.scalars import MODULUS

SHIFTS = (1, 5, 7, MODULUS - 1)


@pytest.mark.parametrize("size", (0, *SIZES))
def test_values_leave_as_they_came(engine: Engine, rng: random.Random, size: int) -> None:
    values = random_scalars(rng, size)
    vector = engine.load(limbs_of(values))
    assert engine.length(vector) == size
    assert engine.to_integers(vector) == values
    stored = engine.store(vector)
    assert stored.dtype == np.uint64
    assert stored.shape == (size, 4)
    assert integers_of(stored) == values
    assert engine.to_integers(engine.from_integers(values)) == values


@pytest.mark.parametrize("count", (1, 2, 3, 4))
def test_narrow_limbs_load(engine: Engine, rng: random.Random, count: int) -> None:
    bits = min(64 * count, 254)
    values = [*random_scalars(rng, 30, bits), (1 << min(bits, 253)) - 1]
    assert engine.to_integers(engine.load(limbs_of(values, count))) == values


def test_strided_and_read_only_limbs_load(engine: Engine, rng: random.Random) -> None:
    values = random_scalars(rng, 40)
    limbs = limbs_of(values)
    limbs.flags.writeable = False
    assert engine.to_integers(engine.load(limbs)) == values
    assert engine.to_integers(engine.load(limbs[::2])) == values[::2]
    assert engine.to_integers(engine.load(limbs[::-1])) == values[::-1]
    narrow = [value & ((1 << 128) - 1) for value in values]
    assert engine.to_integers(engine.load(limbs[:, :2])) == narrow


def test_integers_are_reduced(engine: Engine) -> None:
    values = [-1, MODULUS, MODULUS + 1, -MODULUS, 3 * MODULUS - 2, 1 << 300]
    assert engine.to_integers(engine.from_integers(values)) == [v % MODULUS for v in values]


@pytest.mark.parametrize("size", SIZES)
def test_add_multiply_scale(
    engine: Engine, reference: Engine, rng: random.Random, size: int
) -> None:
    left, right = random_scalars(rng, size), random_scalars(rng, size)[::-1]
    ours = engine.from_integers(left), engine.from_integers(right)
    assert engine.to_integers(engine.add(*ours)) == reference.add(left, right)
    assert engine.to_integers(engine.multiply(*ours)) == reference.multiply(left, right)
    for factor in (0, 1, -1, MODULUS, rng.randrange(MODULUS)):
        assert engine.to_integers(engine.scale(ours[0], factor)) == reference.scale(left, factor)


def test_every_pair_of_edge_values(engine: Engine, reference: Engine) -> None:
    left = [a for a in EDGE_SCALARS for _ in EDGE_SCALARS]
    right = [b for _ in EDGE_SCALARS for b in EDGE_SCALARS]
    ours = engine.from_integers(left), engine.from_integers(right)
    assert engine.to_integers(engine.add(*ours)) == reference.add(left, right)
    assert engine.to_integers(engine.multiply(*ours)) == reference.multiply(left, right)


@pytest.mark.parametrize("size", (*SIZES, 5000))
def test_inverse(engine: Engine, rng: random.Random, size: int) -> None:
    values = [value or 1 for value in random_scalars(rng, size)]
    vector = engine.from_integers(values)
    product = engine.multiply(engine.inverse(vector), vector)
    assert engine.to_integers(product) == [1] * size


@pytest.mark.parametrize("position", (0, 1, 63, 64, 998, 999))
def test_inverse_of_a_zero_raises(engine: Engine, rng: random.Random, position: int) -> None:
    values = [value or 1 for value in random_scalars(rng, 1000)]
    values[position] = 0
    with pytest.raises(ZeroDivisionError):
        engine.inverse(engine.from_integers(values))


@pytest.mark.parametrize("size", (*SIZES, 5000))
def test_running_sum(engine: Engine, reference: Engine, rng: random.Random, size: int) -> None:
    values = random_scalars(rng, size)
    sums, total = engine.running_sum(engine.from_integers(values))
    assert (engine.to_integers(sums), total) == reference.running_sum(values)


@pytest.mark.parametrize(
    "sizes", ((), (1,), (7,), (8, 8), (3, 100, 17), (129, 64, 0, 128), (5000, 9))
)
def test_linear_combination(
    engine: Engine, reference: Engine, rng: random.Random, sizes: tuple[int, ...]
) -> None:
    vectors = [random_scalars(rng, size) for size in sizes]
    scalars = [rng.choice((0, 1, -1, MODULUS + 3, rng.randrange(MODULUS))) for _ in sizes]
    ours = engine.linear_combination([engine.from_integers(v) for v in vectors], scalars)
    assert engine.to_integers(ours) == reference.linear_combination(vectors, scalars)


@pytest.mark.parametrize("sizes", ((1,), (3, 4), (64, 0, 1, 63), (129, 1000)))
def test_concatenate_and_slice(engine: Engine, rng: random.Random, sizes: tuple[int, ...]) -> None:
    parts = [random_scalars(rng, size) for size in sizes]
    joined = engine.concatenate([engine.from_integers(part) for part in parts])
    flat = [value for part in parts for value in part]
    assert engine.to_integers(joined) == flat
    for start, stop in (
        (0, len(flat)),
        (0, 0),
        (len(flat), len(flat)),
        (len(flat) // 3, len(flat)),
    ):
        piece = engine.slice(joined, start, stop)
        assert engine.length(piece) == stop - start
        assert engine.to_integers(piece) == flat[start:stop]


def test_a_slice_computes_like_a_vector(engine: Engine, reference: Engine) -> None:
    # an engine may return a view or keep padding: neither may show
    values = list(range(1, 101))
    piece = engine.slice(engine.from_integers(values), 3, 67)
    expected = values[3:67]
    assert engine.to_integers(engine.multiply(piece, piece)) == [v * v for v in expected]
    assert engine.to_integers(engine.interpolate(piece)) == reference.interpolate(expected)
    assert engine.evaluate(piece, 11) == reference.evaluate(expected, 11)
    assert engine.running_sum(piece)[1] == sum(expected)


@pytest.mark.parametrize("log_size", range(13))
def test_interpolate(engine: Engine, reference: Engine, rng: random.Random, log_size: int) -> None:
    values = random_scalars(rng, 1 << log_size)
    ours = engine.interpolate(engine.from_integers(values))
    assert engine.to_integers(ours) == reference.interpolate(values)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("log_size", (0, 1, 2, 3, 5, 8, 11))
def test_coset_transforms(
    engine: Engine, reference: Engine, rng: random.Random, log_size: int, shift: int
) -> None:
    values = random_scalars(rng, 1 << log_size)
    vector = engine.from_integers(values)
    there = engine.evaluate_on_coset(vector, log_size, shift)
    assert engine.to_integers(there) == reference.evaluate_on_coset(values, log_size, shift)
    assert engine.to_integers(engine.interpolate_from_coset(there, shift)) == values


@pytest.mark.parametrize("log_size", (0, 1, 3, 6, 10))
@pytest.mark.parametrize("shift", (1, 5))
def test_evaluation_of_other_lengths(
    engine: Engine, reference: Engine, rng: random.Random, log_size: int, shift: int
) -> None:
    size = 1 << log_size
    for length in (0, 1, size - 1, size + 1, size + 5, 2 * size, 3 * size + 2, 4 * size):
        values = random_scalars(rng, length)
        ours = engine.evaluate_on_coset(engine.from_integers(values), log_size, shift)
        assert engine.to_integers(ours) == reference.evaluate_on_coset(values, log_size, shift)


@pytest.mark.parametrize("count", (0, 1, 2, 7))
@pytest.mark.parametrize("log_size", (3, 7))
def test_many_columns_are_transformed_as_each_would_be(
    engine: Engine, reference: Engine, rng: random.Random, log_size: int, count: int
) -> None:
    size = 1 << log_size
    columns = [random_scalars(rng, size) for _ in range(count)]
    vectors = [engine.from_integers(column) for column in columns]
    interpolated = engine.interpolate_all(vectors)
    assert list(map(engine.to_integers, interpolated)) == list(map(reference.interpolate, columns))
    longer = [column + random_scalars(rng, position) for position, column in enumerate(columns)]
    vectors = [engine.from_integers(column) for column in longer]
    there = engine.evaluate_all_on_coset(vectors, log_size, 5)
    assert list(map(engine.to_integers, there)) == [
        reference.evaluate_on_coset(column, log_size, 5) for column in longer
    ]


@pytest.mark.parametrize("log_size", (14, 16))
def test_large_transforms_at_sampled_points(
    compiled_engine: Engine, rng: random.Random, log_size: int
) -> None:
    coefficients = [rng.randrange(MODULUS) for _ in range(1 << log_size)]
    shift = 5
    vector = compiled_engine.from_integers(coefficients)
    values = compiled_engine.evaluate_on_coset(vector, log_size, shift)
    root = root_of_unity(log_size)
    for index in (0, 1, (1 << log_size) - 1, rng.randrange(1 << log_size)):
        point = shift * pow(root, index, MODULUS) % MODULUS
        expected = 0
        for coefficient in reversed(coefficients):
            expected = (expected * point + coefficient) % MODULUS
        assert compiled_engine.to_integers(compiled_engine.slice(values, index, index + 1)) == [
            expected
        ]
        assert compiled_engine.evaluate(vector, point) == expected
    assert (
        compiled_engine.to_integers(compiled_engine.interpolate_from_coset(values, shift))
        == coefficients
    )


@pytest.mark.parametrize("size", (0, *SIZES, 5000))
def test_evaluate(engine: Engine, reference: Engine, rng: random.Random, size: int) -> None:
    values = random_scalars(rng, size)
    vector = engine.from_integers(values)
    for point in (0, 1, -1, MODULUS, rng.randrange(MODULUS)):
        assert engine.evaluate(vector, point) == reference.evaluate(values, point)


@pytest.mark.parametrize("size", (*SIZES, 5000))
def test_divide_by_linear(engine: Engine, reference: Engine, rng: random.Random, size: int) -> None:
    values = random_scalars(rng, size)
    vector = engine.from_integers(values)
    for point in (0, 1, -1, rng.randrange(MODULUS)):
        quotient = engine.divide_by_linear(vector, point)
        assert engine.length(quotient) == size - 1
        assert engine.to_integers(quotient) == reference.divide_by_linear(values, point)


def test_shapes_that_do_not_fit_raise(engine: Engine) -> None:
    three, four = engine.from_integers([1, 2, 3]), engine.from_integers([1, 2, 3, 4])
    requests: list[Callable[[], object]] = [
        lambda: engine.add(three, four),
        lambda: engine.multiply(four, three),
        lambda: engine.linear_combination([three, four], [1]),
        lambda: engine.slice(three, 1, 4),
        lambda: engine.slice(three, -1, 2),
        lambda: engine.slice(three, 2, 1),
        lambda: engine.interpolate(three),
        lambda: engine.interpolate(engine.from_integers([])),
        lambda: engine.interpolate_from_coset(three, 5),
        lambda: engine.evaluate_on_coset(
            three, 40, 1
        ),  # an engine that allocates first fails at once
        lambda: engine.divide_by_linear(engine.from_integers([]), 1),
        lambda: engine.load(np.zeros((2, 5), dtype=np.uint64)),
        lambda: engine.load(np.zeros(4, dtype=np.uint64)),
    ]
    for index, request in enumerate(requests):
        with pytest.raises(ValueError):
            pytest.fail(f"request {index} was answered: {request()!r}")


def test_inputs_are_never_modified(engine: Engine, rng: random.Random) -> None:
    values = [value or 1 for value in random_scalars(rng, 256)]
    limbs = limbs_of(values)
    vector, other = engine.load(limbs), engine.from_integers(values[::-1])
    operations: list[Callable[[Vector], object]] = [
        lambda v: engine.add(v, other),
        lambda v: engine.multiply(v, other),
        lambda v: engine.scale(v, 3),
        engine.inverse,
        engine.running_sum,
        lambda v: engine.linear_combination([v, other], [2, 3]),
        lambda v: engine.concatenate([v, other]),
        lambda v: engine.concatenate([v]),
        lambda v: engine.slice(v, 0, 100),
        engine.interpolate,
        lambda v: engine.evaluate_on_coset(v, 8, 5),
        lambda v: engine.evaluate_on_coset(v, 4, 5),
        lambda v: engine.interpolate_from_coset(v, 5),
        lambda v: engine.evaluate(v, 9),
        lambda v: engine.divide_by_linear(v, 9),
    ]
    for operation in operations:
        operation(vector)
        assert engine.to_integers(vector) == values
        assert engine.to_integers(other) == values[::-1]
    assert integers_of(limbs) == values


def test_engines_serve_several_threads(engine: Engine, reference: Engine) -> None:
    def work(seed: int) -> bool:
        rng = random.Random(seed)
        values = random_scalars(rng, 512)
        vector = engine.from_integers(values)
        transformed = engine.evaluate_on_coset(vector, 9, 5)
        return (
            engine.to_integers(transformed) == reference.evaluate_on_coset(values, 9, 5)
            and engine.evaluate(vector, seed) == reference.evaluate(values, seed)
            and engine.running_sum(vector)[1] == sum(values) % MODULUS
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(16)))
