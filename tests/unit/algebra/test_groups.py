"""Group arithmetic against py_ecc, which shares no code with it."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import optimized_bn128 as oracle

from tests.unit.algebra.samples import EDGE_SCALARS, KnownPoints, random_scalars
from zkroute.algebra.curve import signed_windows
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    add_g1,
    add_g2,
    add_pairs_g1,
    is_in_group_g2,
    is_on_curve_g1,
    is_on_twist,
    linear_combination_g1,
    multiply_g1,
    multiply_g2,
    negate_g1,
    sum_groups_g1,
)
from zkroute.algebra.scalars import MODULUS


def to_oracle_g1(point: PointG1) -> tuple:
    if point is None:
        return oracle.Z1
    return oracle.FQ(point[0]), oracle.FQ(point[1]), oracle.FQ(1)


def from_oracle_g1(point: tuple) -> PointG1:
    if oracle.is_inf(point):
        return None
    x, y = oracle.normalize(point)
    return x.n, y.n


def from_oracle_g2(point: tuple) -> PointG2:
    if oracle.is_inf(point):
        return None
    x, y = ((int(c[0]), int(c[1])) for c in (v.coeffs for v in oracle.normalize(point)))
    return x, y


def test_constants_are_py_eccs() -> None:
    assert oracle.field_modulus == FIELD_MODULUS
    assert from_oracle_g1(oracle.G1) == GENERATOR_G1
    assert from_oracle_g2(oracle.G2) == GENERATOR_G2


@pytest.mark.parametrize("scalar", (*EDGE_SCALARS, 3, 15, 16, 17, 31, 32, 33))
def test_multiples_of_the_generators(scalar: int) -> None:
    assert multiply_g1(GENERATOR_G1, scalar) == from_oracle_g1(oracle.multiply(oracle.G1, scalar))
    assert multiply_g2(GENERATOR_G2, scalar) == from_oracle_g2(oracle.multiply(oracle.G2, scalar))


@pytest.mark.parametrize("scalar", (-1, -MODULUS, MODULUS, MODULUS + 7, 5 * MODULUS - 3))
def test_scalars_count_modulo_the_order(scalar: int) -> None:
    assert multiply_g1(GENERATOR_G1, scalar) == multiply_g1(GENERATOR_G1, scalar % MODULUS)
    assert multiply_g2(GENERATOR_G2, scalar) == multiply_g2(GENERATOR_G2, scalar % MODULUS)


def test_sums_of_random_points(rng: random.Random) -> None:
    for _ in range(20):
        a, b = rng.randrange(MODULUS), rng.randrange(MODULUS)
        left, right = oracle.multiply(oracle.G1, a), oracle.multiply(oracle.G1, b)
        expected = from_oracle_g1(oracle.add(left, right))
        assert add_g1(from_oracle_g1(left), from_oracle_g1(right)) == expected


def test_exceptional_sums() -> None:
    point = multiply_g1(GENERATOR_G1, 5)
    assert add_g1(point, point) == multiply_g1(GENERATOR_G1, 10)
    assert add_g1(point, negate_g1(point)) is None
    assert add_g1(point, None) == add_g1(None, point) == point
    assert add_g1(None, None) is None
    assert negate_g1(None) is None
    twisted = multiply_g2(GENERATOR_G2, 5)
    assert add_g2(twisted, twisted) == multiply_g2(GENERATOR_G2, 10)
    assert add_g2(twisted, GENERATOR_G2) == multiply_g2(GENERATOR_G2, 6)
    assert add_g2(twisted, multiply_g2(GENERATOR_G2, MODULUS - 5)) is None
    assert add_g2(twisted, None) == add_g2(None, twisted) == twisted
    assert add_g2(None, None) is None
    assert multiply_g1(None, 5) is None
    assert multiply_g2(None, 5) is None


def test_one_batch_serves_every_kind_of_pair() -> None:
    point, other = multiply_g1(GENERATOR_G1, 5), multiply_g1(GENERATOR_G1, 9)
    pairs = [
        (point, other),
        (point, point),
        (point, negate_g1(point)),
        (None, point),
        (point, None),
    ]
    pairs += [(None, None), (other, point)]
    assert add_pairs_g1(pairs) == [add_g1(left, right) for left, right in pairs]
    assert add_pairs_g1([]) == []


def test_sums_of_groups(known_points: KnownPoints) -> None:
    points = known_points.points
    groups = [
        points[:7],
        [],
        points[3:4],
        [points[0], negate_g1(points[0])],
        [None, None],
        points[:64],
    ]
    expected = []
    for group in groups:
        total: PointG1 = None
        for point in group:
            total = add_g1(total, point)
        expected.append(total)
    assert sum_groups_g1(groups) == expected
    assert sum_groups_g1([]) == []


@given(st.one_of(st.sampled_from(EDGE_SCALARS), st.integers(0, MODULUS - 1)))
@settings(deadline=None)
def test_signed_windows_recompose(scalar: int) -> None:
    windows = signed_windows(scalar)
    assert sum(digit << bit for bit, digit in windows) == scalar
    assert all(digit % 2 and abs(digit) <= 15 for _, digit in windows)
    bits = [bit for bit, _ in windows]
    assert all(later - earlier >= 5 for earlier, later in pairwise(bits))


@pytest.mark.parametrize("count", (1, 2, 3, 20))
def test_linear_combination(rng: random.Random, count: int) -> None:
    points = [
        from_oracle_g1(oracle.multiply(oracle.G1, rng.randrange(MODULUS))) for _ in range(count)
    ]
    scalars = random_scalars(rng, count)
    expected = oracle.Z1
    for point, scalar in zip(points, scalars, strict=True):
        expected = oracle.add(expected, oracle.multiply(to_oracle_g1(point), scalar))
    assert linear_combination_g1(points, scalars) == from_oracle_g1(expected)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((0, 1, 2, 3, 7, MODULUS - 1, MODULUS - 2)),
            st.sampled_from((0, 1, 2, 15, 16, -1, MODULUS, MODULUS - 1, 1 << 200)),
        ),
        max_size=12,
    )
)
@settings(deadline=None)
def test_linear_combination_of_colliding_points(terms: list[tuple[int, int]]) -> None:
    points = [multiply_g1(GENERATOR_G1, multiple) for multiple, _ in terms]
    expected = multiply_g1(GENERATOR_G1, sum(multiple * scalar for multiple, scalar in terms))
    assert linear_combination_g1(points, [scalar for _, scalar in terms]) == expected


def test_linear_combination_of_unequal_lists_raises() -> None:
    with pytest.raises(ValueError):
        linear_combination_g1([GENERATOR_G1], [1, 2])


def test_points_off_the_curve() -> None:
    assert is_on_curve_g1((1, 2))
    assert not is_on_curve_g1((1, 3))
    assert not is_on_curve_g1((1 + FIELD_MODULUS, 2))
    assert not is_on_curve_g1((1, 2 - FIELD_MODULUS))
    (x0, x1), y = GENERATOR_G2
    assert is_on_twist(GENERATOR_G2)
    assert not is_on_twist(((x1, x0), y))
    assert not is_on_twist(((x0 + FIELD_MODULUS, x1), y))


def twist_points(rng: random.Random, count: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Random points of the whole twist, square roots by the complex method."""
    p, found = FIELD_MODULUS, []
    while len(found) < count:
        x = (rng.randrange(p), rng.randrange(p))
        square = oracle.FQ2(x) ** 3 + oracle.b2
        real, imaginary = (int(c) for c in square.coeffs)
        norm_root = pow(real * real + imaginary * imaginary, (p + 1) // 4, p)
        for root in (norm_root, -norm_root):
            y0 = pow((real + root) * pow(2, -1, p), (p + 1) // 4, p)
            y1 = imaginary * pow(2 * y0, -1, p) % p
            if oracle.FQ2((y0, y1)) ** 2 == square:
                found.append((x, (y0, y1)))
                break
    return found


def test_group_membership_is_order_r(rng: random.Random) -> None:
    # the twist has order r times this cofactor; clearing it must lead into the group
    cofactor = 2 * FIELD_MODULUS - MODULUS
    for x, y in twist_points(rng, 8):
        point = oracle.FQ2(x), oracle.FQ2(y), oracle.FQ2.one()
        assert is_on_twist((x, y))
        order_divides_r = oracle.is_inf(oracle.multiply(point, MODULUS))
        assert is_in_group_g2((x, y)) == order_divides_r
        assert not order_divides_r
        cleared = from_oracle_g2(oracle.multiply(point, cofactor))
        assert cleared is not None
        assert is_in_group_g2(cleared)
        assert not is_in_group_g2(from_oracle_g2(oracle.multiply(point, MODULUS)))


def test_group_membership_of_multiples() -> None:
    assert is_in_group_g2(None)
    assert all(is_in_group_g2(multiply_g2(GENERATOR_G2, scalar)) for scalar in EDGE_SCALARS)


def test_the_membership_proof_holds_for_these_constants() -> None:
    # (t - 1)^2 - t(t - 1) + p = r is what makes psi(P) = [t - 1]P imply [r]P = 0
    from zkroute.algebra.twist import CURVE_PARAMETER, TRACE_MINUS_ONE

    x, trace = CURVE_PARAMETER, TRACE_MINUS_ONE + 1
    assert 36 * x**4 + 36 * x**3 + 24 * x**2 + 6 * x + 1 == FIELD_MODULUS
    assert FIELD_MODULUS + 1 - trace == MODULUS
    assert TRACE_MINUS_ONE**2 - trace * TRACE_MINUS_ONE + FIELD_MODULUS == MODULUS
