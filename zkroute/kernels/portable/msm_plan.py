"""How a multi-scalar multiplication is cut into windows and pieces, and run on the threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels._threads import run_all, thread_count
from zkroute.kernels.portable.curve import to_affine
from zkroute.kernels.portable.msm import combine_windows, prepare_scalars, sum_window

Limbs = NDArray[np.uint64]

WIDEST_WINDOW = 16
SMALLEST_PIECE = 2048

# costs in field products, from timings of the kernels: they only steer the choice of windows
_ADDITION = 7
_JACOBIAN_ADDITION = 16
_WINDOW = 4000


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

    def buckets(self, window: int) -> int:
        """The largest absolute value a digit of this window can have."""
        if self.count == 1:
            return (1 << self.bits) - 1
        if window < self.count - 1:
            return 1 << self.width - 1
        return 1 << self.bits - self.width * window

    def cost(self, scalars: int) -> int:
        """Estimated field products for so many random scalars."""
        total = 0
        for window in range(self.count):
            buckets = self.buckets(window)
            total += _WINDOW + _ADDITION * (scalars + 2 * buckets)
            total += 4 * _JACOBIAN_ADDITION * int(buckets**0.5)
        return total


def best_windows(bits: int, scalars: int) -> Windows:
    """The cheapest windows for so many scalars below 2**bits."""
    choices = [Windows(bits, width) for width in range(1, WIDEST_WINDOW + 1)]
    return min(choices, key=lambda windows: windows.cost(scalars))


@dataclass
class ColumnTask:
    """One column on its way to a point: prepared by whichever thread comes first.

    ``output`` is the Jacobian sum, shape (1, 12), after the last piece of work is done.
    """

    points: Limbs
    limbs: Limbs
    windows: Windows
    pieces: int
    output: Limbs = field(default_factory=lambda: np.zeros((1, 12), np.uint64))

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._prepared: tuple[Limbs, NDArray[np.int32], int] | None = None
        self._unfinished = self.windows.count * self.pieces
        self._results = np.zeros((self._unfinished, 12), np.uint64)

    def items(self) -> list[tuple[int, int]]:
        """All pairs (window, piece)."""
        return [
            (window, piece) for window in range(self.windows.count) for piece in range(self.pieces)
        ]

    def run(self, window: int, piece: int) -> None:
        """Sums one window over one piece of the scalars; the last to finish combines them."""
        biased, active, count = self._scalars()
        windows = self.windows
        last = window == windows.count - 1
        position = windows.width * window
        sum_window(
            self._results,
            window * self.pieces + piece,
            self.points,
            biased,
            active,
            position,
            windows.bits + 1 - position if last else windows.width,
            0 if last else 1 << windows.width - 1,
            windows.buckets(window),
            count * piece // self.pieces,
            count * (piece + 1) // self.pieces,
        )
        with self._lock:
            self._unfinished -= 1
            if self._unfinished:
                return
            self._prepared = None
        combine_windows(self.output, self._results, self.pieces, windows.width)

    def _scalars(self) -> tuple[Limbs, NDArray[np.int32], int]:
        with self._lock:
            if self._prepared is None:
                rows = len(self.limbs)
                # one more bit than the scalars have, for the carry of the bias
                biased = np.empty((rows, self.windows.bits // 64 + 1), np.uint64)
                active = np.empty(rows, np.int32)
                bias = self.windows.bias
                shifts = range(0, 64 * biased.shape[1], 64)
                bias_limbs = np.array([bias >> s & (1 << 64) - 1 for s in shifts], np.uint64)
                count = prepare_scalars(biased, active, self.limbs, self.windows.bits, bias_limbs)
                if count < 0:
                    raise ValueError(
                        f"a column said to keep to {self.windows.bits} bits has a wider value"
                    )
                self._prepared = biased, active, count
            return self._prepared


def multiply_columns(points: Limbs, columns: Sequence[tuple[Limbs, int]]) -> Limbs:
    """Affine sums of scalar times point, one per column, Montgomery form, shape (columns, 8).

    Columns are canonical limbs, writable and C-contiguous, and the bits they keep to.
    """
    tasks = []
    for limbs, bits in columns:
        windows = best_windows(bits, len(limbs))
        tasks.append(ColumnTask(points, limbs, windows, 1))
    items = sum(task.windows.count for task in tasks)
    if items < 4 * thread_count():
        for task in tasks:
            wanted = -(-4 * thread_count() // items)
            task.pieces = max(1, min(wanted, len(task.limbs) // SMALLEST_PIECE))
            task.__post_init__()
    # wide columns first: the last to run should be short
    tasks_by_size = sorted(tasks, key=lambda task: -task.windows.width)
    run_all([partial(task.run, *item) for task in tasks_by_size for item in task.items()])
    affine = np.empty((len(tasks), 8), np.uint64)
    if tasks:
        to_affine(affine, np.concatenate([task.output for task in tasks]), 0, len(tasks))
    return affine
