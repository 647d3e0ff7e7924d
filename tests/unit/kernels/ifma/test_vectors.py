"""Whole vectors against lists of integers, at lengths around blocks and around threads' pieces."""

from __future__ import annotations

import random
from itertools import accumulate

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import (
    PIECE,
    SIZES,
    R,
    edges,
    from_montgomery,
    scalars,
    values_of,
)
from zkroute.kernels.ifma import vectors
from zkroute.kernels.ifma.memory import blocks_of, integers_of, rows_of, vector_of


@pytest.mark.parametrize("size", (0, *SIZES))
@pytest.mark.parametrize("width", (1, 2, 3, 4))
def test_loading_and_storing(rng: random.Random, size: int, width: int) -> None:
    numbers = [value % (1 << 64 * width) for value in scalars(rng, size)]
    data = b"".join(value.to_bytes(8 * width, "little") for value in numbers)
    limbs = np.frombuffer(data, dtype=np.uint64).reshape(size, width)
    vector = vectors.load(limbs)
    assert values_of(vector) == numbers
    stored = vectors.store(vector)
    assert stored.tobytes() == b"".join(value.to_bytes(32, "little") for value in numbers)


def test_constants(rng: random.Random) -> None:
    numbers = scalars(rng, 16)
    assert from_montgomery(blocks_of(numbers)) == numbers
    assert integers_of(blocks_of(numbers)) == numbers
    assert values_of(vector_of(numbers[:11])) == numbers[:11]
    assert rows_of(numbers).shape == (16, 5)


@pytest.mark.parametrize("size", SIZES)
def test_elementwise_operations(rng: random.Random, size: int) -> None:
    a, b = scalars(rng, size), scalars(rng, size)[::-1]
    left, right = vector_of(a), vector_of(b)
    pairs = list(zip(a, b, strict=True))
    assert values_of(vectors.add(left, right)) == [(x + y) % R for x, y in pairs]
    assert values_of(vectors.multiply(left, right)) == [x * y % R for x, y in pairs]
    for factor in (0, -1, R + 2, rng.randrange(R)):
        assert values_of(vectors.scale(left, factor)) == [x * factor % R for x in a]


def test_long_chains_of_operations_stay_loose(rng: random.Random) -> None:
    numbers = scalars(rng, 40)
    vector = vector_of(numbers)
    for _ in range(50):
        vector = vectors.add(vector, vector)
        vector = vectors.multiply(vector, vectors.add(vector, vector))
        numbers = [8 * value * value % R for value in numbers]
        assert values_of(vector) == numbers


@pytest.mark.parametrize("size", (0, *SIZES))
def test_inverses(rng: random.Random, size: int) -> None:
    numbers = [value or 5 for value in scalars(rng, size)]
    assert values_of(vectors.inverse(vector_of(numbers))) == [pow(v, -1, R) for v in numbers]


@pytest.mark.parametrize("size", SIZES)
def test_a_zero_anywhere_has_no_inverse(rng: random.Random, size: int) -> None:
    for position in {0, size // 2, size - 1}:
        numbers = [value or 5 for value in scalars(rng, size)]
        numbers[position] = 0
        with pytest.raises(ZeroDivisionError):
            vectors.inverse(vector_of(numbers))


def test_a_zero_that_is_the_modulus_has_no_inverse() -> None:
    # 1 + (r - 1) is loose and not canonical
    total = vectors.add(vector_of([1] * 9), vector_of([R - 1] * 9))
    with pytest.raises(ZeroDivisionError):
        vectors.inverse(total)


@pytest.mark.parametrize("size", (0, *SIZES))
def test_running_sums(rng: random.Random, size: int) -> None:
    for numbers in (scalars(rng, size), [R - 1] * size):
        sums, total = vectors.running_sum(vector_of(numbers))
        expected = list(accumulate(numbers, initial=0))
        assert values_of(sums) == [value % R for value in expected[:-1]]
        assert total == expected[-1] % R


@pytest.mark.parametrize("count", (0, 1, 3, 32, 33, 100))
def test_linear_combinations(rng: random.Random, count: int) -> None:
    sizes = [rng.choice((1, 9, 40, PIECE + 5)) for _ in range(count)]
    numbers = [[rng.choice(edges(R)) for _ in range(size)] for size in sizes]
    factors = [rng.choice((0, 1, -1, R - 1, rng.randrange(R))) for _ in range(count)]
    total = vectors.linear_combination([vector_of(row) for row in numbers], factors)
    expected = [0] * max(sizes, default=0)
    for factor, row in zip(factors, numbers, strict=True):
        for i, value in enumerate(row):
            expected[i] = (expected[i] + factor * value) % R
    assert values_of(total) == expected


def test_linear_combinations_of_the_largest_values() -> None:
    # every vector as large as loose elements get, so that unreduced sums are at their bound
    largest = vector_of([R - 1] * 16)
    for _ in range(3):
        largest = vectors.add(largest, vector_of([R - 1] * 16))
    (value,) = set(values_of(largest))
    total = vectors.linear_combination([largest] * 200, [R - 1] * 200)
    assert values_of(total) == [-200 * value % R] * 16


@pytest.mark.parametrize("sizes", ((), (0, 0), (8, 16, 3), (3, 8, 16), (PIECE, 1, 7, 9)))
def test_joining_and_cutting(rng: random.Random, sizes: tuple[int, ...]) -> None:
    numbers = [scalars(rng, size) for size in sizes]
    joined = vectors.concatenate([vector_of(row) for row in numbers])
    flat = [value for row in numbers for value in row]
    assert values_of(joined) == flat
    for start, stop in ((0, len(flat)), (len(flat) // 2, len(flat)), (3, 8), (8, 13), (16, 16)):
        if start <= stop <= len(flat):
            assert values_of(vectors.cut(joined, start, stop)) == flat[start:stop]
