"""JSON from outside as a ``Table``: one value per key, whole numbers only, bounded in every way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from zkroute.algebra.groups import PointG1, decompress_g1
from zkroute.errors import MalformedError
from zkroute.model.document import Table
from zkroute.model.json_text import load_json

_LOWER_HEXADECIMAL = re.compile(r"[0-9a-f]*")


def load_object(data: bytes, source: str, limit: int) -> Table:
    """The table that a JSON object of at most ``limit`` bytes holds.

    Spacing and the order of keys are free. Raises MalformedError naming ``source`` for anything
    but one object in ASCII without repeated keys, fractions or exponents.
    """
    if len(data) > limit:
        raise MalformedError(f"{source}: {len(data)} bytes; such a file has at most {limit}")
    try:
        values = load_json(
            data.decode("ascii"),
            object_pairs_hook=_without_repeats,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except UnicodeDecodeError:
        raise MalformedError(f"{source}: not JSON: a byte outside ASCII") from None
    except ValueError as error:
        raise MalformedError(f"{source}: not JSON as it is read here: {error}") from None
    if not isinstance(values, dict):
        raise MalformedError(f"{source}: not a JSON object")
    return Table(values, source)


def dump_object(document: Mapping[str, object]) -> bytes:
    """The object as JSON for people and programs: indented, ASCII, keys in the order given."""
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def hexadecimal(table: Table, key: str, length: int) -> bytes:
    """The ``length`` bytes at ``key``, written as twice as many lower-case digits."""
    return _decode(table, _taken(table, key), length, key)


def point(table: Table, key: str, *, allow_infinity: bool = False) -> PointG1:
    """The point of G1 at ``key``, compressed, in lower-case digits."""
    data = hexadecimal(table, key, 32)
    return decompress_g1(data, f"{table.source}: {key}", allow_infinity=allow_infinity)


def points(
    table: Table, key: str, low: int, high: int, allow_infinity: bool
) -> tuple[PointG1, ...]:
    """The list of ``low`` to ``high`` compressed points at ``key``."""
    return tuple(
        decompress_g1(
            _decode(table, value, 32, key, position),
            f"{table.source}: {key}[{position + 1}]",
            allow_infinity=allow_infinity,
        )
        for position, value in enumerate(_list(table, key, low, high, "points"))
    )


def integers(table: Table, key: str, max_count: int, largest: int) -> tuple[int, ...]:
    """The list of 1 to ``max_count`` whole numbers from 0 to ``largest`` at ``key``."""
    values = _list(table, key, 1, max_count, "whole numbers")
    for position, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            table.refuse(f"must be a whole number from 0 to {largest}", key, position)
    return tuple(values)


def check_format(table: Table, name: str, version: int) -> None:
    """The table says that it is of this format and version, the only one read here."""
    table.choice("format", [name])
    found = table.integer("version", 0, (1 << 32) - 1)
    if found != version:
        table.refuse(f"{found} is not supported; this zkroute reads version {version}", "version")


def _taken(table: Table, key: str) -> object:
    if not table.has(key):
        table.refuse("is missing", key)
    return table.values[key]


def _list(table: Table, key: str, low: int, high: int, what: str) -> list[Any]:
    values = _taken(table, key)
    if not isinstance(values, list) or not low <= len(values) <= high:
        table.refuse(f"must be a list of {low} to {high} {what}", key)
    return values


def _decode(table: Table, value: object, length: int, *key: str | int) -> bytes:
    digits = 2 * length
    if (
        not isinstance(value, str)
        or len(value) != digits
        or not _LOWER_HEXADECIMAL.fullmatch(value)
    ):
        table.refuse(f"must be {digits} lower-case hexadecimal digits in quotes", *key)
    return bytes.fromhex(value)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"key {key[:40]!r} is given twice")
        values[key] = value
    return values


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is not a whole number")
