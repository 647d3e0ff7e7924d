"""``header.json``: what everyone may know of a batch. docs/formats.md has the fields."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import asdict, fields
from typing import Any

from circuits.instance import Figures
from zkroute.algebra.groups import compress_g1
from zkroute.formats.strict_json import (
    check_format,
    dump_object,
    hexadecimal,
    integers,
    load_object,
    point,
    points,
)
from zkroute.model.document import Table
from zkroute.model.policy import MAX_SLOTS
from zkroute.protocol.header import HEADER_VERSION, Header

FORMAT = "zkroute-header"
MAX_HEADER_BYTES = 1 << 20
_MAX_INTEGER = (1 << 64) - 1

_NAMES = {"chain": 64, "srs": 128}
"""Field to most letters."""
_INTEGERS = (
    "batch",
    "log_rows",
    "slots",
    "carry",
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
    "intake": 32,
    "signature": 64,
}
"""Field to length."""
_POINTS = {"work_before": True, "work_after": False}
"""Field to whether infinity stands for none: the first batch of a chain has no work before it."""
_POINT_LISTS = {
    "columns": (1, 32, False),
    "carry_before": (0, 8, True),
    "carry_after": (0, 8, False),
}
"""Field to fewest and most points, and whether infinity stands for none, as with the work."""


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
    if name == "figures":
        return {key: figure for key, figure in asdict(value).items() if figure not in ((), None)}
    return value.hex() if isinstance(value, bytes) else value


def _read(table: Table, name: str) -> Any:
    """The checked value of one field; a field of no known type is a fault of this module."""
    readers: list[tuple[Container[str], Callable[[], object]]] = [
        (("version",), lambda: HEADER_VERSION),
        (("figures",), lambda: _figures(table)),
        (_NAMES, lambda: table.name(name, _NAMES[name])),
        (_INTEGERS, lambda: table.integer(name, 0, _MAX_INTEGER)),
        (_BYTES, lambda: hexadecimal(table, name, _BYTES[name])),
        (_POINTS, lambda: point(table, name, allow_infinity=_POINTS[name])),
        (_POINT_LISTS, lambda: points(table, name, *_POINT_LISTS[name])),
    ]
    return next(reader for names, reader in readers if name in names)()


def _figures(table: Table) -> Figures:
    """What the policy publishes; what it does not publish is not there."""
    given = table.table("figures", optional=False)

    def numbers(name: str) -> tuple[int, ...]:
        return integers(given, name, MAX_SLOTS, _MAX_INTEGER) if given.has(name) else ()

    def number(name: str) -> int | None:
        return given.integer(name, 0, _MAX_INTEGER) if given.has(name) else None

    figures = Figures(
        counts=numbers("counts"),
        loads=numbers("loads"),
        herfindahl=number("herfindahl"),
        max_count=number("max_count"),
        placed_count=number("placed_count"),
    )
    given.finish()
    return figures
