"""Vector kernels and their threaded wrappers against plain integers."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from tests.unit.kernels.portable.samples import R, from_montgomery, to_montgomery, values
from zkroute.kernels import _threads
from zkroute.kernels.portable import vector as kernels
from zkroute.kernels.portable import whole_vectors

LENGTHS = (0, 1, 2, 3, 4, 5, 31, 257, 2 * whole_vectors.SMALLEST_RANGE + 3)


@pytest.fixture(autouse=True, params=[1, 3])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ranges for one thread and for three, whatever this machine has."""
    monkeypatch.setattr(_threads, "thread_count", lambda: request.param)
    return int(request.param)


@pytest.mark.parametrize("length", LENGTHS)
def test_elementwise(length: int) -> None:
    left, right = values(R, length, 1), values(R, length, 2)[::-1]
    vectors = to_montgomery(left), to_montgomery(right)
    total = whole_vectors.elementwise(kernels.add_range, *vectors)
    product = whole_vectors.elementwise(kernels.multiply_range, *vectors)
    assert from_montgomery(total) == [(a + b) % R for a, b in zip(left, right, strict=True)]
    assert from_montgomery(product) == [a * b % R for a, b in zip(left, right, strict=True)]


@pytest.mark.parametrize("length", LENGTHS)
def test_inverse(length: int) -> None:
    given = [value or 5 for value in values(R, length)]
    inverse = whole_vectors.inverse(to_montgomery(given))
    assert from_montgomery(inverse) == [pow(value, -1, R) for value in given]


@pytest.mark.parametrize("place", [0, 17, 4098])
def test_inverse_refuses_a_zero_anywhere(place: int) -> None:
    given = [3] * 4099
    given[place] = 0
    with pytest.raises(ZeroDivisionError):
        whole_vectors.inverse(to_montgomery(given))


@pytest.mark.parametrize("length", LENGTHS)
def test_running_sum(length: int) -> None:
    given = values(R, length)
    sums, total = whole_vectors.running_sum(to_montgomery(given))
    prefixes = [value % R for value in accumulate(given, initial=0)]
    assert from_montgomery(sums) == prefixes[:-1]
    assert total == prefixes[-1]


@pytest.mark.parametrize("lengths", [(), (0,), (5,), (300, 1, 0, 256), (1, 4099, 2048)])
def test_linear_combination_pads_with_zeros(lengths: tuple[int, ...]) -> None:
    columns = [values(R, length, seed) for seed, length in enumerate(lengths)]
    scalars = values(R, 20)[1 : 1 + len(lengths)]
    vectors = [to_montgomery(column) for column in columns]
    combination = whole_vectors.linear_combination(vectors, scalars)
    expected = [
        sum(
            scalar * column[row]
            for scalar, column in zip(scalars, columns, strict=True)
            if row < len(column)
        )
        % R
        for row in range(max(lengths, default=0))
    ]
    assert from_montgomery(combination) == expected


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("size", [1, 2, 4, 64, 4096])
def test_folding_is_the_remainder_modulo_a_binomial(length: int, size: int) -> None:
    given = values(R, length)
    shift = 3 << 100
    expected = [0] * size
    for power, coefficient in enumerate(given):
        factor = pow(shift, power - power % size, R)
        expected[power % size] = (expected[power % size] + factor * coefficient) % R
    assert from_montgomery(whole_vectors.folded(to_montgomery(given), size, shift)) == expected


def horner(coefficients: list[int], point: int) -> list[int]:
    """All partial results, the highest coefficient's first."""
    results: list[int] = []
    for coefficient in reversed(coefficients):
        results.append(((results[-1] if results else 0) * point + coefficient) % R)
    return results


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("point", [0, 1, R - 1, 1 << 200])
def test_evaluate_and_divide(length: int, point: int) -> None:
    given = values(R, length)
    vector = to_montgomery(given)
    partial_results = horner(given, point)
    assert whole_vectors.evaluate(vector, point) == (partial_results[-1] if length else 0)
    if length:
        quotient = whole_vectors.divide_by_linear(vector, point)
        assert from_montgomery(quotient) == partial_results[-2::-1]


def test_vectors_are_never_changed() -> None:
    vector = to_montgomery(values(R, 100)[1:])
    before = vector.copy()
    whole_vectors.inverse(vector)
    whole_vectors.running_sum(vector)
    whole_vectors.divide_by_linear(vector, 3)
    whole_vectors.linear_combination([vector, vector], [1, 2])
    assert np.array_equal(vector, before)


def test_integers_and_words_are_inverse() -> None:
    given = values(1 << 256, 30)
    assert whole_vectors.integers(whole_vectors.words(given)) == given
    assert whole_vectors.canonical(whole_vectors.montgomery(given)) == [v % R for v in given]
