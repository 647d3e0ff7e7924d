"""``ledger.jsonl``: a ledger as text, to carry a chain to another node or keep it elsewhere.

The first line says how many batches follow and the rolling hash at their end; a line per snapshot
before the first batch that needs it; a line per batch, in the order of the chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zkroute.errors import MalformedError, UsageError
from zkroute.formats.header import MAX_HEADER_BYTES, decode_header, encode_header
from zkroute.formats.hexadecimal import any_bytes, decode_any
from zkroute.formats.strict_json import check_format, hexadecimal, load_object
from zkroute.model.document import MAX_DOCUMENT_BYTES, Table, canonical
from zkroute.model.order import MAX_ORDERS
from zkroute.model.snapshot import Snapshot, snapshot_from_canonical
from zkroute.protocol.header import COUNTER_LIMIT, Header

FORMAT = "zkroute-ledger-export"
VERSION = 1
MAX_LINE_BYTES = (1 << 27) + MAX_HEADER_BYTES


@dataclass(frozen=True)
class ExportStart:
    """The first line."""

    chain: str
    batches: int
    link: bytes
    """The exporting ledger's rolling hash after the last batch."""


@dataclass(frozen=True)
class ExportedBatch:
    """One accepted batch."""

    header: Header
    proof: bytes
    accepted_ms: int
    orders: tuple[bytes, ...]
    """Digests of the orders that the exporting node settled with it."""


def export_lines(start: ExportStart, parts: Iterable[Snapshot | ExportedBatch]) -> Iterator[bytes]:
    """The lines of the file, each with its newline."""
    yield _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "chain": start.chain,
            "batches": start.batches,
            "link": start.link.hex(),
        }
    )
    for part in parts:
        if isinstance(part, Snapshot):
            yield _line({"snapshot": json.loads(part.canonical_bytes())})
            continue
        yield _line(
            {
                "header": json.loads(encode_header(part.header)),
                "proof": part.proof.hex(),
                "accepted_ms": part.accepted_ms,
                "orders": [digest.hex() for digest in part.orders],
            }
        )


def read_export(path: Path) -> tuple[ExportStart, Iterator[Snapshot | ExportedBatch]]:
    """The file's first line, and the parts that follow, read one at a time.

    Raises MalformedError naming the line, UsageError if the file cannot be read; the iterator does
    too, also where the file ends before or after the number of batches that it announced.

    Soundness: nothing is verified; ``zkroute.settlement.exchange`` does.
    """
    lines = _lines(path)
    first = next(lines, b"")
    table = load_object(first, f"{path}:1", MAX_LINE_BYTES)
    check_format(table, FORMAT, VERSION)
    start = ExportStart(
        table.name("chain"),
        table.integer("batches", 0, COUNTER_LIMIT - 1),
        hexadecimal(table, "link", 32),
    )
    table.finish()
    return start, _parts(path, lines, start.batches)


def _parts(path: Path, lines: Iterator[bytes], batches: int) -> Iterator[Snapshot | ExportedBatch]:
    found = 0
    for number, line in enumerate(lines, start=2):
        table = load_object(line, f"{path}:{number}", MAX_LINE_BYTES)
        if table.has("snapshot"):
            yield _snapshot(table)
        else:
            found += 1
            yield _batch(table)
        table.finish()
    if found != batches:
        raise MalformedError(f"{path}: {found} batches where the first line says {batches}")


def _snapshot(table: Table) -> Snapshot:
    document = canonical(table.table("snapshot").values)
    if len(document) > MAX_DOCUMENT_BYTES:
        table.refuse("is longer than any snapshot", "snapshot")
    return snapshot_from_canonical(document)


def _batch(table: Table) -> ExportedBatch:
    header = json.dumps(dict(table.table("header", optional=False).values)).encode("ascii")
    table.has("orders")
    orders = table.values.get("orders")
    if not isinstance(orders, list) or len(orders) > MAX_ORDERS:
        table.refuse("must be a list of order digests", "orders")
    digests = tuple(decode_any(table, each, "orders") for each in orders)
    if any(len(digest) != 32 for digest in digests):
        table.refuse("an order digest has 32 bytes", "orders")
    return ExportedBatch(
        decode_header(header, f"{table.source}: header"),
        any_bytes(table, "proof"),
        table.integer("accepted_ms", 0, COUNTER_LIMIT - 1),
        digests,
    )


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                yield line
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"
