"""The body of a request to accept a batch, read as strictly as any file."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from zkroute.errors import MalformedError
from zkroute.formats.strict_json import load_object
from zkroute.formats.telemetry import decode_telemetry
from zkroute.model.document import Table, canonical
from zkroute.model.snapshot import snapshot_from_canonical
from zkroute.settlement import SignedSnapshot

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["header", "proof"],
    "additionalProperties": False,
    "properties": {
        "header": {"type": "object", "description": "The content of header.json."},
        "proof": {"type": "string", "format": "byte", "description": "proof.bin in base64."},
        "slice": {
            "type": "string",
            "format": "byte",
            "description": "This node's slice file in base64; an observer leaves it out.",
        },
        "snapshot": {
            "type": "object",
            "description": "The content of snapshot.json, if the node's configuration lacks it.",
        },
        "telemetry": {
            "type": "object",
            "description": "The content of telemetry.json: the nodes' signatures under snapshot.",
        },
    },
}
"""JSON Schema of the body, for the OpenAPI page."""


@dataclass(frozen=True, repr=False)  # a slice has orders in the clear
class Submission:
    """The parts of a request, each still to be judged by the gate."""

    header: bytes
    proof: bytes
    part: bytes | None
    snapshot: SignedSnapshot | None


def read_submission(body: bytes, limit: int) -> Submission:
    """The parts that a request's body holds. Raises MalformedError naming the field."""
    table = load_object(body, "request", limit)
    submission = Submission(
        json.dumps(_object(table, "header")).encode("ascii"),
        _base64(table, "proof"),
        _base64(table, "slice") if table.has("slice") else None,
        _snapshot(table),
    )
    table.finish()
    return submission


def _snapshot(table: Table) -> SignedSnapshot | None:
    if table.has("snapshot") != table.has("telemetry"):
        raise MalformedError("request: snapshot and telemetry go together")
    if not table.has("snapshot"):
        return None
    telemetry = json.dumps(_object(table, "telemetry")).encode("ascii")
    return SignedSnapshot(
        snapshot_from_canonical(canonical(_object(table, "snapshot"))),
        decode_telemetry(telemetry, "request: telemetry"),
    )


def _object(table: Table, key: str) -> dict[str, object]:
    return dict(table.table(key, optional=False).values)


def _base64(table: Table, key: str) -> bytes:
    value = table.values.get(key) if table.has(key) else None
    if not isinstance(value, str):
        table.refuse("must be base64 in quotes", key)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        table.refuse("is not base64", key)
