"""``slice.private``: the orders a batch sends to one node, for that node alone.

docs/settlement.md has the layout. Integers and scalars are big-endian. The digest at the end guards
against damage; what makes the content true is ``zkroute.settlement.slices``.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass

import numpy as np

from zkroute.algebra.scalars import SCALAR_BYTES, decode_scalar, encode_scalar
from zkroute.errors import MalformedError
from zkroute.formats.files import read_private_bytes
from zkroute.model.order import MAX_ORDERS, ORDER_RECORD, Words
from zkroute.model.policy import MAX_SLOTS

MAGIC = b"zkr-slc\0"
VERSION = 1
DIGEST_BYTES = 32
ENVELOPE_BYTES = 128
MAX_SLICE_BYTES = 1 << 29
_START = struct.Struct(">8sH32sIIBB32s")


@dataclass(frozen=True, eq=False, repr=False)  # secrets stay out of whatever prints objects
class Slice:
    """One node's part of a batch, well-formed but not yet held against header and proof."""

    header_digest: bytes
    """Of the batch it is cut from."""
    slot: int
    sequence: Words
    """The orders' sequence numbers, in processing order."""
    records: bytes
    """The orders' records, one after the other, in the same order."""
    salt: bytes
    mask: int
    path: tuple[bytes, ...]
    """Siblings from the slice commitment to the header's root."""
    envelopes: bytes
    """Empty, or one per order (``zkroute.settlement.order_signatures``)."""

    def __len__(self) -> int:
        return len(self.sequence)


def encode_slice(part: Slice) -> bytes:
    """The bytes of ``slice.private``."""
    body = b"".join(
        (
            _START.pack(
                MAGIC,
                VERSION,
                part.header_digest,
                part.slot,
                len(part),
                len(part.path),
                bool(part.envelopes),
                part.salt,
            ),
            encode_scalar(part.mask),
            *part.path,
            part.sequence.astype(">u8").tobytes(),
            part.records,
            part.envelopes,
        )
    )
    return body + hashlib.sha256(body).digest()


def decode_slice(data: bytes, source: str) -> Slice:
    """The slice in the bytes of ``slice.private``: undamaged, of exact length, mask canonical.

    Raises MalformedError naming ``source`` and what is wrong.

    Soundness: nothing in it is true before ``zkroute.settlement.slices.check_slice`` says so.
    """
    body, digest = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC) or len(body) < _START.size:
        raise MalformedError(f"{source}: not a slice file of zkroute")
    if hashlib.sha256(body).digest() != digest:
        raise MalformedError(f"{source}: the file is damaged: its SHA-256 is not the stated one")
    start = _START.unpack_from(body)
    _, version, header, slot, count, siblings, is_signed, salt = start
    if version != VERSION:
        raise MalformedError(f"{source}: version {version} of the file is not {VERSION}")
    if count > MAX_ORDERS or slot >= MAX_SLOTS or 1 << siblings > MAX_SLOTS or is_signed > 1:
        raise MalformedError(f"{source}: a size at the start is out of range")
    lengths = (
        SCALAR_BYTES,
        32 * siblings,
        8 * count,
        ORDER_RECORD.itemsize * count,
        ENVELOPE_BYTES * count if is_signed else 0,
    )
    if is_signed and not count:
        raise MalformedError(f"{source}: signatures without orders")
    if len(body) != _START.size + sum(lengths):
        raise MalformedError(
            f"{source}: {len(data)} bytes where a slice of {count} orders has "
            f"{_START.size + sum(lengths) + DIGEST_BYTES}"
        )
    parts = []
    position = _START.size
    for length in lengths:
        parts.append(body[position : position + length])
        position += length
    mask, path, sequence, records, envelopes = parts
    return Slice(
        header_digest=header,
        slot=slot,
        sequence=np.frombuffer(sequence, dtype=">u8").astype(np.uint64),
        records=records,
        salt=salt,
        mask=decode_scalar(mask, f"{source}: mask"),
        path=tuple(path[start : start + 32] for start in range(0, len(path), 32)),
        envelopes=envelopes,
    )


def read_slice(path: str | os.PathLike[str]) -> Slice:
    """The slice in a file that its owner alone can read (``decode_slice``)."""
    return decode_slice(read_private_bytes(path, MAX_SLICE_BYTES), str(path))
