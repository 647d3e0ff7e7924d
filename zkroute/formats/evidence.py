"""``evidence.json``: what shows a third party that a router broke its word (docs/receipts.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from zkroute.formats.files import read_bytes
from zkroute.formats.header import decode_header, encode_header
from zkroute.formats.hexadecimal import any_bytes
from zkroute.formats.intake import IntakeLeaves, decode_intake, encode_intake
from zkroute.formats.receipt import Receipt, receipt_document, receipt_of_table
from zkroute.formats.strict_json import check_format, dump_object, load_object
from zkroute.protocol.header import Header

FORMAT = "zkroute-evidence"
VERSION = 1
MAX_EVIDENCE_BYTES = 1 << 27
_MAX_PARTS = 2


class EvidenceKind(Enum):
    """What the evidence shows."""

    TWO_RECEIPTS = "two-receipts"
    """Two receipts that cannot both belong to one intake log."""
    FORK = "fork"
    """Two headers for one place in the chain."""
    PASSED_OVER = "passed-over"
    """A batch after the promised time that ends before the receipt's number."""
    LOG_ALTERED = "log-altered"
    """A batch whose intake log has another history than the receipt."""
    ORDER_ALTERED = "order-altered"
    """A batch that commits to another order under the receipt's number."""
    NOT_SHOWN = "not-shown"
    """A batch that has the receipt's number, and no proof that it has the order: the router can
    answer with one."""


@dataclass(frozen=True)
class Evidence:
    """Signed statements that do not go together, not yet checked."""

    kind: EvidenceKind
    receipts: tuple[Receipt, ...] = ()
    headers: tuple[Header, ...] = ()
    """In the order of the chain."""
    intake: IntakeLeaves | None = None
    inclusion: bytes = b""
    """Bytes of an inclusion proof."""
    record: bytes = b""
    """The order's record, where its content is at issue; it discloses the order."""


def encode_evidence(evidence: Evidence) -> bytes:
    """The bytes of ``evidence.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "kind": evidence.kind.value,
            "receipts": [receipt_document(each) for each in evidence.receipts],
            "headers": [json.loads(encode_header(each)) for each in evidence.headers],
            "intake": encode_intake(evidence.intake).hex() if evidence.intake else "",
            "inclusion": evidence.inclusion.hex(),
            "record": evidence.record.hex(),
        }
    )


def decode_evidence(data: bytes, source: str) -> Evidence:
    """The statements in the bytes of ``evidence.json``. Raises MalformedError.

    Soundness: what they show is for ``zkroute.settlement.evidence`` to say.
    """
    table = load_object(data, source, MAX_EVIDENCE_BYTES)
    check_format(table, FORMAT, VERSION)
    kind = EvidenceKind(table.choice("kind", [each.value for each in EvidenceKind]))
    receipts = tuple(map(receipt_of_table, table.tables("receipts", _MAX_PARTS, optional=True)))
    headers = tuple(
        decode_header(json.dumps(dict(each.values)).encode("ascii"), f"{source}: headers")
        for each in table.tables("headers", _MAX_PARTS, optional=True)
    )
    intake = any_bytes(table, "intake")
    evidence = Evidence(
        kind,
        receipts,
        headers,
        decode_intake(intake, f"{source}: intake") if intake else None,
        any_bytes(table, "inclusion"),
        any_bytes(table, "record"),
    )
    table.finish()
    return evidence


def read_evidence(path: Path) -> Evidence:
    """The statements in a file."""
    return decode_evidence(read_bytes(path, MAX_EVIDENCE_BYTES), str(path))
