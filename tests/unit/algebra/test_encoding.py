"""Every point has one encoding, and nothing else decodes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    add_g2,
    compress_g1,
    decode_g2,
    decompress_g1,
    encode_g1,
    encode_g2,
    is_on_curve_g1,
    is_on_twist,
    multiply_g1,
    multiply_g2,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError

scalars = st.one_of(st.integers(0, 20), st.integers(0, MODULUS - 1))
points = scalars.map(lambda scalar: multiply_g1(GENERATOR_G1, scalar))


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[start : start + 32], "big") for start in range(0, len(data), 32)]


def join(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


@given(points)
@settings(deadline=None)
def test_g1_round_trip(point: PointG1) -> None:
    assert words(encode_g1(point)) == list(point or (0, 0))
    assert len(compress_g1(point)) == 32
    assert decompress_g1(compress_g1(point), "point", allow_infinity=True) == point


@given(scalars)
@settings(deadline=None, max_examples=30)
def test_g2_round_trip(scalar: int) -> None:
    point = multiply_g2(GENERATOR_G2, scalar)
    data = encode_g2(point)
    assert len(data) == 128
    assert decode_g2(data, "point", allow_infinity=True) == point


def test_encodings_by_example() -> None:
    assert encode_g1(GENERATOR_G1) == join([1, 2])
    assert encode_g1(None) == bytes(64)
    assert encode_g2(None) == bytes(128)
    (x0, x1), (y0, y1) = GENERATOR_G2
    assert encode_g2(GENERATOR_G2) == join([x1, x0, y1, y0])
    assert compress_g1(GENERATOR_G1).hex() == "80" + "00" * 30 + "01"
    assert compress_g1(negate_g1(GENERATOR_G1)).hex() == "c0" + "00" * 30 + "01"
    assert compress_g1(None).hex() == "40" + "00" * 31


def test_infinity_only_where_it_is_allowed() -> None:
    for refuse, data in (
        (decompress_g1, compress_g1(None)),
        (decode_g2, encode_g2(None)),
    ):
        assert refuse(data, "slot", allow_infinity=True) is None
        with pytest.raises(MalformedError, match=r"slot: .*infinity"):
            refuse(data, "slot", allow_infinity=False)


@given(points.filter(lambda point: point is not None))
@settings(deadline=None, max_examples=50)
def test_every_alias_of_an_x_is_refused(point: tuple[int, int]) -> None:
    flag = compress_g1(point)[0] >> 6 << 254
    for alias in range(point[0] + FIELD_MODULUS, 1 << 254, FIELD_MODULUS):
        with pytest.raises(MalformedError, match="below the field modulus"):
            decompress_g1(join([flag | alias]), "point", allow_infinity=True)


@pytest.mark.parametrize("position", range(4))
def test_every_alias_of_a_g2_coordinate_is_refused(position: int) -> None:
    data = words(encode_g2(GENERATOR_G2))
    for alias in range(data[position] + FIELD_MODULUS, 1 << 256, FIELD_MODULUS):
        changed = [*data[:position], alias, *data[position + 1 :]]
        with pytest.raises(MalformedError, match="below the field modulus"):
            decode_g2(join(changed), "point", allow_infinity=True)


def test_aliases_of_infinity_are_refused() -> None:
    for word in (0, 1, 0b01 << 254 | 1, 0b10 << 254, 0b11 << 254, 0b00 << 254 | 2):
        with pytest.raises(MalformedError):
            decompress_g1(join([word]), "point", allow_infinity=True)
    with pytest.raises(MalformedError):
        decode_g2(join([0, FIELD_MODULUS, 0, 0]), "point", allow_infinity=True)


def test_the_modulus_itself_is_no_coordinate() -> None:
    with pytest.raises(MalformedError, match="below the field modulus"):
        decompress_g1(join([0b10 << 254 | FIELD_MODULUS]), "point", allow_infinity=True)
    for position in range(4):
        changed = words(encode_g2(GENERATOR_G2))
        changed[position] = FIELD_MODULUS
        with pytest.raises(MalformedError, match="below the field modulus"):
            decode_g2(join(changed), "point", allow_infinity=True)


def test_only_all_zeros_is_infinity() -> None:
    """A zero among the coordinates is read as a coordinate, and no such point is on a curve."""
    for position in range(4):
        changed = words(encode_g2(GENERATOR_G2))
        changed[position] = 0
        with pytest.raises(MalformedError, match="not on the twisted curve"):
            decode_g2(join(changed), "point", allow_infinity=True)


def test_a_point_outside_the_subgroup_is_refused() -> None:
    """The twist has more points than the group; nearly all of them are of another order."""
    point = next(filter(None, map(point_of_twist, range(100))))
    assert add_g2(point, multiply_g2(point, MODULUS - 1)) is not None
    with pytest.raises(MalformedError, match="not in the subgroup"):
        decode_g2(encode_g2(point), "point", allow_infinity=True)


def point_of_twist(x: int) -> PointG2:
    """A point of the twist with this real x, if there is one: y^2 = x^3 + 3/(9 + u)."""
    real, imaginary = (3 * 9 * pow(82, -1, FIELD_MODULUS), -3 * pow(82, -1, FIELD_MODULUS))
    real = (real + x**3) % FIELD_MODULUS
    # (a + b u)^2 = (a^2 - b^2) + 2 a b u, so a^2 = (real + norm's root)/2
    norm = pow(real**2 + imaginary**2, (FIELD_MODULUS + 1) // 4, FIELD_MODULUS)
    for root in (norm, -norm):
        square = (real + root) * pow(2, -1, FIELD_MODULUS) % FIELD_MODULUS
        a = pow(square, (FIELD_MODULUS + 1) // 4, FIELD_MODULUS)
        if a:
            b = imaginary * pow(2 * a, -1, FIELD_MODULUS) % FIELD_MODULUS
            if is_on_twist(((x, 0), (a, b))):
                return ((x, 0), (a, b))
    return None


@pytest.mark.parametrize("flag", (0b00, 0b01))
def test_unknown_flags_are_refused(flag: int) -> None:
    with pytest.raises(MalformedError, match="flag bits"):
        decompress_g1(join([flag << 254 | 1]), "point", allow_infinity=True)


@given(st.binary(min_size=32, max_size=32))
@settings(deadline=None)
def test_whatever_decompresses_has_only_this_encoding(data: bytes) -> None:
    try:
        point = decompress_g1(data, "point", allow_infinity=True)
    except MalformedError:
        return
    assert point is None or is_on_curve_g1(point)
    assert compress_g1(point) == data


@given(st.integers(0, FIELD_MODULUS - 1), st.sampled_from((0b10, 0b11)))
@settings(deadline=None)
def test_an_x_decompresses_exactly_where_the_curve_has_it(x: int, flag: int) -> None:
    on_curve = pow(x**3 + 3, (FIELD_MODULUS - 1) // 2, FIELD_MODULUS) == 1
    data = join([flag << 254 | x])
    if on_curve:
        point = decompress_g1(data, "point", allow_infinity=False)
        assert point is not None
        assert is_on_curve_g1(point)
        assert (point[1] > (FIELD_MODULUS - 1) // 2) == (flag == 0b11)
    else:
        with pytest.raises(MalformedError, match="x coordinate"):
            decompress_g1(data, "point", allow_infinity=False)


@pytest.mark.parametrize("change", (-1, 1, 32, -32))
def test_other_lengths_are_refused(change: int) -> None:
    for decode, data in (
        (decompress_g1, compress_g1(GENERATOR_G1)),
        (decode_g2, encode_g2(GENERATOR_G2)),
    ):
        changed = data[:change] if change < 0 else data + bytes(change)
        with pytest.raises(MalformedError, match=r"opening: .*bytes"):
            decode(changed, "opening", allow_infinity=True)


def test_swapped_halves_of_g2_are_refused() -> None:
    x1, x0, y1, y0 = words(encode_g2(GENERATOR_G2))
    for swapped in ([x0, x1, y0, y1], [x0, x1, y1, y0], [y1, y0, x1, x0]):
        with pytest.raises(MalformedError, match="twist"):
            decode_g2(join(swapped), "point", allow_infinity=True)


def test_the_negative_of_a_g2_point_decodes_to_itself() -> None:
    negative = multiply_g2(GENERATOR_G2, MODULUS - 1)
    assert decode_g2(encode_g2(negative), "point", allow_infinity=False) == negative
