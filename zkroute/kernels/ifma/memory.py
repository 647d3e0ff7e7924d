"""Arrays the kernels work on, aligned so that no load crosses a cache line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkroute.kernels.ifma.field import RADIX
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.vec8 import LANES, LIMB_BITS, LIMB_MASK, LIMBS

Words = NDArray[np.uint64]

_CACHE_LINE = 64


@dataclass(frozen=True)
class Vector:
    """Scalars modulo r in Montgomery form, loose, eight to a block; unused lanes hold zero."""

    blocks: Words
    """Shape (blocks, 5, 8): limb i of element 8 b + j is blocks[b, i, j]."""
    length: int


def aligned(*shape: int) -> Words:
    """An uninitialised array of 64-bit words that starts at a cache line."""
    count = math.prod(shape)
    room = np.empty(count + _CACHE_LINE // 8, dtype=np.uint64)
    start = -room.ctypes.data % _CACHE_LINE // 8
    return room[start : start + count].reshape(shape)


def block_count(length: int) -> int:
    """Blocks that hold so many elements."""
    return -(-length // LANES)


def empty_vector(length: int) -> Vector:
    """A vector to be filled whole, except for the unused lanes, which are zero."""
    blocks = aligned(block_count(length), LIMBS, LANES)
    clear_unused_lanes(blocks, length)
    return Vector(blocks, length)


def clear_unused_lanes(blocks: Words, length: int) -> None:
    """Puts zero behind the last element of the last block."""
    if length % LANES:
        blocks[-1, :, length % LANES :] = 0


def rows_of(values: Sequence[int], modulus: int = MODULUS) -> Words:
    """Rows of five limbs, in Montgomery form, of integers: constants for ``vec8.broadcast``."""
    rows = [
        [value * RADIX % modulus >> LIMB_BITS * limb & LIMB_MASK for limb in range(LIMBS)]
        for value in values
    ]
    return np.array(rows, dtype=np.uint64).reshape(len(rows), LIMBS)


def blocks_of(values: Sequence[int], modulus: int = MODULUS) -> Words:
    """Blocks, in Montgomery form, of a multiple of eight integers: constants for ``vec8.load``."""
    blocks = aligned(len(values) // LANES, LIMBS, LANES)
    blocks[:] = rows_of(values, modulus).reshape(-1, LANES, LIMBS).transpose(0, 2, 1)
    return blocks


def vector_of(values: Sequence[int]) -> Vector:
    """A vector of integers taken modulo r; for few, since each is handled by itself."""
    vector = empty_vector(len(values))
    padding = [0] * (-len(values) % LANES)
    vector.blocks[:] = blocks_of([*values, *padding])
    return vector


def integers_of(blocks: Words, modulus: int = MODULUS) -> list[int]:
    """The canonical integers in blocks; for the few at the end of a computation."""
    inverse_radix = pow(RADIX, -1, modulus)
    return [
        sum(limb << LIMB_BITS * index for index, limb in enumerate(row)) * inverse_radix % modulus
        for row in blocks.transpose(0, 2, 1).reshape(-1, LIMBS).tolist()
    ]
