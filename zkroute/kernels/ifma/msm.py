"""Multi-scalar multiplication: columns into windows, windows into tasks, tasks onto threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.engine import Column
from zkroute.algebra.groups import PointG1
from zkroute.kernels._threads import ranges, run_all, thread_count
from zkroute.kernels.ifma import group_sums
from zkroute.kernels.ifma import msm_kernels as kernels
from zkroute.kernels.ifma.base_field import MODULUS
from zkroute.kernels.ifma.bases import Bases
from zkroute.kernels.ifma.memory import Words, aligned, integers_of
from zkroute.kernels.ifma.msm_plan import Window, cost, offset_of, windows_of
from zkroute.kernels.ifma.points import POINT_BYTES, POINT_WORDS
from zkroute.kernels.ifma.vec8 import LANES, LIMBS

_TASKS_PER_THREAD = 3
"""Enough for threads to finish together, few enough to share inversions widely."""

_POSITIONS = 256
"""Bits a sum of windows' digits can have, carries included."""

_SMALLEST_PIECE = 4096
"""Scalars below which another thread is not worth while for recoding."""

_LARGEST_BATCH = 1 << 25
"""Words that recoded columns take together at most, unless one alone takes more: 256 MB."""

_LARGEST_TASK = 1 << 22
"""Items a task sorts at most, so that memory stays bounded: 32 MB of them."""


@dataclass(frozen=True)
class _Terms:
    """What a column adds up: nonzero scalars, plus the windows' offset, times finite bases."""

    planes: Words
    """Row w: word w of all scalars."""
    bases: NDArray[np.int64]
    """Addresses."""
    offset: Words
    windows: Sequence[Window]


@dataclass(frozen=True)
class _Part:
    """One window of one column."""

    column: int
    window: Window
    terms: _Terms


