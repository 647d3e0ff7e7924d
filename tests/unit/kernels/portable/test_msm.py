"""Multi-scalar multiplication: window plans, and sums against known discrete logarithms."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.kernels.portable.samples import (
    GENERATOR,
    R,
    Words,
    multiples,
    multiply,
    points_to_words,
    words,
    words_to_points,
)
from zkroute.kernels import _threads
from zkroute.kernels.portable import msm_plan
from zkroute.kernels.portable.msm_plan import Windows, best_windows, multiply_columns

COUNT = 2100
FIRST = 11
WIDTHS = (1, 2, 3, 8, 16, 63, 64, 65, 127, 128, 192, 253, 254)


@pytest.fixture(scope="module")
def bases() -> Words:
    """Points 0 .. COUNT-1 are (FIRST + i) * G, but number 5 is infinity and 7 is minus 6."""
    points = multiples(COUNT, FIRST)
    points[5] = None
    points[7] = multiply(points[6], R - 1)
    return points_to_words(points)


LOGARITHMS = [FIRST + i for i in range(COUNT)]
LOGARITHMS[5] = 0
LOGARITHMS[7] = -LOGARITHMS[6]


def column(kind: str, bits: int, count: int) -> list[int]:
    bound = min(R, 1 << bits)
    rng = random.Random(f"{kind} {bits} {count}")
    return {
        "random": [rng.randrange(bound) for _ in range(count)],
        "all the largest": [bound - 1] * count,
        "all one": [1] * count,
        "edges": [rng.choice([0, 1, bound - 1, bound >> 1]) for _ in range(count)],
        "sparse": [rng.randrange(bound) if rng.random() < 0.05 else 0 for _ in range(count)],
        "zero": [0] * count,
    }[kind]


def limbs(scalars: list[int], bits: int) -> Words:
    return np.ascontiguousarray(words(scalars)[:, : -(-bits // 64)])


def expected(scalars: list[int]) -> tuple[int, int] | None:
    return multiply(GENERATOR, sum(s * e for s, e in zip(scalars, LOGARITHMS, strict=False)))


KINDS = ("random", "all the largest", "all one", "edges", "sparse", "zero")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", WIDTHS)
def test_widths_and_distributions(bases: Words, kind: str, bits: int) -> None:
    for count in (0, 1, 2, 9, 130):
        scalars = column(kind, bits, count)
        found = multiply_columns(bases, [(limbs(scalars, bits), bits)])
        assert words_to_points(found) == [expected(scalars)]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_all_columns_in_one_call_whatever_the_threads(
    bases: Words, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_threads, "thread_count", lambda: threads)
    monkeypatch.setattr(msm_plan, "thread_count", lambda: threads)
    monkeypatch.setattr(msm_plan, "SMALLEST_PIECE", 256)
    given = [(column(kind, bits, COUNT - bits), bits) for kind in KINDS for bits in (1, 64, 254)]
    found = multiply_columns(bases, [(limbs(scalars, bits), bits) for scalars, bits in given])
    assert words_to_points(found) == [expected(scalars) for scalars, _ in given]


def test_one_column_is_cut_in_pieces(bases: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "thread_count", lambda: 3)
    monkeypatch.setattr(msm_plan, "thread_count", lambda: 3)
    monkeypatch.setattr(msm_plan, "_SMALLEST_ITEM", 0)
    monkeypatch.setattr(msm_plan, "SMALLEST_PIECE", 500)
    for bits in (1, 16, 64):
        scalars = column("random", bits, COUNT)
        found = multiply_columns(bases, [(limbs(scalars, bits), bits)])
        assert words_to_points(found) == [expected(scalars)]


def test_no_columns_no_points(bases: Words) -> None:
    assert multiply_columns(bases, []).shape == (0, 8)


@pytest.mark.parametrize(
    ("bits", "value"),
    [(1, 2), (8, 256), (64, 1 << 64), (63, 1 << 63), (253, 1 << 253), (70, R - 1)],
)
def test_a_value_wider_than_promised_is_refused(bases: Words, bits: int, value: int) -> None:
    # its digits would lie outside the buckets, so this must never reach them
    scalars = [1, 0, value, 1]
    with pytest.raises(ValueError, match=f"{bits} bits"):
        multiply_columns(bases, [(words(scalars), bits)])


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("width", range(1, 17))
def test_windows_hold_every_scalar(bits: int, width: int) -> None:
    windows = Windows(bits, width)
    rng = random.Random(bits)
    bound = 1 << bits
    assert windows.bias + bound <= 1 << (64 * (bits // 64 + 1))
    for scalar in [0, 1, bound - 1, bound >> 1, *(rng.randrange(bound) for _ in range(20))]:
        biased = scalar + windows.bias
        total = 0
        for position, size, centre, buckets in windows.table().tolist():
            digit = (biased >> position) % (1 << size) - centre
            assert abs(digit) <= buckets
            total += digit << position
        assert total == scalar


def test_wider_windows_for_more_scalars() -> None:
    widths = [best_windows(254, 1 << log_size).width for log_size in range(4, 21, 4)]
    assert widths == sorted(widths)
    assert widths[-1] > widths[0]
