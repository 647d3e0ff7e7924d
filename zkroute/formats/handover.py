"""``handover.json``: a router's key signs that another one takes over (docs/settlement.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkroute.formats.files import read_bytes
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import canonical
from zkroute.protocol.header import COUNTER_LIMIT

FORMAT = "zkroute-router-handover"
VERSION = 1
MAX_HANDOVER_BYTES = 1 << 12
DOMAIN = b"zkroute/router-handover/v1"


@dataclass(frozen=True)
class Handover:
    """From batch ``from_batch`` on, the chain's headers are signed by ``new`` and not by ``old``.

    Both sign: the old key agrees, and the new one shows that somebody has it.
    """

    chain: str
    old: bytes
    new: bytes
    from_batch: int
    old_signature: bytes = bytes(64)
    new_signature: bytes = bytes(64)

    @property
    def signed_message(self) -> bytes:
        """What both keys sign."""
        return DOMAIN + canonical(
            {
                "chain": self.chain,
                "from_batch": self.from_batch,
                "new": self.new.hex(),
                "old": self.old.hex(),
            }
        )


def encode_handover(handover: Handover) -> bytes:
    """The bytes of ``handover.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "chain": handover.chain,
            "old": handover.old.hex(),
            "new": handover.new.hex(),
            "from_batch": handover.from_batch,
            "old_signature": handover.old_signature.hex(),
            "new_signature": handover.new_signature.hex(),
        }
    )


def decode_handover(data: bytes, source: str) -> Handover:
    """The handover in the bytes of ``handover.json``. Raises MalformedError.

    Soundness: its signatures are for ``zkroute.settlement.router_keys`` to check.
    """
    table = load_object(data, source, MAX_HANDOVER_BYTES)
    check_format(table, FORMAT, VERSION)
    handover = Handover(
        chain=table.name("chain"),
        old=hexadecimal(table, "old", 32),
        new=hexadecimal(table, "new", 32),
        from_batch=table.integer("from_batch", 0, COUNTER_LIMIT - 1),
        old_signature=hexadecimal(table, "old_signature", 64),
        new_signature=hexadecimal(table, "new_signature", 64),
    )
    table.finish()
    return handover


def read_handover(path: Path) -> Handover:
    """The handover in a file."""
    return decode_handover(read_bytes(path, MAX_HANDOVER_BYTES), str(path))
