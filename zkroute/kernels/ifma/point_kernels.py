"""Kernels that bring points in and out, eight at a time."""

from __future__ import annotations

from typing import Any

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import base_field as field
from zkroute.kernels.ifma.points import POINT_WORDS
from zkroute.kernels.ifma.words import from_words, gather, scatter, to_words


@jit
def _gather_coordinate(words: Any, first: int) -> Any:
    """Eight coordinates, each four words, of points that follow each other."""
    w0 = gather(words, first, POINT_WORDS)
    w1 = gather(words, first + 1, POINT_WORDS)
    w2 = gather(words, first + 2, POINT_WORDS)
    w3 = gather(words, first + 3, POINT_WORDS)
    return from_words(w0, w1, w2, w3)


@jit
def _scatter_coordinate(words: Any, first: int, value: Any) -> None:
    w0, w1, w2, w3 = to_words(value)
    scatter(words, first, POINT_WORDS, w0)
    scatter(words, first + 1, POINT_WORDS, w1)
    scatter(words, first + 2, POINT_WORDS, w2)
    scatter(words, first + 3, POINT_WORDS, w3)


@jit
def import_points(points: Any, words: Any, start: int, stop: int) -> None:
    """Canonical Montgomery form of canonical coordinates; zero stays zero, so infinity too.

    Both arrays are flat, eight words to a point; ranges count eights of points.
    """
    for eight in range(start, stop):
        for half in range(2):
            first = 8 * POINT_WORDS * eight + 4 * half
            value = field.multiply(_gather_coordinate(words, first), field.radix_squared())
            _scatter_coordinate(points, first, field.canonical(value))


@jit
def export_points(words: Any, points: Any, start: int, stop: int) -> None:
    """Canonical coordinates of points in Montgomery form; the inverse of ``import_points``."""
    for eight in range(start, stop):
        for half in range(2):
            first = 8 * POINT_WORDS * eight + 4 * half
            value = field.reduce_product(_gather_coordinate(points, first))
            _scatter_coordinate(words, first, field.canonical(value))
