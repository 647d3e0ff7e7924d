"""Points from bytes: the reference's points, and its refusals word for word."""

from __future__ import annotations

import random

import pytest

from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    PointG1,
    compress_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import VerificationArithmetic
from zkroute.errors import MalformedError

FLAG_SHIFT = 254


def outcome(arithmetic: VerificationArithmetic, data: bytes) -> tuple[PointG1, ...] | str:
    """The points, or the words of the refusal."""
    try:
        return arithmetic.decompress_points(data, "proof: witness")
    except MalformedError as error:
        return str(error)


def same(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, data: bytes
) -> tuple[PointG1, ...] | str:
    found = outcome(compiled, data)
    assert found == outcome(reference, data)
    return found


def word(flag: int, x: int) -> bytes:
    return (flag << FLAG_SHIFT | x).to_bytes(32, "big")


def test_points_come_back(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, rng: random.Random
) -> None:
    points = [multiply_g1(GENERATOR_G1, rng.randrange(1, MODULUS)) for _ in range(20)]
    points += [GENERATOR_G1, *map(negate_g1, points)]
    data = b"".join(map(compress_g1, points))
    assert same(compiled, reference, data) == tuple(points)
    for point in points[:3]:
        assert compiled.decompress_points(compress_g1(point), "one") == (point,)


@pytest.mark.parametrize("flag", range(4))
def test_every_x_at_an_edge_under_every_flag(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, flag: int
) -> None:
    top = 1 << FLAG_SHIFT
    half = FIELD_MODULUS // 2
    edges = [*range(40), *range(FIELD_MODULUS - 20, FIELD_MODULUS + 20), half, half + 1]
    edges += [FIELD_MODULUS + 1, top - 1, top - 2, *(1 << bit for bit in range(0, 254, 17))]
    kinds = {type(same(compiled, reference, word(flag, x))) for x in edges}
    assert kinds == ({tuple, str} if flag in (2, 3) else {str})


def test_random_words(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, rng: random.Random
) -> None:
    found = [same(compiled, reference, rng.randbytes(32)) for _ in range(300)]
    # under one flag in two, three x in four are below p, and half of those are a point's
    assert 20 < sum(isinstance(each, tuple) for each in found) < 100


@pytest.mark.parametrize("position", (0, 1, 6))
def test_the_first_refused_is_named(
    compiled: VerificationArithmetic, reference: VerificationArithmetic, position: int
) -> None:
    points = [compress_g1(multiply_g1(GENERATOR_G1, number)) for number in range(1, 8)]
    for bad in (word(2, 4), compress_g1(None), bytes(32), word(3, FIELD_MODULUS + 1)):
        data = b"".join([*points[:position], bad, *points[position + 1 :]])
        assert f"witness[{position}]" in str(same(compiled, reference, data))
        later = b"".join([*points[:position], bad, word(2, 4)])
        assert same(compiled, reference, later) == same(compiled, reference, data)


def test_nothing_and_fractions(
    compiled: VerificationArithmetic, reference: VerificationArithmetic
) -> None:
    for arithmetic in (compiled, reference):
        assert arithmetic.decompress_points(b"", "none") == ()
        for length in (1, 31, 33):
            with pytest.raises(ValueError):
                arithmetic.decompress_points(bytes(length), "part")
