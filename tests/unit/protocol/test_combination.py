"""Random combinations in G1 and G2, against plain sums; stray points of the twist always found."""

import secrets

import numpy as np
import pytest

from zkroute.algebra.engine import engine
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG2,
    add_g2,
    is_on_twist,
    multiply_g1,
    multiply_g2,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError
from zkroute.protocol.combination import combine_g1, combine_with_successors, random_coefficients
from zkroute.protocol.point_arrays import (
    array_from_points,
    check_point_array,
    decode_point_array,
    encode_point_array,
    points_from_array,
)
from zkroute.protocol.twist_combination import MAXIMUM_WINDOW_BITS, AffineG2, combine_g2

COFACTOR = 2 * FIELD_MODULUS - MODULUS
STRAY_OF_ORDER_10069: AffineG2 = (
    (
        0x217E53A295B38CCB72980E6E444AB1552B5D1B07058C95BE6D07CEE7C8276E81,
        0x03D636784D915DA206FBA461B5B2A44C2FB2FF76CCBC9930BC52C8858832D12F,
    ),
    (
        0x2B92BCE28056138E7431E6B2C51AD1655DE7D0967C3A3D052F868C1F459026CC,
        0x15368ADAD9C690DD7A726DBA728B0D02EEB4F9E93878FE151777E6BA07535A9B,
    ),
)


def affine(scalar: int) -> AffineG2:
    point = multiply_g2(GENERATOR_G2, scalar)
    assert point is not None
    return point


def draw(count: int) -> list[int]:
    return [secrets.randbits(128) for _ in range(count)]


# --- the twist ---


def test_cofactor_has_no_factor_below_the_window() -> None:
    """What the soundness of checking window sums rests on."""
    assert COFACTOR % 10069 == 0
    assert all(COFACTOR % factor for factor in range(2, 10069))
    assert 1 << MAXIMUM_WINDOW_BITS < 10069


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_combination_in_g2(count: int) -> None:
    scalars = [secrets.randbelow(MODULUS - 1) + 1 for _ in range(count)]
    coefficients = draw(count)
    expected = sum(c * s for c, s in zip(coefficients, scalars, strict=True))
    points = [affine(scalar) for scalar in scalars]
    assert combine_g2(points, coefficients, "x") == multiply_g2(GENERATOR_G2, expected)


@pytest.mark.parametrize(
    ("scalars", "coefficients"),
    [
        ([5] * 9, [1] * 9),
        ([5, MODULUS - 5], [7, 7]),
        ([5, MODULUS - 5, 6], [7, 7, 7]),
        ([5, 10, 20, MODULUS - 35], [3, 3, 3, 3]),
        ([1, 2, 3], [0, 0, 0]),
        ([1, 2], [2**128 - 1, 2**128 - 1]),
        ([4, 2], [1, 2]),
    ],
)
def test_equal_opposite_and_unused_points(scalars: list[int], coefficients: list[int]) -> None:
    expected = sum(c * s for c, s in zip(coefficients, scalars, strict=True))
    points = [affine(scalar) for scalar in scalars]
    assert combine_g2(points, coefficients, "x") == multiply_g2(GENERATOR_G2, expected)


def test_stray_points_are_always_found() -> None:
    """One combination would miss a point of order 10069 once in 10069 times; windows never do."""
    assert is_on_twist(STRAY_OF_ORDER_10069)
    hidden: PointG2 = add_g2(STRAY_OF_ORDER_10069, GENERATOR_G2)
    assert hidden is not None
    for stray in (STRAY_OF_ORDER_10069, hidden):
        points = [affine(2), stray, affine(3)]
        with pytest.raises(MalformedError, match="subgroup"):
            combine_g2(points, draw(3), "x")
        # a multiple of the order hides the point in the whole sum, not in the windows
        with pytest.raises(MalformedError, match="subgroup"):
            combine_g2(points, [1, 10069 * 12345678901234567, 1], "x")


def test_stray_points_that_cancel_are_found() -> None:
    opposite = multiply_g2(STRAY_OF_ORDER_10069, 10068)
    assert opposite is not None
    for _ in range(5):
        with pytest.raises(MalformedError, match="subgroup"):
            combine_g2([STRAY_OF_ORDER_10069, opposite], draw(2), "x")


# --- G1 ---


def test_coefficients_are_fresh_and_wide() -> None:
    first, second = random_coefficients(100), random_coefficients(100)
    assert first.shape == (100, 2)
    assert not np.array_equal(first, second)
    assert first.max() > 1 << 60


def test_combinations_in_g1() -> None:
    reference = engine("reference")
    scalars = [3, 9, 27, 81]
    array = array_from_points(multiply_g1(GENERATOR_G1, scalar) for scalar in scalars)
    coefficients = random_coefficients(4)
    integers = [low | high << 64 for low, high in coefficients.tolist()]
    (total,) = combine_g1(array, [coefficients], reference)
    expected = sum(c * s for c, s in zip(integers, scalars, strict=True))
    assert total == multiply_g1(GENERATOR_G1, expected)
    lower, upper = combine_with_successors(array, reference)
    assert multiply_g1(lower, 3) == upper


# --- point arrays ---


def test_point_arrays_round_trip() -> None:
    points = [multiply_g1(GENERATOR_G1, scalar) for scalar in (1, 2, 3, MODULUS - 1)]
    array = array_from_points(points)
    assert array.shape == (4, 8)
    assert points_from_array(array) == points
    data = encode_point_array(array)
    assert data[:64] == (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert np.array_equal(decode_point_array(data, "x"), array)
    assert points_from_array(array_from_points([None])) == [None]
    assert decode_point_array(b"", "x").shape == (0, 8)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (0, 0, "not on the curve"),
        (1, 3, "not on the curve"),
        (FIELD_MODULUS + 1, 2, "not below"),
        (1, FIELD_MODULUS + 2, "not below"),
        (2**256 - 1, 2**256 - 1, "not below"),
    ],
)
def test_bad_points_are_refused_by_index(x: int, y: int, reason: str) -> None:
    good = encode_point_array(array_from_points([GENERATOR_G1]))
    bad = x.to_bytes(32, "big") + y.to_bytes(32, "big")
    with pytest.raises(MalformedError, match=f"powers: .*point 1 .*{reason}"):
        decode_point_array(good + bad + good, "powers")


def test_a_flipped_bit_never_decodes() -> None:
    data = encode_point_array(array_from_points([multiply_g1(GENERATOR_G1, 12345)]))
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(MalformedError):
            decode_point_array(bytes(flipped), "x")


def test_length_must_be_whole_points() -> None:
    with pytest.raises(MalformedError, match="whole number"):
        decode_point_array(bytes(65), "x")


def test_checking_takes_arrays_in_any_layout() -> None:
    array = array_from_points([GENERATOR_G1] * 4)[::2]
    check_point_array(array, "x")
    assert len(points_from_array(array)) == 2
