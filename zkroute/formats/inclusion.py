"""``inclusion.bin``: an opening of a batch's columns, in as few bytes as it takes.

    magic 8 | header digest 32 | table 1 | columns 4 | count of rows 4 | each row 4
    | each value, as many bytes as its column is wide | proof: 32 for one row, 64 for several

Integers are big-endian; ``columns`` is a bit mask over the openable columns, the first of them the
lowest bit; points are compressed. Order and widths of the columns come from the verifying key.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from zkroute.algebra.groups import PointG1, compress_g1, decompress_g1
from zkroute.errors import MalformedError
from zkroute.protocol.key import VerifyingKey

MAGIC = b"zkr-inc1"
"""Ends with the version."""
ORDERS = "orders"
NODES = "nodes"
MAX_ROWS = 4096
"""Rows in one opening; the time of a check grows with their square."""
MAX_INCLUSION_BYTES = 1 << 22
_TABLES = (ORDERS, NODES)
_START = struct.Struct(">8s32sBII")
_POINT_BYTES = 32


@dataclass(frozen=True)
class Opening:
    """Values of some committed columns of one table at some rows, and the proof for them."""

    header_digest: bytes
    """Of the batch whose columns are opened."""
    table: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    """Strictly ascending."""
    values: tuple[tuple[int, ...], ...]
    """For each row the value of each column."""
    proof: tuple[PointG1, ...]
    """One point for one row, two for several."""

    def row(self, position: int) -> Mapping[str, int]:
        """Column name to value at one of the rows."""
        return dict(zip(self.columns, self.values[position], strict=True))


def openable(key: VerifyingKey, table: str) -> dict[str, int]:
    """The columns of a table that a header commits to, in their order, with their bits."""
    if table == ORDERS:
        return {column.name: column.bits for column in key.circuit.order_columns}
    declared = key.circuit.lowered.circuit.tables[NODES].columns
    return {name: declared[name].bits for name in ("work_before", "work_after")}


def log_rows(key: VerifyingKey, table: str) -> int:
    """The table has two to this many rows."""
    shape = key.circuit.shape
    return shape.log_rows if table == ORDERS else shape.log_node_rows


def encode_opening(opening: Opening, key: VerifyingKey) -> bytes:
    """The bytes of ``inclusion.bin``."""
    available = openable(key, opening.table)
    mask = sum(1 << i for i, name in enumerate(available) if name in opening.columns)
    lengths = [_value_bytes(available[name]) for name in opening.columns]
    return b"".join(
        (
            _START.pack(
                MAGIC,
                opening.header_digest,
                _TABLES.index(opening.table),
                mask,
                len(opening.rows),
            ),
            *(row.to_bytes(4, "big") for row in opening.rows),
            *(
                value.to_bytes(length, "big")
                for values in opening.values
                for value, length in zip(values, lengths, strict=True)
            ),
            *map(compress_g1, opening.proof),
        )
    )


@dataclass(frozen=True)
class OpeningHead:
    """What an opening says of itself to those who have no key."""

    header_digest: bytes
    table: str
    mask: int
    """A bit for each column that it opens."""
    rows: int


def opening_head(data: bytes, source: str) -> OpeningHead:
    """The first fields of ``inclusion.bin``, in range; whether the rest is of the right length is
    for ``decode_opening``. Raises MalformedError naming ``source``."""
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise MalformedError(f"{source}: not an inclusion proof of zkroute, or of another version")
    _, header, number, mask, count = _START.unpack_from(data)
    if number >= len(_TABLES) or not 0 < count <= MAX_ROWS:
        raise MalformedError(f"{source}: its table, or its number of rows, is out of range")
    return OpeningHead(header, _TABLES[number], mask, count)


def decode_opening(data: bytes, key: VerifyingKey, source: str) -> Opening:
    """The opening in the bytes of ``inclusion.bin``, of exact length for this key.

    Raises MalformedError naming ``source`` and what is wrong.

    Soundness: its values are true only after ``zkroute.settlement.openings.check_openings``.
    """
    head = opening_head(data, source)
    table, mask, count = head.table, head.mask, head.rows
    available = openable(key, table)
    if not 0 < mask < 1 << len(available):
        raise MalformedError(f"{source}: it opens columns that this key does not have")
    columns = tuple(name for i, name in enumerate(available) if mask >> i & 1)
    lengths = [_value_bytes(available[name]) for name in columns]
    points = min(count, 2)
    expected = _START.size + count * (4 + sum(lengths)) + points * _POINT_BYTES
    if len(data) != expected:
        raise MalformedError(
            f"{source}: {len(data)} bytes where this key gives such an opening {expected}"
        )
    reader = _Reader(data, _START.size)
    return Opening(
        header_digest=head.header_digest,
        table=table,
        columns=columns,
        rows=tuple(reader.integer(4) for _ in range(count)),
        values=tuple(tuple(map(reader.integer, lengths)) for _ in range(count)),
        proof=tuple(
            decompress_g1(reader.take(_POINT_BYTES), f"{source}: proof", allow_infinity=False)
            for _ in range(points)
        ),
    )


def _value_bytes(bits: int) -> int:
    return (bits + 7) // 8


class _Reader:
    """Takes parts off the front; the caller has checked the whole length."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, length: int) -> bytes:
        self._position += length
        return self._data[self._position - length : self._position]

    def integer(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")
