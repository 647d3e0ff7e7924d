"""Bytes of any length as JSON text, for what is a file of its own elsewhere."""

from __future__ import annotations

import re

from zkroute.model.document import Table

_PAIRS = re.compile(r"(?:[0-9a-f]{2})*")


def any_bytes(table: Table, key: str) -> bytes:
    """The bytes at ``key``: lower-case digits, none for no bytes. Raises MalformedError."""
    table.has(key)
    return decode_any(table, table.values.get(key), key)


def decode_any(table: Table, value: object, key: str) -> bytes:
    """The bytes that ``value``, found at ``key``, writes. Raises MalformedError."""
    if not isinstance(value, str) or not _PAIRS.fullmatch(value):
        table.refuse("must be lower-case hexadecimal digits in quotes, two for each byte", key)
    return bytes.fromhex(value)
