from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.algebra.samples import EDGE_SCALARS
from zkroute.algebra import scalars
from zkroute.algebra.scalars import (
    MODULUS,
    batch_invert,
    decode_scalar,
    decode_scalars,
    encode_scalar,
    invert,
    random_nonzero,
    random_scalar,
)
from zkroute.errors import MalformedError

canonical = st.one_of(st.sampled_from(EDGE_SCALARS), st.integers(0, MODULUS - 1))


def test_modulus_is_the_order_py_ecc_uses() -> None:
    from py_ecc.optimized_bn128 import curve_order

    assert curve_order == MODULUS


@given(canonical)
@settings(deadline=None)
def test_encoding_round_trip(scalar: int) -> None:
    data = encode_scalar(scalar)
    assert len(data) == 32
    assert decode_scalar(data, "scalar") == scalar


@given(st.binary(min_size=32, max_size=32))
@settings(deadline=None)
def test_whatever_decodes_has_only_this_encoding(data: bytes) -> None:
    try:
        scalar = decode_scalar(data, "scalar")
    except MalformedError:
        assert int.from_bytes(data, "big") >= MODULUS
    else:
        assert encode_scalar(scalar) == data


@given(canonical)
@settings(deadline=None)
def test_aliases_are_refused(scalar: int) -> None:
    for alias in range(scalar + MODULUS, 1 << 256, MODULUS):
        with pytest.raises(MalformedError, match="blinding factor: "):
            decode_scalar(alias.to_bytes(32, "big"), "blinding factor")


@given(st.lists(canonical, max_size=6), st.integers(0, 6), st.sampled_from([0, 1, 1 << 200]))
@settings(deadline=None)
def test_many_are_read_as_one_by_one(values: list[int], place: int, beyond: int) -> None:
    data = b"".join(map(encode_scalar, values))
    assert decode_scalars(data, "values") == tuple(values)
    words = [value.to_bytes(32, "big") for value in values]
    place = min(place, len(words))
    words.insert(place, (MODULUS + beyond).to_bytes(32, "big"))
    with pytest.raises(MalformedError, match=rf"^values\[{place}\]: the scalar is not below"):
        decode_scalars(b"".join(words), "values")
    with pytest.raises(ValueError, match="whole number"):
        decode_scalars(data + b"\0", "values")


@given(st.binary(max_size=80).filter(lambda data: len(data) != 32))
@settings(deadline=None)
def test_other_lengths_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError, match="32 bytes"):
        decode_scalar(data, "scalar")


@pytest.mark.parametrize("scalar", (-1, MODULUS, 1 << 256))
def test_only_canonical_scalars_are_encoded(scalar: int) -> None:
    with pytest.raises(ValueError):
        encode_scalar(scalar)


def test_inverses_agree_with_galois() -> None:
    galois = pytest.importorskip("galois")
    field = galois.GF(MODULUS, primitive_element=5, verify=False)
    rng = random.Random("inverses")
    values = [value or 3 for value in EDGE_SCALARS] + [rng.randrange(1, MODULUS) for _ in range(50)]
    expected = [int(inverse) for inverse in field(values) ** -1]
    assert batch_invert(values) == expected
    assert [invert(value) for value in values] == expected


@given(st.lists(st.integers(-MODULUS, 2 * MODULUS).filter(lambda value: value % MODULUS)))
@settings(deadline=None)
def test_batch_inverse_is_the_inverse(values: list[int]) -> None:
    assert [
        value * inverse % MODULUS
        for value, inverse in zip(values, batch_invert(values), strict=True)
    ] == [1] * len(values)


@pytest.mark.parametrize("zero", (0, MODULUS, -MODULUS))
def test_zero_has_no_inverse(zero: int) -> None:
    with pytest.raises(ZeroDivisionError):
        invert(zero)
    with pytest.raises(ZeroDivisionError):
        batch_invert([1, zero, 2])


def test_randomness_is_the_operating_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def randbelow(bound: int) -> int:
        asked.append(bound)
        return bound - 1

    monkeypatch.setattr(scalars.secrets, "randbelow", randbelow)
    assert random_scalar() == MODULUS - 1
    assert random_nonzero() == MODULUS - 1
    assert asked == [MODULUS, MODULUS - 1]


def test_random_scalars_do_not_repeat() -> None:
    drawn = [random_scalar() for _ in range(500)] + [random_nonzero() for _ in range(500)]
    assert len(set(drawn)) == len(drawn)
    assert all(0 <= scalar < MODULUS for scalar in drawn)
