"""``header.json``: what everyone may know of a batch. docs/formats.md has the fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from zkroute.algebra.groups import compress_g1
from zkroute.formats.strict_json import (
    check_format,
    dump_object,
    hexadecimal,
    load_object,
    point,
    points,
)
from zkroute.model.document import Table
from zkroute.protocol.header import HEADER_VERSION, Header

FORMAT = "zkroute-header"
MAX_HEADER_BYTES = 1 << 16
_MAX_INTEGER = (1 << 64) - 1

_NAMES = {"chain": 64, "srs": 128}
"""Field to most letters."""
_INTEGERS = (
    "batch",
    "log_rows",
    "slots",
    "first_sequence",
    "order_count",
    "time_ms",
    "elapsed_ms",
)
_BYTES = {
    "previous": 32,
    "key": 32,
    "policy": 32,
    "snapshot": 32,
    "slices": 32,
    "router": 32,
    "signature": 64,
}
"""Field to length."""
_POINTS = {"work_before": True, "work_after": False}
"""Field to whether infinity stands for none: the first batch of a chain has no work before it."""

_POINT_LISTS = {"columns": 32}
"""Field to most points."""


def encode_header(header: Header) -> bytes:
    """The bytes of ``header.json``: every field of the header under its own name."""
    document = {
        each.name: _written(each.name, getattr(header, each.name)) for each in fields(header)
    }
    return dump_object({"format": FORMAT} | document)


def decode_header(data: bytes, source: str) -> Header:
    """The header in the bytes of ``header.json``: fields of their types, points on the curve.

    Raises MalformedError naming ``source`` and the field.

    Soundness: signature, chain and all that the header refers to are for ``verifier.verify``.
    """
    table = load_object(data, source, MAX_HEADER_BYTES)
    check_format(table, FORMAT, HEADER_VERSION)
    values = {each.name: _read(table, each.name) for each in fields(Header)}
    table.finish()
    return Header(**values)


def _written(name: str, value: Any) -> object:
    if name in _POINTS:
        return compress_g1(value).hex()
    if name in _POINT_LISTS:
        return [compress_g1(column).hex() for column in value]
    return value.hex() if isinstance(value, bytes) else value


def _read(table: Table, name: str) -> Any:
    """The checked value of one field; a field of no known type is a fault of this module."""
    if name in _NAMES:
        return table.name(name, _NAMES[name])
    if name in _INTEGERS:
        return table.integer(name, 0, _MAX_INTEGER)
    if name in _BYTES:
        return hexadecimal(table, name, _BYTES[name])
    if name in _POINTS:
        return point(table, name, allow_infinity=_POINTS[name])
    if name in _POINT_LISTS:
        return points(table, name, _POINT_LISTS[name])
    return {"version": HEADER_VERSION}[name]