def multi_scalar_multiplication(bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
    """One sum of scalar times base per column."""
    bit_sums = aligned(-(-len(columns) // LANES) * LANES, _POSITIONS, POINT_WORDS)
    bit_sums[:] = 0
    for indices in _batches(columns):
        terms = _recode(bases, [columns[index] for index in indices])
        parts = [
            _Part(index, window, each)
            for index, each in zip(indices, terms, strict=True)
            for window in each.windows
            if len(each.bases)
        ]
        run_all([partial(_sum_windows, bit_sums, task) for task in _tasks(parts)])
    sums: list[PointG1] = []
    for first in range(0, len(columns), LANES):
        sums += _evaluate_at_two(bit_sums[first : first + LANES])
    return sums[: len(columns)]


def _batches(columns: Sequence[Column]) -> Iterator[range]:
    """Ranges of columns whose recoded scalars do not take too much memory together."""
    first = words = 0
    for index, column in enumerate(columns):
        size = len(column.limbs) * (_words(column) + 1)
        if first < index and words + size > _LARGEST_BATCH:
            yield range(first, index)
            first, words = index, 0
        words += size
    yield range(first, len(columns))


def _words(column: Column) -> int:
    """Words that hold a scalar plus the offset, which can take a bit more."""
    return column.bits // 64 + 1


def _words_of(value: int, count: int) -> Words:
    return np.frombuffer(value.to_bytes(8 * count, "little"), dtype="<u8").astype(np.uint64)


def _recode(bases: Bases, columns: Sequence[Column]) -> list[_Terms]:
    """Each column's terms, found and recoded by all threads together."""
    limbs = [np.require(column.limbs, requirements=("C", "W")) for column in columns]
    pieces = [
        (index, piece, *rows)
        for index, each in enumerate(limbs)
        for piece, rows in enumerate(ranges(len(each), _SMALLEST_PIECE))
    ]
    found: dict[tuple[int, int], NDArray[np.int64]] = {}

    def find(index: int, piece: int, start: int, stop: int) -> None:
        rows = np.empty(stop - start + 1, dtype=np.int64)
        width, bits = limbs[index].shape[1], columns[index].bits
        excess = _words_of(max(0, (1 << 64 * width) - (1 << bits)), width)
        count = kernels.find_terms(rows, limbs[index], excess, bases.finite, start, stop)
        if count < 0:
            raise ValueError(f"a column of {bits} bits has a larger scalar")
        found[index, piece] = rows[:count]

    run_all([partial(find, *piece) for piece in pieces])
    counts = [0] * len(columns)
    first = {}
    for index, piece, _, _ in pieces:
        first[index, piece] = counts[index]
        counts[index] += len(found[index, piece])
    terms = [_empty_terms(*each) for each in zip(columns, counts, strict=True)]

    def recode(index: int, piece: int) -> None:
        planes, items, offset = terms[index].planes, terms[index].bases, terms[index].offset
        rows, address = found[index, piece], bases.points.ctypes.data
        kernels.recode(planes, items, limbs[index], rows, offset, address, first[index, piece])

    run_all([partial(recode, *place) for place in found])
    return terms


def _empty_terms(column: Column, count: int) -> _Terms:
    windows = windows_of(column.bits, count)
    words = _words(column)
    return _Terms(
        planes=np.empty((words, count), dtype=np.uint64),
        bases=np.empty(count, dtype=np.int64),
        offset=_words_of(offset_of(windows), words),
        windows=windows,
    )


def _tasks(parts: Sequence[_Part]) -> Iterator[Sequence[_Part]]:
    """Runs of parts of about the same cost each."""
    costs = [cost(part.window, len(part.terms.bases)) for part in parts]
    share = sum(costs) / (thread_count() * _TASKS_PER_THREAD)
    first, total, items = 0, 0.0, 0
    for index, part in enumerate(parts):
        count = len(part.terms.bases)
        if first < index and (total + costs[index] / 2 > share or items + count > _LARGEST_TASK):
            yield parts[first:index]
            first, total, items = index, 0.0, 0
        total += costs[index]
        items += count
    if parts:
        yield parts[first:]


def _sum_windows(bit_sums: Words, parts: Sequence[_Part]) -> None:
    """Writes each window's contribution, bit by bit, to row ``position`` on of its column."""
    item_count = sum(len(part.terms.bases) for part in parts)
    sizes = np.array([part.window.groups for part in parts], dtype=np.int64)
    first = np.cumsum(sizes) - sizes
    groups = int(sizes.sum())
    most = int(sizes.max())
    levels = (most - 1).bit_length()
    items = np.empty(max(item_count, groups), dtype=np.int64)
    bounds = np.empty(groups + 1, dtype=np.int64)
    digits = np.empty(max(len(part.terms.bases) for part in parts), dtype=np.int32)
    following = np.empty(most, dtype=np.int64)
    buckets = aligned(2 * groups + len(parts) * (levels + 1), POINT_WORDS)
    room = aligned(max(len(items), group_sums.CHUNK), POINT_WORDS)
    sums = aligned(levels * len(parts), POINT_WORDS)
    work = group_sums.workspace()

    position = 0
    for part, start in zip(parts, first, strict=True):
        window = part.window
        position = kernels.sort_window(
            items,
            bounds,
            part.terms.bases,
            part.terms.planes,
            (window.position, window.bits, window.half, window.groups),
            digits,
            following,
            int(start),
            position,
        )
    bounds[groups] = position
    group_sums.sum_groups(buckets, items, bounds, 0, groups, room, work)
    bounds = np.empty(len(sums) + 1, dtype=np.int64)
    kernels.weigh_buckets(sums, buckets, first, sizes, items, bounds, room, work)
    for index, part in enumerate(parts):
        rows = sums[index :: len(parts)][: (part.window.groups - 1).bit_length()]
        bit_sums[part.column, part.window.position :][: len(rows)] = rows


def _evaluate_at_two(bit_sums: Words) -> list[PointG1]:
    """Eight columns' sums of 2^j times row j."""
    used = int(np.flatnonzero(bit_sums.any(axis=(0, 2))).max(initial=-1)) + 1
    if not used:
        return [None] * LANES
    places = np.arange(LANES) * _POSITIONS + np.arange(used)[:, None]
    addresses = bit_sums.ctypes.data + POINT_BYTES * places
    result = aligned(3, LIMBS, LANES)
    kernels.evaluate_at_two(result, addresses.reshape(-1))
    x, y, z = (integers_of(result[i : i + 1], MODULUS) for i in range(3))
    return [_affine(*coordinates) for coordinates in zip(x, y, z, strict=True)]


def _affine(x: int, y: int, z: int) -> PointG1:
    if z == 0:
        return None
    inverse = pow(z, -1, MODULUS)
    return x * inverse % MODULUS, y * inverse % MODULUS
