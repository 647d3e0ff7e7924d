"""``intake.bin``: the leaves of the intake log that belong to one batch, published with it.

magic 8 | first sequence number 8 | count 4 | each leaf 32
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.files import read_bytes
from zkroute.model.order import MAX_ORDERS

MAGIC = b"zkr-int1"
"""Ends with the version."""
LEAF_BYTES = 32
_START = struct.Struct(">8sQI")
MAX_INTAKE_BYTES = _START.size + MAX_ORDERS * LEAF_BYTES


@dataclass(frozen=True)
class IntakeLeaves:
    """Leaves of consecutive sequence numbers, not yet held against any header."""

    first_sequence: int
    leaves: tuple[bytes, ...]


def encode_intake(intake: IntakeLeaves) -> bytes:
    """The bytes of ``intake.bin``."""
    start = _START.pack(MAGIC, intake.first_sequence, len(intake.leaves))
    return start + b"".join(intake.leaves)


def decode_intake(data: bytes, source: str) -> IntakeLeaves:
    """The leaves in the bytes of ``intake.bin``, of exact length. Raises MalformedError."""
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise MalformedError(f"{source}: not an intake file of zkroute, or of another version")
    _, first, count = _START.unpack_from(data)
    if count > MAX_ORDERS or len(data) != _START.size + count * LEAF_BYTES:
        raise MalformedError(f"{source}: {len(data)} bytes do not hold {count} leaves")
    return IntakeLeaves(
        first,
        tuple(
            data[start : start + LEAF_BYTES] for start in range(_START.size, len(data), LEAF_BYTES)
        ),
    )


def read_intake(path: Path) -> IntakeLeaves:
    """The leaves in a file."""
    return decode_intake(read_bytes(path, MAX_INTAKE_BYTES), str(path))


def write_intake(path: str | os.PathLike[str], intake: IntakeLeaves) -> None:
    """Write the file in one step."""
    write_atomic(path, encode_intake(intake))
