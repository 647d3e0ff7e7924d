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
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.scalars import SCALAR_BYTES, decode_scalar, encode_scalar
from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.files import read_private_bytes
from zkroute.model.order import MAX_ORDERS, ORDER_RECORD
from zkroute.model.policy import MAX_CARRY, MAX_SLOTS

MAGIC = b"zkr-bat\0"
VERSION = 1
DIGEST_BYTES = 32
MAX_BATCH_BYTES = 1 << 29
_MAX_COLUMNS = 32
_START = struct.Struct(">8sHH32sIIIIIB")
_COUNT = struct.Struct(">I")
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)  # secrets stay out of whatever prints objects
class PrivateState:
    """What one batch hands to the next."""

    work: tuple[int, ...]
    """Each slot's work."""
    blinding: tuple[int, ...]
    held_records: bytes
    """Records of the orders held for the next batch, one after the other."""
    held_sequence: tuple[int, ...]
    """Their sequence numbers, ascending."""
    carry_blinding: tuple[tuple[int, ...], ...]
    """One tuple of scalars per carry column; empty if the policy never holds orders."""


@dataclass(frozen=True, eq=False, repr=False)  # as above
class PrivateBatch:
    """The content of a batch's private file, well-formed but not yet held against its header."""

    header_digest: bytes
    """Of the header that this opens."""
    children: int
    """Next batches that were committed to on top of this one; each opens its state again."""
    proof: bytes
    """The header's one proof, empty until it is made."""
    records: bytes
    """Records of the orders that arrived, one after the other."""
    source: Numbers
    """For each row in processing order, the order's position among the held and arrived ones."""
    node: Numbers
    """For each row, the slot it was sent to."""
    status: Numbers
    """For each row, 0 placed, 1 held, 2 rejected."""
    order_blinding: tuple[tuple[int, ...], ...]
    before: PrivateState
    after: PrivateState
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
                len(batch.records) // ORDER_RECORD.itemsize,
                len(batch.source),
                len(batch.salts),
                len(batch.masks),
                len(batch.order_blinding),
            ),
            batch.proof,
            batch.records,
            batch.source.astype(">u4").tobytes(),
            batch.node.astype(">u2").tobytes(),
            batch.status.astype(">u1").tobytes(),
            *map(_encode_blinding, batch.order_blinding),
            _encode_state(batch.before),
            _encode_state(batch.after),
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
    _, version, children, header, proof_bytes, arrived, rows, slots, nodes, columns = start
    if version != VERSION:
        raise MalformedError(f"{source}: version {version} of the file is not {VERSION}")
    if max(arrived, rows) > MAX_ORDERS or not nodes <= slots <= MAX_SLOTS or columns > _MAX_COLUMNS:
        raise MalformedError(f"{source}: a size at the start is out of range")
    batch = PrivateBatch(
        header_digest=header,
        children=children,
        proof=reader.take(proof_bytes, "proof"),
        records=reader.take(arrived * ORDER_RECORD.itemsize, "orders"),
        source=reader.numbers(rows, ">u4", "source"),
        node=reader.numbers(rows, ">u2", "node"),
        status=reader.numbers(rows, ">u1", "status"),
        order_blinding=tuple(reader.blinding(f"blinding of column {i}") for i in range(columns)),
        before=_decode_state(reader, slots, "state before"),
        after=_decode_state(reader, slots, "state after"),
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


def _encode_state(state: PrivateState) -> bytes:
    return b"".join(
        (
            np.array(state.work, dtype=">u8").tobytes(),
            _encode_blinding(state.blinding),
            _COUNT.pack(len(state.held_sequence)),
            state.held_records,
            np.array(state.held_sequence, dtype=">u8").tobytes(),
            bytes([len(state.carry_blinding)]),
            *map(_encode_blinding, state.carry_blinding),
        )
    )


def _decode_state(reader: _Reader, slots: int, part: str) -> PrivateState:
    work = reader.words(slots, f"{part}: work")
    blinding = reader.blinding(f"{part}: blinding of the work")
    (held,) = _COUNT.unpack(reader.take(_COUNT.size, f"{part}: number of held orders"))
    if held > MAX_CARRY:
        reader.refuse(f"{part}: {held} held orders are more than any policy allows")
    return PrivateState(
        work=work,
        blinding=blinding,
        held_records=reader.take(held * ORDER_RECORD.itemsize, f"{part}: held orders"),
        held_sequence=reader.words(held, f"{part}: sequence numbers"),
        carry_blinding=tuple(
            reader.blinding(f"{part}: blinding of carry column {i}")
            for i in range(reader.take(1, f"{part}: number of carry columns")[0])
        ),
    )


def _encode_blinding(scalars: Sequence[int]) -> bytes:
    return bytes([len(scalars)]) + b"".join(map(encode_scalar, scalars))


class _Reader:
    """Takes parts off the front, each named for errors."""

    def __init__(self, data: bytes, source: str) -> None:
        self._data = data
        self._source = source
        self._position = 0

    def refuse(self, message: str) -> NoReturn:
        raise MalformedError(f"{self._source}: {message}")

    def take(self, length: int, part: str) -> bytes:
        end = self._position + length
        if end > len(self._data):
            self.refuse(f"the file ends inside: {part}")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def numbers(self, count: int, kind: str, part: str) -> Numbers:
        data = self.take(count * np.dtype(kind).itemsize, part)
        return np.frombuffer(data, dtype=kind).astype(np.int64)

    def words(self, count: int, part: str) -> tuple[int, ...]:
        return tuple(np.frombuffer(self.take(8 * count, part), dtype=">u8").tolist())

    def scalars(self, count: int, part: str) -> tuple[int, ...]:
        return tuple(
            decode_scalar(self.take(SCALAR_BYTES, part), f"{self._source}: {part} {i}")
            for i in range(count)
        )

    def blinding(self, part: str) -> tuple[int, ...]:
        return self.scalars(self.take(1, part)[0], part)

    def finish(self) -> None:
        if self._position != len(self._data):
            self.refuse(f"{len(self._data) - self._position} bytes too many before the digest")
