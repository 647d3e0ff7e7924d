"""``batch.private``: what opens a batch's header, for its router alone (docs/formats.md).

Integers and scalars are big-endian. The digest at the end guards against damage; who can write to
the router's private files is the router.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.scalars import SCALAR_BYTES, decode_scalar, encode_scalar
from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.files import read_private_bytes
from zkroute.model.order import MAX_ORDERS, ORDER_RECORD
from zkroute.model.policy import MAX_SLOTS

MAGIC = b"zkr-bat\0"
VERSION = 1
DIGEST_BYTES = 32
MAX_BATCH_BYTES = 1 << 29
_MAX_COLUMNS = 32
_START = struct.Struct(">8sHH32sIIIIB")
Placement = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)  # secrets stay out of whatever prints objects
class PrivateBatch:
    """The content of a batch's private file, well-formed but not yet held against its header."""

    header_digest: bytes
    """Of the header that this opens."""
    children: int
    """Next batches that were committed to on top of this one; each opens its work again."""
    proof: bytes
    """The header's one proof, empty until it is made."""
    records: bytes
    """Order records in arrival order, one after the other."""
    arrival: Placement
    """For each row in processing order, the order's position as it came."""
    node: Placement
    """For each row in processing order, the slot it was sent to."""
    order_blinding: tuple[tuple[int, ...], ...]
    work_before: tuple[int, ...]
    blinding_before: tuple[int, ...]
    work_after: tuple[int, ...]
    blinding_after: tuple[int, ...]
    masks: tuple[int, ...]
    """One scalar per node."""
    salts: tuple[bytes, ...]
    """32 bytes per slot."""

    def with_proof(self, proof: bytes) -> PrivateBatch:
        """The same with its proof."""
        return replace(self, proof=proof)

    def with_another_child(self) -> PrivateBatch:
        """The same after one more next batch."""
        return replace(self, children=self.children + 1)


def encode_batch(batch: PrivateBatch) -> bytes:
    """The bytes of ``batch.private``."""
    body = b"".join(
        (
            _START.pack(
                MAGIC,
                VERSION,
                batch.children,
                batch.header_digest,
                len(batch.proof),
                len(batch.arrival),
                len(batch.salts),
                len(batch.masks),
                len(batch.order_blinding),
            ),
            batch.proof,
            batch.records,
            batch.arrival.astype(">u4").tobytes(),
            batch.node.astype(">u2").tobytes(),
            *map(_encode_blinding, batch.order_blinding),
            np.array(batch.work_before, dtype=">u8").tobytes(),
            _encode_blinding(batch.blinding_before),
            np.array(batch.work_after, dtype=">u8").tobytes(),
            _encode_blinding(batch.blinding_after),
            *map(encode_scalar, batch.masks),
            *batch.salts,
        )
    )
    return body + hashlib.sha256(body).digest()


def decode_batch(data: bytes, source: str) -> PrivateBatch:
    """The batch in the bytes of ``batch.private``: undamaged, scalars canonical, sizes in range.

    Raises MalformedError naming ``source`` and what is wrong.

    Soundness: that it opens a certain header, and that the orders suit a policy, is for whoever
    joins it with both.
    """
    body, digest = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC):
        raise MalformedError(f"{source}: not a private batch file of zkroute")
    if hashlib.sha256(body).digest() != digest:
        raise MalformedError(f"{source}: the file is damaged: its SHA-256 is not the stated one")
    reader = _Reader(body, source)
    start = _START.unpack(reader.take(_START.size, "start"))
    _, version, children, header, proof_bytes, orders, slots, nodes, columns = start
    if version != VERSION:
        raise MalformedError(f"{source}: version {version} of the file is not {VERSION}")
    if orders > MAX_ORDERS or nodes > slots or slots > MAX_SLOTS or columns > _MAX_COLUMNS:
        raise MalformedError(f"{source}: a size at the start is out of range")
    batch = PrivateBatch(
        header_digest=header,
        children=children,
        proof=reader.take(proof_bytes, "proof"),
        records=reader.take(orders * ORDER_RECORD.itemsize, "orders"),
        arrival=reader.placement(orders, ">u4", "arrival"),
        node=reader.placement(orders, ">u2", "node"),
        order_blinding=tuple(reader.blinding(f"blinding of column {i}") for i in range(columns)),
        work_before=reader.work(slots, "work before"),
        blinding_before=reader.blinding("blinding of the work before"),
        work_after=reader.work(slots, "work after"),
        blinding_after=reader.blinding("blinding of the work after"),
        masks=reader.scalars(nodes, "mask"),
        salts=tuple(reader.take(32, "salt") for _ in range(slots)),
    )
    reader.finish()
    return batch


def read_batch(path: str | os.PathLike[str]) -> PrivateBatch:
    """The batch in a file that its owner alone can read (``decode_batch``)."""
    return decode_batch(read_private_bytes(path, MAX_BATCH_BYTES), str(path))


def write_batch(path: str | os.PathLike[str], batch: PrivateBatch) -> None:
    """Write the file in one step, readable by its owner alone."""
    write_atomic(Path(path), encode_batch(batch), private=True)


def _encode_blinding(scalars: Sequence[int]) -> bytes:
    return bytes([len(scalars)]) + b"".join(map(encode_scalar, scalars))


class _Reader:
    """Takes parts off the front, each named for errors."""

    def __init__(self, data: bytes, source: str) -> None:
        self._data = data
        self._source = source
        self._position = 0

    def take(self, length: int, part: str) -> bytes:
        end = self._position + length
        if end > len(self._data):
            raise MalformedError(f"{self._source}: the file ends inside: {part}")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def placement(self, count: int, kind: str, part: str) -> Placement:
        data = self.take(count * np.dtype(kind).itemsize, part)
        return np.frombuffer(data, dtype=kind).astype(np.int64)

    def work(self, slots: int, part: str) -> tuple[int, ...]:
        return tuple(np.frombuffer(self.take(8 * slots, part), dtype=">u8").tolist())

    def scalars(self, count: int, part: str) -> tuple[int, ...]:
        return tuple(
            decode_scalar(self.take(SCALAR_BYTES, part), f"{self._source}: {part} {i}")
            for i in range(count)
        )

    def blinding(self, part: str) -> tuple[int, ...]:
        return self.scalars(self.take(1, part)[0], part)

    def finish(self) -> None:
        if self._position != len(self._data):
            extra = len(self._data) - self._position
            raise MalformedError(f"{self._source}: {extra} bytes too many before the digest")
