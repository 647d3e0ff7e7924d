"""Slice commitments: what binds each node's private slice before any challenge is drawn.

A node later recomputes D_j = mask_j + sum 1/(slice_point - fold(row)) from its slice. Were slice
and mask free until then, a router could solve for a mask, or search salts for a colliding sum
(generalised birthday), after the challenges. So the header carries a Merkle root over one salted
commitment per slot, and the transcript absorbs it first (docs/decisions/0002-slice-commitments.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from zkroute.algebra.engine import Limbs

LEAF_DOMAIN = b"zkroute/slice-leaf/v1"
NODE_DOMAIN = b"zkroute/slice-node/v1"


def slice_commitment(slot: int, salt: bytes, mask: int, rows: bytes) -> bytes:
    """Commitment to a slot's slice: 32-byte salt, mask scalar, and its rows' bytes in order.

    Raises ValueError for a salt of another length, which would make the framing ambiguous.
    """
    if len(salt) != 32:
        raise ValueError("a slice's salt has 32 bytes")
    return hashlib.sha256(
        LEAF_DOMAIN
        + slot.to_bytes(4, "big")
        + salt
        + mask.to_bytes(32, "big")
        + len(rows).to_bytes(8, "big")
        + rows
    ).digest()


def slice_commitments(
    rows: Sequence[bytes], salts: Sequence[bytes], masks: Sequence[int]
) -> list[bytes]:
    """The commitment of every slot; slots without a listed node have the mask 0."""
    every_mask = [*masks, *[0] * (len(salts) - len(masks))]
    return [
        slice_commitment(slot, salt, mask, row)
        for slot, (salt, mask, row) in enumerate(zip(salts, every_mask, rows, strict=True))
    ]


def content_rows(columns: Sequence[Limbs]) -> bytes:
    """The rows a slice commitment binds: 32 big-endian bytes per cell, row by row.

    ``columns`` are the content columns in the circuit's order, of one length.
    """
    cells = np.zeros((len(columns[0]), len(columns), 4), dtype=">u8")
    for position, limbs in enumerate(columns):
        cells[:, position, 4 - limbs.shape[1] :] = limbs[:, ::-1]
    return cells.tobytes()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over a power-of-two number of leaves; inner nodes are domain-separated from leaves."""
    level = list(leaves)
    if not level or len(level) & (len(level) - 1):
        raise ValueError("the number of leaves is a power of two")
    while len(level) > 1:
        level = [_join(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def merkle_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Siblings from leaf to root."""
    level, path = list(leaves), []
    while len(level) > 1:
        path.append(level[index ^ 1])
        level = [_join(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
        index >>= 1
    return path


def root_from_path(leaf: bytes, index: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf at ``index`` and its siblings lead to.

    Soundness: the caller fixes the path's length from the number of slots.
    """
    digest = leaf
    for sibling in path:
        digest = _join(sibling, digest) if index & 1 else _join(digest, sibling)
        index >>= 1
    return digest


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE_DOMAIN + left + right).digest()
