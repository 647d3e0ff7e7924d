"""Multi-scalar multiplication, piece by piece and as a whole."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import (
    R,
    addresses,
    known_points,
    points_of_rows,
    rows_of_points,
    scalars,
)
from zkroute.algebra.curve import GENERATOR_G1, PointG1, multiply_g1
from zkroute.algebra.engine import Column
from zkroute.kernels.ifma import group_sums, msm, msm_kernels
from zkroute.kernels.ifma.bases import Bases
from zkroute.kernels.ifma.memory import aligned
from zkroute.kernels.ifma.msm_plan import Window, offset_of, windows_of


def limbs_of(values: list[int], width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    rows = [[value >> 64 * i & (1 << 64) - 1 for i in range(width)] for value in values]
    return np.array(rows, dtype=np.uint64).reshape(len(values), width)


def known_bases(count: int, infinite: set[int] = frozenset()) -> Bases:  # type: ignore[assignment]  # empty
    points: list[PointG1] = list(known_points().points[:count])
    for index in infinite:
        points[index] = None
    finite = np.array([point is not None for point in points], dtype=np.uint8)
    return Bases(rows_of_points(points), finite)


@pytest.mark.parametrize("count", (0, 1, 100, 1 << 16, 1 << 20))
@pytest.mark.parametrize("bits", (1, 2, 3, 8, 16, 17, 63, 64, 65, 128, 253, 254))
def test_windows_cover_all_bits(bits: int, count: int) -> None:
    windows = windows_of(bits, count)
    position = 0
    for window in windows[:-1]:
        assert window.position == position
        assert window.half == 1 << window.bits - 1
        assert window.groups == window.half + 1
        position += window.bits
    last = windows[-1]
    assert (last.position, last.half) == (position, 0)
    # the largest scalar plus the offset still fits the top window and its groups
    most = (1 << bits) - 1 + offset_of(windows)
    assert most >> position < 1 << last.bits
    assert most >> position < last.groups
    assert most < 1 << bits + 1


def test_more_scalars_ask_for_wider_windows() -> None:
    numbers = [len(windows_of(254, 1 << log)) for log in range(2, 21)]
    assert numbers == sorted(numbers, reverse=True)
    assert windows_of(1, 1 << 16) == (Window(0, 2, 0, 3),)


@pytest.mark.parametrize("bits", (1, 7, 16, 62, 63, 64, 65, 127, 128, 200, 254))
def test_digits_add_up_to_the_scalars(rng: random.Random, bits: int) -> None:
    bound = min(R, 1 << bits)
    values = [0, 1, bound - 1, bound // 2, *(rng.randrange(bound) for _ in range(300)), 0]
    infinite = {2, 100}
    limbs = limbs_of(values, -(-bits // 64))
    finite = np.array([i not in infinite for i in range(len(values))], dtype=np.uint8)
    kept = [i for i, value in enumerate(values) if value and i not in infinite]
    for windows in (windows_of(bits, 5), windows_of(bits, 1 << 16)):
        words = bits // 64 + 1
        offset = limbs_of([offset_of(windows)], words)[0]
        planes = np.zeros((words, len(kept)), dtype=np.uint64)
        items = np.zeros(len(kept), dtype=np.int64)
        base = 1 << 20
        done = 0
        for start, stop in ((0, 50), (50, len(values))):
            rows = np.full(stop - start + 1, -1, dtype=np.int64)
            excess = limbs_of([(1 << 64 * limbs.shape[1]) - (1 << bits)], limbs.shape[1])[0]
            found = msm_kernels.find_terms(rows, limbs, excess, finite, start, stop)
            assert rows[:found].tolist() == [i for i in kept if start <= i < stop]
            msm_kernels.recode(planes, items, limbs, rows[:found], offset, base, done)
            done += found
        assert done == len(kept)
        assert items.tolist() == [base + 64 * i for i in kept]
        totals = dict.fromkeys(items.tolist(), 0)
        for window in windows:
            sort_and_add(totals, items, planes, window)
        assert list(totals.values()) == [values[i] for i in kept]


def sort_and_add(
    totals: dict[int, int],
    bases: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    planes: np.ndarray[tuple[int, ...], np.dtype[np.uint64]],
    window: Window,
) -> None:
    """Adds one window's digits, times its weight, to the totals of the bases' addresses."""
    items = np.full(len(bases) + 7, -1, dtype=np.int64)
    bounds = np.full(window.groups + 4, -1, dtype=np.int64)
    digits = np.zeros(len(bases), dtype=np.int32)
    following = np.zeros(window.groups, dtype=np.int64)
    shape = window.position, window.bits, window.half, window.groups
    stop = msm_kernels.sort_window(items, bounds, bases, planes, shape, digits, following, 3, 7)
    bounds[window.groups + 3] = stop
    assert bounds[3] == bounds[4] == 7
    assert (items[:7] == -1).all()
    for group in range(window.groups):
        for item in items[bounds[group + 3] : bounds[group + 4]].tolist():
            sign = -1 if item & 1 else 1
            totals[item & ~1] += sign * group << window.position


def test_weights_of_buckets(rng: random.Random) -> None:
    known = known_points()
    sizes = [2, 3, 9, 17, 30, 1]
    choices = [[rng.randrange(2048) if rng.randrange(4) else -1 for _ in range(n)] for n in sizes]
    for choice in choices:
        choice[0] = -1
    choices[3] = [-1] * 17
    levels = max(size - 1 for size in sizes).bit_length()
    total = sum(sizes)
    points = [None if i < 0 else known.points[i] for choice in choices for i in choice]
    buckets = aligned(2 * total + len(sizes) * (levels + 1), 8)
    buckets[:total] = rows_of_points(points)
    first = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    sums = aligned(levels * len(sizes), 8)
    msm_kernels.weigh_buckets(
        sums,
        buckets,
        first,
        np.array(sizes, dtype=np.int64),
        np.empty(total, dtype=np.int64),
        np.empty(len(sums) + 1, dtype=np.int64),
        aligned(group_sums.CHUNK, 8),
        group_sums.workspace(),
    )
    found = points_of_rows(sums)
    for window, choice in enumerate(choices):
        for level in range(levels):
            # S_j belongs to bit j of the digit
            logarithm = sum(
                known.logarithms[i] for d, i in enumerate(choice) if i >= 0 and d >> level & 1
            )
            assert found[level * len(sizes) + window] == multiply_g1(GENERATOR_G1, logarithm % R)


def test_columns_of_all_kinds_at_once(rng: random.Random) -> None:
    known = known_points()
    bases = known_bases(2048, {5, 2047})
    logarithms = [0 if i in (5, 2047) else value for i, value in enumerate(known.logarithms)]
    columns, expected = [], []
    for bits, count in (
        (254, 2048),
        (1, 2048),
        (16, 2000),
        (64, 1),
        (8, 0),
        (128, 2048),
        (63, 900),
    ):
        bound = min(R, 1 << bits)
        values = [value % bound for value in scalars(rng, count)]
        columns.append(Column(limbs_of(values, -(-bits // 64)), bits))
        expected.append(sum(a * b for a, b in zip(values, logarithms, strict=False)))
    columns += [Column(limbs_of([0] * 2048, 4), 254), Column(limbs_of([R - 1] * 2048, 4), 254)]
    expected += [0, -sum(logarithms)]
    sums = msm.multi_scalar_multiplication(bases, columns)
    assert sums == [multiply_g1(GENERATOR_G1, value % R) for value in expected]


def test_batches_bound_memory(rng: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msm, "_LARGEST_BATCH", 1000)
    monkeypatch.setattr(msm, "_LARGEST_TASK", 1500)
    known = known_points()
    values = [[rng.randrange(1 << 16) for _ in range(count)] for count in (700, 300, 1, 400, 0)]
    columns = [Column(limbs_of(row, 1), 16) for row in values]
    assert list(msm._batches(columns)) == [range(1), range(1, 3), range(3, 5)]
    expected = [sum(a * b for a, b in zip(row, known.logarithms, strict=False)) for row in values]
    sums = msm.multi_scalar_multiplication(known_bases(700), columns)
    assert sums == [multiply_g1(GENERATOR_G1, value % R) for value in expected]


def test_points_that_all_coincide() -> None:
    row = rows_of_points([known_points().points[3]])
    bases = Bases(np.repeat(row, 600, axis=0), np.ones(600, dtype=np.uint8))
    copied = aligned(600, 8)
    copied[:] = bases.points
    values = [pow(3, i, R) for i in range(600)]
    expected = sum(values) * known_points().logarithms[3]
    sums = msm.multi_scalar_multiplication(
        Bases(copied, bases.finite), [Column(limbs_of(values, 4), 254)]
    )
    assert sums == [multiply_g1(GENERATOR_G1, expected % R)]


def test_sums_of_bits_over_eight_columns() -> None:
    known = known_points()
    table = aligned(8, msm._POSITIONS, 8)
    table[:] = 0
    rows = rows_of_points(known.points[:20])
    expected = []
    for column in range(8):
        positions = list(range(column, 256, 17 + column)) if column != 4 else []
        for i, position in enumerate(positions):
            table[column, position] = rows[i]
        total = sum(known.logarithms[i] << position for i, position in enumerate(positions))
        expected.append(multiply_g1(GENERATOR_G1, total % R))
    # equal points that meet in a doubling: 2 P + P' with P' = 2 P
    table[5] = 0
    table[5, 1], table[5, 0] = rows[0], rows_of_points([multiply_g1(known.points[0], 2)])[0]
    expected[5] = multiply_g1(known.points[0], 4)
    assert msm._evaluate_at_two(table) == expected


def test_calls_from_several_threads(rng: random.Random) -> None:
    known = known_points()
    bases = known_bases(1024)

    def work(seed: int) -> bool:
        values = scalars(random.Random(seed), 1024)
        sums = msm.multi_scalar_multiplication(bases, [Column(limbs_of(values, 4), 254)])
        expected = sum(a * b for a, b in zip(values, known.logarithms, strict=False))
        return sums == [multiply_g1(GENERATOR_G1, expected % R)]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_addresses_of_bases_leave_room_for_signs() -> None:
    assert not (addresses(known_bases(8).points, range(8)) & 63).any()


@pytest.mark.parametrize(("bits", "width"), [(1, 1), (8, 1), (63, 1), (65, 2), (254, 4)])
def test_a_scalar_wider_than_its_column_is_refused(bits: int, width: int) -> None:
    columns = [
        Column(limbs_of([1, value, 2 % (1 << bits)], width), bits) for value in (0, 1 << bits)
    ]
    msm.multi_scalar_multiplication(known_bases(3), columns[:1])
    with pytest.raises(ValueError, match=f"column of {bits} bits"):
        msm.multi_scalar_multiplication(known_bases(3), columns)
