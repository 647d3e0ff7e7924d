"""Multi-scalar multiplication: columns into windows, windows into tasks, tasks onto threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.engine import Column
from zkroute.algebra.groups import PointG1
from zkroute.kernels._threads import run_all, thread_count
from zkroute.kernels.ifma import group_sums
from zkroute.kernels.ifma import msm_kernels as kernels
from zkroute.kernels.ifma.base_field import MODULUS
from zkroute.kernels.ifma.bases import Bases
from zkroute.kernels.ifma.memory import Words, aligned, integers_of
from zkroute.kernels.ifma.msm_plan import Window, cost, offset_of, windows_of
from zkroute.kernels.ifma.points import POINT_BYTES, POINT_WORDS
from zkroute.kernels.ifma.vec8 import (
    LANES,
    LIMBS,
)

_TASKS_PER_THREAD = 3
"""Enough for threads to finish together, few enough to share inversions widely."""

_POSITIONS = 256
"""Bits a sum of windows' digits can have, carries included."""

_LARGEST_TASK = 1 << 22
"""Items a task sorts at most, so that memory stays bounded: 32 MB of them."""


@dataclass(frozen=True)
class _Scalars:
    """One column, recoded: nonzero scalars plus the windows' offset, and their bases."""

    planes: Words
    bases: NDArray[np.int64]
    windows: Sequence[Window]


@dataclass(frozen=True)
class _Part:
    """One window of one column."""

    column: int
    window: Window
    scalars: _Scalars


def multi_scalar_multiplication(bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
    """One sum of scalar times base per column."""
    recoded: dict[int, _Scalars] = {}

    def recode(index: int) -> None:
        recoded[index] = _recode(bases, columns[index])

    run_all([partial(recode, index) for index in range(len(columns))])
    bit_sums = aligned(-(-len(columns) // LANES) * LANES, _POSITIONS, POINT_WORDS)
    bit_sums[:] = 0
    parts = [
        _Part(index, window, recoded[index])
        for index in range(len(columns))
        for window in recoded[index].windows
        if len(recoded[index].bases)
    ]
    run_all([partial(_sum_windows, bit_sums, task) for task in _tasks(parts)])
    sums: list[PointG1] = []
    for first in range(0, len(columns), LANES):
        sums += _evaluate_at_two(bit_sums[first : first + LANES])
    return sums[: len(columns)]


def _recode(bases: Bases, column: Column) -> _Scalars:
    limbs = np.require(column.limbs, requirements=("C", "W"))
    count = int(np.count_nonzero(limbs.any(axis=1)))
    windows = windows_of(column.bits, count)
    words = (column.bits + 1) // 64 + 1
    planes = np.empty((words, len(limbs)), dtype=np.uint64)
    items = np.empty(len(limbs), dtype=np.int64)
    offset = np.frombuffer(offset_of(windows).to_bytes(8 * words, "little"), dtype="<u8")
    address = bases.points.ctypes.data
    arguments = limbs, bases.finite, offset.astype(np.uint64), address
    return _Scalars(planes, items[: kernels.recode(planes, items, *arguments)], windows)


def _tasks(parts: Sequence[_Part]) -> Iterator[Sequence[_Part]]:
    """Runs of parts of about the same cost each."""
    costs = [cost(part.window, len(part.scalars.bases)) for part in parts]
    share = sum(costs) / (thread_count() * _TASKS_PER_THREAD)
    first, total, items = 0, 0.0, 0
    for index, part in enumerate(parts):
        count = len(part.scalars.bases)
        if first < index and (total + costs[index] / 2 > share or items + count > _LARGEST_TASK):
            yield parts[first:index]
            first, total, items = index, 0.0, 0
        total += costs[index]
        items += count
    if parts:
        yield parts[first:]


def _sum_windows(bit_sums: Words, parts: Sequence[_Part]) -> None:
    """Writes each window's contribution, bit by bit, to row ``position`` on of its column."""
    item_count = sum(len(part.scalars.bases) for part in parts)
    sizes = np.array([part.window.groups for part in parts], dtype=np.int64)
    first = np.cumsum(sizes) - sizes
    groups = int(sizes.sum())
    most = int(sizes.max())
    levels = (most - 1).bit_length()
    items = np.empty(max(item_count, groups), dtype=np.int64)
    bounds = np.empty(groups + 1, dtype=np.int64)
    digits = np.empty(max(len(part.scalars.bases) for part in parts), dtype=np.int32)
    following = np.empty(most, dtype=np.int64)
    buckets = aligned(2 * groups + len(parts) * (levels + 1), POINT_WORDS)
    room = aligned(max(len(items), group_sums.CHUNK) + LANES, POINT_WORDS)
    sums = aligned(levels * len(parts), POINT_WORDS)
    work = group_sums.workspace()

    position = 0
    for part, start in zip(parts, first, strict=True):
        window = part.window
        position = kernels.sort_window(
            items,
            bounds,
            part.scalars.bases,
            part.scalars.planes,
            (window.position, window.bits, window.half, window.groups),
            digits,
            following,
            int(start),
            position,
        )
    bounds[groups] = position
    group_sums.sum_groups(buckets, items, bounds, 0, groups, room, work)
    odd_items, odd_bounds = np.empty(groups, np.int64), np.empty(len(sums) + 1, np.int64)
    kernels.weigh_buckets(
        sums, buckets, first, sizes, items, bounds, odd_items, odd_bounds, room, work
    )
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
