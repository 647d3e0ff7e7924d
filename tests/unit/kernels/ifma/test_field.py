"""Arithmetic on lanes against integers, at the edges of the bounds each operation states."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.unit.kernels.ifma.samples import (
    LIMB,
    RADIX,
    blocks,
    compiled,
    edges,
    integers,
    loose_integers,
)
from zkroute.kernels.ifma import base_field, scalar_field
from zkroute.kernels.ifma.blocks import load, store
from zkroute.kernels.ifma.field import add_product, no_products
from zkroute.kernels.ifma.lanes import carry, raw_add, raw_subtract
from zkroute.kernels.ifma.memory import aligned

FIELDS = pytest.mark.parametrize("field", (scalar_field, base_field), ids=("r", "p"))
UNIT = 1 << 254


def padded(values: list[int]) -> list[int]:
    return values + [values[0]] * (-len(values) % 8)


@FIELDS
def test_products(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    values = [edge + k * m for edge in edges(m) for k in (0, 1)]
    pairs = [(a, b) for a in values for b in values]
    # as large as the sum of ten columns, and one factor, may become
    pairs += [
        (98 * m // 10, 98 * m // 10),
        (RADIX - 1, 97 * m * m // RADIX),
        (41 * m, 23 * m // 10),
    ]
    pairs += [(rng.randrange(9 * m), rng.randrange(9 * m)) for _ in range(1000)]
    pairs += [(0, 0)] * (-len(pairs) % 8)
    left, right = zip(*pairs, strict=True)
    products = compiled(field.multiply)(blocks(left), blocks(right))
    inverse = pow(RADIX, -1, m)
    assert loose_integers(products, m) == [a * b * inverse % m for a, b in pairs]


@FIELDS
def test_products_ignore_what_stands_above_52_bits(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    left, right = ([rng.randrange(2 * m) for _ in range(80)] for _ in range(2))
    expected = compiled(field.multiply)(blocks(left), blocks(right))
    noise = np.array([rng.randrange(1 << 12) << 52 for _ in range(10 * 40)], dtype=np.uint64)
    dirty = blocks(left), blocks(right)
    dirty[0][:] |= noise.reshape(10, 5, 8)
    dirty[1][:] |= noise[::-1].reshape(10, 5, 8)
    assert np.array_equal(compiled(field.multiply)(*dirty), expected)


@FIELDS
def test_squares(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    values = padded([*edges(m), 9 * m - 1, *(rng.randrange(9 * m) for _ in range(500))])
    inverse = pow(RADIX, -1, m)
    squares = compiled(field.square)(blocks(values))
    assert loose_integers(squares, m) == [a * a * inverse % m for a in values]


@FIELDS
def test_products_of_small_factors_stay_as_small_as_formulas_assume(field: ModuleType) -> None:
    # elliptic curve formulas count on 1.2 m for loose factors, 1.4 m for factors below 4.7 m
    m = field.MODULUS
    for factor, bound in ((233, 120), (470, 140)):
        largest = [factor * m // 100 - 1 - k for k in range(4000)]
        products = integers(compiled(field.multiply)(blocks(largest), blocks(largest[::-1])))
        assert 100 * max(products) < bound * m


@FIELDS
def test_signed_reduction(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    near = [k * UNIT + d for k in range(-4, 5) for d in (-2, -1, 0, 1, 2)]
    values = [v for v in near if -4 * UNIT <= v < 4 * UNIT]
    values += [rng.randrange(-4 * UNIT, 4 * UNIT) for _ in range(1000)]
    values = padded(values)
    reduced = compiled(field.reduce)(blocks(values))
    assert loose_integers(reduced, m) == [v % m for v in values]


@FIELDS
def test_unsigned_reduction(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    near = [k * UNIT + d for k in range(9) for d in (-2, -1, 0, 1, 2)]
    values = [v for v in near if 0 <= v < 8 * UNIT]
    values += [rng.randrange(8 * UNIT) for _ in range(1000)]
    values = padded(values)
    reduced = compiled(field.reduce_sum)(blocks(values))
    assert loose_integers(reduced, m) == [v % m for v in values]


@FIELDS
def test_reductions_of_raw_sums_and_differences(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS

    @njit
    def work(sums: Any, differences: Any, a: Any, b: Any) -> None:
        total, rest = raw_add(load(a, 0), load(b, 0)), raw_subtract(load(a, 0), load(b, 0))
        store(sums, 0, field.reduce_sum(raw_add(raw_add(total, total), load(a, 0))))
        store(differences, 0, field.reduce(raw_add(rest, rest)))

    for _ in range(200):
        # limbs at their extremes make the top limb the worst guide to the value
        values = [[rng.choice((0, LIMB - 1)) for _ in range(4)] for _ in range(16)]
        whole = [
            sum(limb << 52 * i for i, limb in enumerate(low)) + (rng.randrange(2 * m) >> 208 << 208)
            for low in values
        ]
        a, b = whole[:8], whole[8:]
        sums, differences = aligned(1, 5, 8), aligned(1, 5, 8)
        work(sums, differences, blocks(a), blocks(b))
        assert loose_integers(sums, m) == [(3 * x + 2 * y) % m for x, y in zip(a, b, strict=True)]
        assert loose_integers(differences, m) == [
            2 * (x - y) % m for x, y in zip(a, b, strict=True)
        ]


@FIELDS
def test_differences_of_equal_values_are_zero(field: ModuleType) -> None:
    m = field.MODULUS

    @njit
    def work(result: Any, a: Any) -> None:
        store(result, 0, field.reduce(raw_subtract(load(a, 0), load(a, 0))))

    for value in (0, 1, m - 1, m, 2 * m + 5):
        result = aligned(1, 5, 8)
        work(result, blocks([value] * 8))
        assert loose_integers(result, m) == [0] * 8


@FIELDS
def test_canonical_values(field: ModuleType) -> None:
    m = field.MODULUS
    values = padded([0, 1, m - 1, m, m + 1, 2 * m - 1, (1 << 252) - 1, 1 << 252])
    assert integers(compiled(field.canonical)(blocks(values))) == [v % m for v in values]


@FIELDS
def test_values_out_of_montgomery_form(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    values = padded([0, m, 2 * m, *edges(m), *(rng.randrange(2 * m) for _ in range(100))])
    inverse = pow(RADIX, -1, m)
    plain = compiled(field.canonical)(compiled(field.reduce_product)(blocks(values)))
    assert integers(plain) == [v * inverse % m for v in values]


@FIELDS
def test_sums_of_products(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS

    @njit
    def work(result: Any, a: Any, b: Any) -> None:
        total = no_products()
        for i in range(len(a)):
            total = add_product(total, load(a, i), load(b, i))
        store(result, 0, field.reduce_products(total))

    loose = 233 * m // 100 - 1
    for a, b in (
        ([loose] * 256, [m - 1] * 256),
        ([rng.randrange(loose) for _ in range(256)], [rng.randrange(m) for _ in range(256)]),
    ):
        result = aligned(1, 5, 8)
        work(result, blocks(a), blocks(b))
        inverse = pow(RADIX, -1, m)
        expected = [
            sum(a[i] * b[i] for i in range(lane, 256, 8)) * inverse % m for lane in range(8)
        ]
        assert loose_integers(result, m) == expected


@FIELDS
def test_inverses(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS
    values = [v or 1 for v in (*edges(m), *(rng.randrange(2 * m) for _ in range(106)))]
    montgomery = RADIX * RADIX
    inverses = compiled(field.invert)(blocks(values))
    assert loose_integers(inverses, m) == [pow(v, -1, m) * montgomery % m for v in values]


@FIELDS
@pytest.mark.parametrize("zero", (0, 1, 2))
def test_a_zero_in_a_lane_makes_all_inverses_zero(field: ModuleType, zero: int) -> None:
    m = field.MODULUS
    inverses = compiled(field.invert)(blocks([1, 2, 3, zero * m, 5, 6, 7, 8]))
    assert loose_integers(inverses, m) == [0] * 8


@FIELDS
def test_filter_for_zeros(field: ModuleType, rng: random.Random) -> None:
    m = field.MODULUS

    @njit
    def work(a: Any) -> Any:
        return field.may_be_zero(load(a, 0))

    multiples = [m, 2 * m, 3 * m, 4 * m, 5 * m]
    others = [m + 1, m - 1, *(rng.randrange(1, 6 * m) for _ in range(40))]
    assert work(blocks(padded(multiples))) == 0xFF
    assert work(blocks([others[0], multiples[2], *others[1:7]])) == 0b10
    assert work(blocks(others[:8])) == 0


def test_carries_keep_the_value(rng: random.Random) -> None:
    values = aligned(20, 5, 8)
    flat = [rng.randrange(-(1 << 58), 1 << 58) for _ in range(20 * 32)]
    values[:, :4] = np.array(flat, dtype=np.int64).astype(np.uint64).reshape(20, 4, 8)
    values[:, 4] = np.array([rng.randrange(1 << 50) for _ in range(160)], np.uint64).reshape(20, 8)
    carried = compiled(carry)(values)
    assert (carried[:, :4] < LIMB).all()
    signed = values.astype(np.int64).astype(object)
    for i in range(5):
        signed[:, i] *= 1 << 52 * i
    assert (signed.sum(axis=1).reshape(-1) == integers(carried)).all()
