"""``receipt.json``: a router's signed promise to a trader (docs/receipts.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.formats.files import read_bytes
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import Table, canonical
from zkroute.protocol.header import COUNTER_LIMIT
from zkroute.protocol.intake import intake_leaf, next_head

FORMAT = "zkroute-receipt"
VERSION = 1
MAX_RECEIPT_BYTES = 1 << 13
DOMAIN = b"zkroute/receipt/v1"
_MAX_SEQUENCE = (1 << 40) - 1


@dataclass(frozen=True)
class Receipt:
    """The router took in an order, gave it this number, and will have it in a batch in time."""

    chain: str
    router: bytes
    sequence: int
    digest: bytes
    """The order's digest, as 32 big-endian bytes."""
    time_ms: int
    include_by_ms: int
    """Every batch of this time or later has the number behind it or in it."""
    before: bytes
    """Head of the intake log before this order."""
    signature: bytes = bytes(64)

    @property
    def leaf(self) -> bytes:
        """This order's leaf in the intake log."""
        return intake_leaf(self.sequence, self.digest, self.time_ms)

    @property
    def head(self) -> bytes:
        """Head of the intake log after this order."""
        return next_head(self.before, self.leaf)

    @property
    def signed_message(self) -> bytes:
        """What the router signs."""
        return DOMAIN + canonical(
            {
                "before": self.before.hex(),
                "chain": self.chain,
                "digest": self.digest.hex(),
                "head": self.head.hex(),
                "include_by_ms": self.include_by_ms,
                "router": self.router.hex(),
                "sequence": self.sequence,
                "time_ms": self.time_ms,
            }
        )


def receipt_document(receipt: Receipt) -> dict[str, object]:
    """The receipt as a JSON object."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "chain": receipt.chain,
        "router": receipt.router.hex(),
        "sequence": receipt.sequence,
        "digest": receipt.digest.hex(),
        "time_ms": receipt.time_ms,
        "include_by_ms": receipt.include_by_ms,
        "before": receipt.before.hex(),
        "signature": receipt.signature.hex(),
    }


def receipt_of_table(table: Table) -> Receipt:
    """The receipt that a JSON object holds. Raises MalformedError."""
    check_format(table, FORMAT, VERSION)
    receipt = Receipt(
        chain=table.name("chain"),
        router=hexadecimal(table, "router", 32),
        sequence=table.integer("sequence", 0, _MAX_SEQUENCE),
        digest=hexadecimal(table, "digest", 32),
        time_ms=table.integer("time_ms", 0, COUNTER_LIMIT - 1),
        include_by_ms=table.integer("include_by_ms", 0, COUNTER_LIMIT - 1),
        before=hexadecimal(table, "before", 32),
        signature=hexadecimal(table, "signature", 64),
    )
    table.finish()
    return receipt


def encode_receipt(receipt: Receipt) -> bytes:
    """The bytes of ``receipt.json``."""
    return dump_object(receipt_document(receipt))


def decode_receipt(data: bytes, source: str) -> Receipt:
    """The receipt in the bytes of ``receipt.json``. Raises MalformedError.

    Soundness: its signature is for ``zkroute.settlement.receipts`` to check.
    """
    return receipt_of_table(load_object(data, source, MAX_RECEIPT_BYTES))


def read_receipt(path: Path) -> Receipt:
    """The receipt in a file."""
    return decode_receipt(read_bytes(path, MAX_RECEIPT_BYTES), str(path))


def write_receipt(path: str | os.PathLike[str], receipt: Receipt) -> None:
    """Write the file in one step, readable by its owner alone: it tells who traded when."""
    write_atomic(path, encode_receipt(receipt), private=True)
