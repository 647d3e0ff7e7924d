"""``orders.signed``: order records with their traders' signatures, on the way to the router.

magic 8 | count 4 | each record | each envelope (docs/receipts.md)
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.files import read_private_bytes
from zkroute.formats.slice import ENVELOPE_BYTES
from zkroute.model.order import MAX_ORDERS, ORDER_RECORD

MAGIC = b"zkr-sgn1"
"""Ends with the version."""
_START = struct.Struct(">8sI")
MAX_SIGNED_BYTES = _START.size + MAX_ORDERS * (ORDER_RECORD.itemsize + ENVELOPE_BYTES)


def encode_signed_orders(records: bytes, envelopes: bytes) -> bytes:
    """The bytes of ``orders.signed``."""
    count = len(records) // ORDER_RECORD.itemsize
    return _START.pack(MAGIC, count) + records + envelopes


def decode_signed_orders(data: bytes, source: str) -> tuple[bytes, bytes]:
    """Records and envelopes in the bytes of ``orders.signed``. Raises MalformedError.

    Soundness: records are for ``orders_from_bytes``, signatures for ``check_signatures``.
    """
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise MalformedError(f"{source}: not a file of signed orders, or of another version")
    _, count = _START.unpack_from(data)
    middle = _START.size + count * ORDER_RECORD.itemsize
    if count > MAX_ORDERS or len(data) != middle + count * ENVELOPE_BYTES:
        raise MalformedError(f"{source}: {len(data)} bytes do not hold {count} signed orders")
    return data[_START.size : middle], data[middle:]


def read_signed_orders(path: Path) -> tuple[bytes, bytes]:
    """Records and envelopes in a file that its owner alone can read."""
    return decode_signed_orders(read_private_bytes(path, MAX_SIGNED_BYTES), str(path))


def write_signed_orders(path: str | os.PathLike[str], records: bytes, envelopes: bytes) -> None:
    """Write the file in one step, readable by its owner alone."""
    write_atomic(path, encode_signed_orders(records, envelopes), private=True)
