"""``header.json``: what everyone may know of a batch. docs/formats.md has the fields."""

from __future__ import annotations

from zkroute.algebra.groups import compress_g1
from zkroute.formats.strict_json import (
    check_format,
    dump_object,
    hexadecimal,
    load_object,
    point,
    points,
)
from zkroute.protocol.header import HEADER_VERSION, Header

FORMAT = "zkroute-header"
MAX_HEADER_BYTES = 1 << 16
MAX_COLUMNS = 32
_MAX_COUNTER = (1 << 64) - 1


def encode_header(header: Header) -> bytes:
    """The bytes of ``header.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": header.version,
            "chain": header.chain,
            "batch": header.batch,
            "previous": header.previous.hex(),
            "key": header.key.hex(),
            "policy": header.policy.hex(),
            "snapshot": header.snapshot.hex(),
            "srs": header.srs,
            "log_rows": header.log_rows,
            "first_sequence": header.first_sequence,
            "order_count": header.order_count,
            "time_ms": header.time_ms,
            "elapsed_ms": header.elapsed_ms,
            "columns": [compress_g1(column).hex() for column in header.columns],
            "work_before": compress_g1(header.work_before).hex(),
            "work_after": compress_g1(header.work_after).hex(),
            "slices": header.slices.hex(),
            "router": header.router.hex(),
            "signature": header.signature.hex(),
        }
    )


def decode_header(data: bytes, source: str) -> Header:
    """The header in the bytes of ``header.json``: fields of their types, points on the curve.

    Raises MalformedError naming ``source`` and the field.

    Soundness: signature, chain and all that the header refers to are for ``verifier.verify``.
    """
    table = load_object(data, source, MAX_HEADER_BYTES)
    check_format(table, FORMAT, HEADER_VERSION)

    def counter(key: str) -> int:
        return table.integer(key, 0, _MAX_COUNTER)

    header = Header(
        version=HEADER_VERSION,
        chain=table.name("chain"),
        batch=counter("batch"),
        previous=hexadecimal(table, "previous", 32),
        key=hexadecimal(table, "key", 32),
        policy=hexadecimal(table, "policy", 32),
        snapshot=hexadecimal(table, "snapshot", 32),
        srs=table.name("srs", 128),
        log_rows=table.integer("log_rows", 0, 64),
        first_sequence=counter("first_sequence"),
        order_count=counter("order_count"),
        time_ms=counter("time_ms"),
        elapsed_ms=counter("elapsed_ms"),
        columns=points(table, "columns", MAX_COLUMNS),
        # the first batch of a chain has no work before it, and infinity says so
        work_before=point(table, "work_before", allow_infinity=True),
        work_after=point(table, "work_after"),
        slices=hexadecimal(table, "slices", 32),
        router=hexadecimal(table, "router", 32),
        signature=hexadecimal(table, "signature", 64),
    )
    table.finish()
    return header
