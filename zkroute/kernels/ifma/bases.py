"""Points of whole arrays: loaded as bases, and given back as canonical limbs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.engine import Limbs
from zkroute.kernels.ifma import point_kernels as kernels
from zkroute.kernels.ifma.memory import Words, aligned, block_count
from zkroute.kernels.ifma.points import POINT_WORDS
from zkroute.kernels.ifma.vec8 import LANES
from zkroute.kernels.ifma.vectors import spread


@dataclass(frozen=True)
class Bases:
    """Affine points as ``points`` describes them, canonical, a multiple of eight rows."""

    points: Words
    finite: NDArray[np.uint8]
    """1 for each point that is not infinity; as long as there are points."""


def load_points(limbs: Limbs) -> Bases:
    """Bases from canonical affine coordinates, shape (n, 8)."""
    eights = block_count(len(limbs))
    words = np.zeros((LANES * eights, POINT_WORDS), dtype=np.uint64)
    words[: len(limbs)] = limbs
    points = aligned(*words.shape)
    spread(kernels.import_points, eights, points.reshape(-1), words.reshape(-1))
    return Bases(points, np.asarray(limbs.any(axis=1), dtype=np.uint8))


def export_points(points: Words, count: int) -> Limbs:
    """Canonical limbs of the first points of a multiple of eight."""
    limbs = np.empty(points.shape, dtype=np.uint64)
    spread(kernels.export_points, len(points) // LANES, limbs.reshape(-1), points.reshape(-1))
    return limbs[:count]
