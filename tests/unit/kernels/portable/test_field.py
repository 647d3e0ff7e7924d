"""Field arithmetic against plain integers, on every pair of edge values."""

from __future__ import annotations

from itertools import product
from typing import Any

import numba
import numpy as np
import pytest

from tests.unit.kernels.portable.samples import RADIX, P, R, integers, values, words
from zkroute.kernels.portable import element, field

OPERATIONS = {
    "add r": (field.add_mod_r, R, lambda a, b: a + b),
    "add p": (field.add_mod_p, P, lambda a, b: a + b),
    "subtract r": (field.subtract_mod_r, R, lambda a, b: a - b),
    "subtract p": (field.subtract_mod_p, P, lambda a, b: a - b),
    "multiply r": (field.multiply_mod_r, R, lambda a, b: a * b * pow(RADIX, -1, R)),
    "multiply p": (field.multiply_mod_p, P, lambda a, b: a * b * pow(RADIX, -1, P)),
}


def over_arrays(operation: Any) -> Any:
    """The operation on elements as a function (output, left, right) on arrays."""
    load, store = element.load, element.store

    @numba.njit
    def apply(output: Any, left: Any, right: Any) -> None:
        for row in range(len(left)):
            store(output, row, operation(load(left, row), load(right, row)))

    return apply


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_on_all_pairs_of_edge_values(name: str) -> None:
    operation, modulus, twin = OPERATIONS[name]
    pairs = list(product(values(modulus, 30), repeat=2))
    left = words([pair[0] for pair in pairs])
    output = np.empty_like(left)
    over_arrays(operation)(output, left, words([pair[1] for pair in pairs]))
    assert integers(output) == [twin(*pair) % modulus for pair in pairs]


LOOSE = {
    "add": (field.add_loose_r, 2, lambda a, b: a + b),
    "subtract": (field.subtract_loose_r, 2, lambda a, b: a - b),
    "subtract unreduced": (field.subtract_unreduced_r, 4, lambda a, b: a - b),
    "multiply": (field.multiply_loose_r, 2, lambda a, b: a * b * pow(RADIX, -1, R)),
}


@pytest.mark.parametrize("name", LOOSE)
def test_loose_operations_keep_their_bounds(name: str) -> None:
    operation, bound, twin = LOOSE[name]
    loose = [value + lift for value in values(R, 20) for lift in (0, R)]
    pairs = list(product(loose, repeat=2))
    left = words([pair[0] for pair in pairs])
    output = np.empty_like(left)
    over_arrays(operation)(output, left, words([pair[1] for pair in pairs]))
    found = integers(output)
    assert max(found) < bound * R
    assert [value % R for value in found] == [twin(*pair) % R for pair in pairs]


def test_loose_product_of_what_a_butterfly_multiplies() -> None:
    # a root below r and a difference below 4r, on either side
    pairs = list(product(values(R, 20), [v + lift * R for v in values(R, 20) for lift in range(4)]))
    small, large = words([pair[0] for pair in pairs]), words([pair[1] for pair in pairs])
    expected = [a * b * pow(RADIX, -1, R) % R for a, b in pairs]
    for left, right in ((small, large), (large, small)):
        output = np.empty_like(left)
        over_arrays(field.multiply_loose_r)(output, left, right)
        assert max(integers(output)) < 2 * R
        assert [value % R for value in integers(output)] == expected


def test_reduction() -> None:
    load, store, reduce_r = element.load, element.store, field.reduce_r

    @numba.njit
    def reduce_all(output: Any, array: Any) -> None:
        for row in range(len(array)):
            store(output, row, reduce_r(load(array, row)))

    given = [0, 1, R - 1, R, R + 1, 2 * R - 1]
    output = words(given)
    reduce_all(output, words(given))
    assert integers(output) == [value % R for value in given]


@pytest.mark.parametrize(
    ("operation", "modulus"),
    [
        (field.multiply_mod_r, R),
        (field.multiply_mod_p, P),
    ],
)
def test_right_factor_may_be_any_256_bit_integer(operation: Any, modulus: int) -> None:
    beyond = [RADIX - 1, RADIX - 2, modulus, modulus + 1, 2 * modulus, 5 * modulus - 1, 1 << 255]
    pairs = list(product(values(modulus, 20), beyond))
    left = words([pair[0] for pair in pairs])
    output = np.empty_like(left)
    over_arrays(operation)(output, left, words([pair[1] for pair in pairs]))
    inverse = pow(RADIX, -1, modulus)
    assert integers(output) == [a * b * inverse % modulus for a, b in pairs]


def test_comparisons() -> None:
    load, is_zero, equal = element.load, element.is_zero, element.equal

    @numba.njit
    def compare(left: Any, right: Any, found: Any) -> None:
        for row in range(len(left)):
            found[row, 0] = is_zero(load(left, row))
            found[row, 1] = equal(load(left, row), load(right, row))

    single_bits = [0, *(1 << bit for bit in range(0, 256, 17))]
    pairs = list(product(single_bits, repeat=2))
    found = np.zeros((len(pairs), 2), np.bool_)
    compare(words([a for a, _ in pairs]), words([b for _, b in pairs]), found)
    assert found.tolist() == [[a == 0, a == b] for a, b in pairs]


def test_constants_and_addresses() -> None:
    store, store_to, load_from = element.store, element.store_to, element.load_from
    zero, one_r, one_p = element.zero, field.one_mod_r, field.one_mod_p

    @numba.njit
    def constants(output: Any) -> None:
        store(output, 0, zero())
        store(output, 1, one_r())
        store(output, 2, one_p())
        address = np.int64(output.ctypes.data)
        store_to(address + 96, load_from(address + 32))

    output = np.ones((4, 4), np.uint64)
    constants(output)
    assert integers(output) == [0, RADIX % R, RADIX % P, RADIX % R]


def test_prefetch_reads_and_writes_nothing() -> None:
    prefetch = element.prefetch

    @numba.njit
    def ask(array: Any) -> None:
        for row in range(-5, 100):
            prefetch(array, row)

    array = words([1, 2, 3])
    ask(array)
    assert integers(array) == [1, 2, 3]
