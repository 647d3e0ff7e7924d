"""``disclosure.json``: chosen orders and node totals of a batch, opened for one recipient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkroute.formats.files import read_bytes
from zkroute.formats.hexadecimal import any_bytes, decode_any
from zkroute.formats.inclusion import MAX_ROWS
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import Table
from zkroute.model.order import ORDER_RECORD
from zkroute.protocol.header import COUNTER_LIMIT

FORMAT = "zkroute-disclosure"
VERSION = 1
MAX_DISCLOSURE_BYTES = 1 << 25


@dataclass(frozen=True)
class Disclosure:
    """What a router opens of one batch, not yet held against the header."""

    header: bytes
    """Digest of the header that everything in it is bound to."""
    recipient: str
    purpose: str
    made_ms: int
    orders: bytes = b""
    """Bytes of an opening of orders; empty for none."""
    nodes: bytes = b""
    """Bytes of an opening of nodes; empty for none."""
    records: tuple[bytes, ...] = ()
    """Whole order documents of opened orders."""


def encode_disclosure(disclosure: Disclosure) -> bytes:
    """The bytes of ``disclosure.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "header": disclosure.header.hex(),
            "recipient": disclosure.recipient,
            "purpose": disclosure.purpose,
            "made_ms": disclosure.made_ms,
            "orders": disclosure.orders.hex(),
            "nodes": disclosure.nodes.hex(),
            "records": [record.hex() for record in disclosure.records],
        }
    )


def decode_disclosure(data: bytes, source: str) -> Disclosure:
    """The disclosure in the bytes of ``disclosure.json``. Raises MalformedError.

    Soundness: what it says is true only after ``zkroute.settlement.disclosure``.
    """
    table = load_object(data, source, MAX_DISCLOSURE_BYTES)
    check_format(table, FORMAT, VERSION)
    disclosure = Disclosure(
        header=hexadecimal(table, "header", 32),
        recipient=table.title("recipient"),
        purpose=table.title("purpose"),
        made_ms=table.integer("made_ms", 0, COUNTER_LIMIT - 1),
        orders=any_bytes(table, "orders"),
        nodes=any_bytes(table, "nodes"),
        records=_records(table),
    )
    table.finish()
    return disclosure


def read_disclosure(path: Path) -> Disclosure:
    """The disclosure in a file."""
    return decode_disclosure(read_bytes(path, MAX_DISCLOSURE_BYTES), str(path))


def _records(table: Table) -> tuple[bytes, ...]:
    table.has("records")
    values = table.values.get("records")
    if not isinstance(values, list) or len(values) > MAX_ROWS:
        table.refuse(f"must be a list of at most {MAX_ROWS} order records", "records")
    records = tuple(decode_any(table, value, "records") for value in values)
    if any(len(record) != ORDER_RECORD.itemsize for record in records):
        table.refuse(f"an order record has {ORDER_RECORD.itemsize} bytes", "records")
    return records
