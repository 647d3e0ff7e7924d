"""How a multi-scalar multiplication is cut into windows, and windows into tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_NARROWEST, _WIDEST = 4, 16
"""Widths worth trying: wider digits would ask for more buckets than any column here fills."""

_BUCKET_COST = 1.8
"""What a bucket to be weighed costs, measured in items to be sorted and added up."""


@dataclass(frozen=True)
class Window:
    """Bits position ... position + bits - 1 of all scalars, as a digit plus ``half``."""

    position: int
    bits: int
    half: int
    groups: int
    """One more than the largest absolute value of a digit."""


def offset_of(windows: Sequence[Window]) -> int:
    """What is added to scalars so that every window's bits are its digit plus ``half``."""
    return sum(window.half << window.position for window in windows)


@lru_cache(maxsize=4096)
def windows_of(bits: int, count: int) -> tuple[Window, ...]:
    """The cheapest windows for so many scalars below 2**bits."""
    numbers = sorted({-(-(bits + 1) // width) for width in range(_NARROWEST, _WIDEST + 1)})
    return min((_evenly(bits, number) for number in numbers), key=lambda plan: _cost(plan, count))


def _evenly(bits: int, number: int) -> tuple[Window, ...]:
    """Windows as equal as possible; the top digit is not signed and so has a bit less.

    Carries can lift it to the power of two just above its bits.
    """
    width, wider = divmod(bits + 1, number)
    windows = []
    position = 0
    for index in range(number - 1):
        size = width + (index < wider)
        half = 1 << size - 1
        windows.append(Window(position, size, half, half + 1))
        position += size
    top = bits - position
    windows.append(Window(position, top + 1, 0, (1 << top) + 1))
    return tuple(windows)


def _cost(windows: Sequence[Window], count: int) -> float:
    return sum(count + _BUCKET_COST * window.groups for window in windows)


def cost(window: Window, count: int) -> float:
    """What a window costs, in items."""
    return _cost([window], count)
