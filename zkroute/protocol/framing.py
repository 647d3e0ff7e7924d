"""Canonical bytes of a record: every field named and length-framed, so no two records collide."""

from __future__ import annotations

from collections.abc import Mapping

from zkroute.algebra.groups import PointG1, encode_g1

Value = int | bytes | str | tuple[PointG1, ...]


def frame(domain: str, fields: Mapping[str, Value]) -> bytes:
    """The record's canonical bytes: domain, then name, type and value of each field in order."""
    parts = [_framed(domain.encode())]
    for name, value in fields.items():
        kind, data = _value_bytes(value)
        parts.append(_framed(name.encode()) + kind + _framed(data))
    return b"".join(parts)


def _value_bytes(value: Value) -> tuple[bytes, bytes]:
    if isinstance(value, int):
        return b"i", value.to_bytes(32, "big")
    if isinstance(value, bytes):
        return b"b", value
    if isinstance(value, str):
        return b"s", value.encode()
    return b"p", b"".join(encode_g1(point) for point in value)


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data
