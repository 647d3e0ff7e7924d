"""``telemetry.json``: the nodes' signatures under a snapshot's entries (docs/settlement.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkroute.formats.files import read_bytes
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import Table
from zkroute.model.policy import MAX_SLOTS
from zkroute.protocol.header import COUNTER_LIMIT

FORMAT = "zkroute-telemetry"
VERSION = 1
MAX_TELEMETRY_BYTES = 1 << 22


@dataclass(frozen=True)
class Statement:
    """One node's word for its entry in a snapshot, for a time."""

    node: str
    issued_ms: int
    expires_ms: int
    signer: bytes
    """Ed25519 public key: the node's own, or an operator's."""
    signature: bytes


@dataclass(frozen=True)
class Telemetry:
    """Statements about the nodes of one snapshot, not yet checked."""

    snapshot: bytes
    """Digest of the snapshot."""
    statements: tuple[Statement, ...]


def encode_telemetry(telemetry: Telemetry) -> bytes:
    """The bytes of ``telemetry.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "snapshot": telemetry.snapshot.hex(),
            "statements": [
                {
                    "node": each.node,
                    "issued_ms": each.issued_ms,
                    "expires_ms": each.expires_ms,
                    "signer": each.signer.hex(),
                    "signature": each.signature.hex(),
                }
                for each in telemetry.statements
            ],
        }
    )


def decode_telemetry(data: bytes, source: str) -> Telemetry:
    """The statements in the bytes of ``telemetry.json``. Raises MalformedError.

    Soundness: whether they are signed by whom they must is for ``zkroute.settlement.telemetry``.
    """
    table = load_object(data, source, MAX_TELEMETRY_BYTES)
    check_format(table, FORMAT, VERSION)
    snapshot = hexadecimal(table, "snapshot", 32)
    statements = tuple(map(_statement, table.tables("statements", MAX_SLOTS)))
    table.finish()
    return Telemetry(snapshot, statements)


def read_telemetry(path: Path) -> Telemetry:
    """The statements in a file."""
    return decode_telemetry(read_bytes(path, MAX_TELEMETRY_BYTES), str(path))


def _statement(table: Table) -> Statement:
    statement = Statement(
        node=table.name("node"),
        issued_ms=table.integer("issued_ms", 0, COUNTER_LIMIT - 1),
        expires_ms=table.integer("expires_ms", 0, COUNTER_LIMIT - 1),
        signer=hexadecimal(table, "signer", 32),
        signature=hexadecimal(table, "signature", 64),
    )
    table.finish()
    return statement
