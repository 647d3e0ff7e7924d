"""How multi-scalar multiplications are cut into windows and pieces, and run on the threads."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels._threads import run_all, thread_count
from zkroute.kernels.portable.curve import to_affine
from zkroute.kernels.portable.msm import combine_windows, prepare_scalars, sum_windows

Limbs = NDArray[np.uint64]

WIDEST_WINDOW = 16
SMALLEST_PIECE = 1024
"""Scalars below which a piece of a window is not cut again."""

# Costs in field products, from timings of the kernels. They only steer how work is cut.
_AFFINE_ADDITION = 8
_JACOBIAN_ADDITIONS = 27
_WINDOW = 200
_SMALLEST_ITEM = 40_000


@dataclass(frozen=True)
class Windows:
    """The windows of a scalar below 2**bits; all but the top one have signed digits."""

    bits: int
    width: int

    @property
    def count(self) -> int:
        """Windows below the top are full, and the top one has a bit to spare for the carry."""
        return 1 + max(0, -(-(self.bits - self.width + 1) // self.width))

    @property
    def bias(self) -> int:
        """Half of every window below the top."""
        return sum(1 << self.width * window + self.width - 1 for window in range(self.count - 1))

    def table(self) -> NDArray[np.int64]:
        """For every window its position, width, centre and number of buckets."""
        rows = [
            (self.width * window, self.width, 1 << self.width - 1, 1 << self.width - 1)
            for window in range(self.count - 1)
        ]
        position = self.width * (self.count - 1)
        carry = 1 if self.count > 1 else 0
        top = self.bits - position
        rows.append((position, top + carry, 0, (1 << top) - 1 + carry))
        return np.array(rows, np.int64)

    def cost(self, scalars: int) -> float:
        """Estimated field products for so many random scalars.

        A bucket's first point is copied, and summing by halves adds every bucket twice.
        """
        total = 0.0
        for buckets in self.table()[:, 3].tolist():
            filled = buckets * -math.expm1(-scalars / buckets)
            total += _WINDOW + _AFFINE_ADDITION * (scalars + filled)
            total += 2 * _JACOBIAN_ADDITIONS * math.sqrt(buckets)
        return total


@lru_cache(maxsize=1024)
def best_windows(bits: int, scalars: int) -> Windows:
    """The cheapest windows for so many scalars below 2**bits."""
    choices = [Windows(bits, width) for width in range(1, WIDEST_WINDOW + 1)]
    return min(choices, key=lambda windows: windows.cost(scalars))


@dataclass(frozen=True)
class Item:
    """Work for one thread: several windows of a column, or one piece of one window."""

    column: ColumnSum
    start: int
    stop: int
    piece: int
    pieces: int
    slot: int

    def run(self) -> None:
        """Adds this item's share to its column; the last one to finish completes it."""
        self.column.run(self)


class ColumnSum:
    """One column on its way to a point, prepared by whichever thread comes first."""

    def __init__(self, points: Limbs, limbs: Limbs, bits: int) -> None:
        self.output: Limbs = np.zeros((1, 12), np.uint64)
        """The Jacobian sum, once all items are done."""
        self.windows = best_windows(bits, len(limbs))
        self.cost = self.windows.cost(len(limbs)) if len(limbs) else 0.0
        self._points = points
        self._limbs = limbs
        self._table = self.windows.table()
        self._lock = threading.Lock()
        self._prepared: tuple[Limbs, NDArray[np.int32], int] | None = None
        self._results: Limbs = np.zeros((0, 12), np.uint64)
        self._bounds: list[int] = [0]
        self._unfinished = 0

    def cut(self, share: float) -> list[Item]:
        """All items of this column, each of at most ``share`` products if one window allows it.

        A window that is too large is left whole if others keep the threads busy, and cut in
        pieces if it would be among the last.
        """
        count = self.windows.count
        each = self.cost / count
        together = max(1, min(count, int(max(share, _SMALLEST_ITEM) / max(1.0, each))))
        starts = range(0, count, together)
        threads = thread_count()
        alone = len(starts) % threads if each > share else 0
        pieces = max(1, min(threads, len(self._limbs) // SMALLEST_PIECE))
        items = []
        for number, start in enumerate(starts):
            stop = min(start + together, count)
            cuts = pieces if number >= len(starts) - alone else 1
            slot = self._bounds[-1]
            items += [Item(self, start, stop, piece, cuts, slot + piece) for piece in range(cuts)]
            self._bounds += [slot + cuts * (done + 1) for done in range(stop - start)]
        self._results = np.zeros((self._bounds[-1], 12), np.uint64)
        self._unfinished = len(items)
        return items

    def run(self, item: Item) -> None:
        """Sums an item's windows over its piece of the scalars."""
        biased, active, count = self._scalars()
        sum_windows(
            self._results,
            item.slot,
            self._points,
            biased,
            active,
            self._table[item.start : item.stop],
            count * item.piece // item.pieces,
            count * (item.piece + 1) // item.pieces,
        )
        with self._lock:
            self._unfinished -= 1
            if self._unfinished:
                return
            self._prepared = None
        bounds = np.array(self._bounds, np.int64)
        combine_windows(self.output, self._results, bounds, self.windows.width)

    def _scalars(self) -> tuple[Limbs, NDArray[np.int32], int]:
        """Biased scalars that are not zero, their numbers, and how many there are."""
        with self._lock:
            if self._prepared is None:
                bits = self.windows.bits
                # one more bit than the scalars have, for the carry of the bias
                biased = np.empty((len(self._limbs), bits // 64 + 1), np.uint64)
                active = np.empty(len(self._limbs), np.int32)
                shifts = range(0, 64 * biased.shape[1], 64)
                bias = [self.windows.bias >> shift & (1 << 64) - 1 for shift in shifts]
                count = prepare_scalars(
                    biased, active, self._limbs, bits, np.array(bias, np.uint64)
                )
                if count < 0:
                    raise ValueError(f"a column said to keep to {bits} bits has a wider value")
                self._prepared = biased, active, count
            return self._prepared


def multiply_columns(points: Limbs, columns: Sequence[tuple[Limbs, int]]) -> Limbs:
    """Affine sums of scalar times point, one per column, Montgomery form, shape (columns, 8).

    Columns are canonical limbs, writable and C-contiguous, and the bits they keep to. Raises
    ValueError if one does not.
    """
    sums = [ColumnSum(points, limbs, bits) for limbs, bits in columns]
    share = sum(each.cost for each in sums) / (8 * thread_count())
    # the most expensive first, so that only short items can be left over at the end
    sums_by_cost = sorted(sums, key=lambda each: each.cost / each.windows.count, reverse=True)
    run_all([item.run for each in sums_by_cost for item in each.cut(share)])
    affine = np.empty((len(sums), 8), np.uint64)
    if sums:
        to_affine(affine, np.concatenate([each.output for each in sums]), 0, len(sums))
    return affine
