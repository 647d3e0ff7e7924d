"""Integer columns as little-endian 64-bit limbs, and their range-check decompositions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from circuits.gadgets.range import limb_names
from zkroute.algebra.engine import Limbs
from zkroute.algebra.scalars import MODULUS

Trace = dict[str, Limbs]
"""Column name to canonical limbs, shape (rows, L)."""


def from_small(values: NDArray[np.integer] | NDArray[np.bool_], rows: int) -> Limbs:
    """Non-negative 64-bit values, padded with zeros to (rows, 1)."""
    limbs = np.zeros((rows, 1), dtype=np.uint64)
    limbs[: len(values), 0] = values
    return limbs


def padded(limbs: Limbs, rows: int) -> Limbs:
    """Limbs padded with zero rows to (rows, L)."""
    result = np.zeros((rows, limbs.shape[1]), dtype=np.uint64)
    result[: len(limbs)] = limbs
    return result


def from_integers(values: Sequence[int], rows: int) -> Limbs:
    """Integers reduced modulo r, padded with zeros to (rows, 4)."""
    data = b"".join((value % MODULUS).to_bytes(32, "little") for value in values)
    return padded(np.frombuffer(data, dtype="<u8").reshape(-1, 4).astype(np.uint64), rows)


def to_integers(limbs: Limbs) -> list[int]:
    """The integers of limbs of any width."""
    data = np.ascontiguousarray(limbs, dtype="<u8").tobytes()
    width = 8 * limbs.shape[1]
    return [
        int.from_bytes(data[start : start + width], "little")
        for start in range(0, len(data), width)
    ]


def subtract(left: Limbs, right: Limbs) -> Limbs:
    """left - right of two-limb columns; the caller ensures that no row is negative."""
    result = np.empty_like(left)
    result[:, 0] = left[:, 0] - right[:, 0]
    result[:, 1] = left[:, 1] - right[:, 1] - (left[:, 0] < right[:, 0])
    return result


def decompose(name: str, values: Limbs, bits: int, limb_bits: int) -> Trace:
    """The limb columns of a range check of ``name``; bits beyond the last limb are dropped."""
    trace: Trace = {}
    mask = np.uint64((1 << limb_bits) - 1)
    for number, column in enumerate(limb_names(name, bits, limb_bits)):
        word, offset = divmod(number * limb_bits, 64)
        part = values[:, word] >> np.uint64(offset)
        if offset + limb_bits > 64 and word + 1 < values.shape[1]:
            part = part | (values[:, word + 1] << np.uint64(64 - offset))
        trace[column] = (part & mask)[:, None]
    return trace
