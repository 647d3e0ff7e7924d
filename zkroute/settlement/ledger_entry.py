"""What a ledger keeps of each batch, and the rolling hash that binds it to all before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from zkroute.errors import MalformedError
from zkroute.formats.header import decode_header, encode_header
from zkroute.protocol.header import Header
from zkroute.settlement.checkpoint import NO_LINK

LINK_DOMAIN = b"zkroute/ledger-link/v1"
ORDERS_DOMAIN = b"zkroute/ledger-orders/v1"


@dataclass(frozen=True)
class Entry:
    """One accepted batch as the ledger has it."""

    height: int
    digest: bytes
    parent: bytes
    header_bytes: bytes
    proof: bytes
    orders: bytes
    """Digest of the list of order digests that were settled with it."""
    accepted_ms: int
    link: bytes

    @property
    def header(self) -> Header:
        """The header, read from its bytes. Raises MalformedError."""
        return decode_header(self.header_bytes, f"ledger entry {self.height}")

    def is_consistent(self) -> bool:
        """Whether the header's bytes say what the entry says."""
        try:
            header = self.header
        except MalformedError:
            return False
        stated = (header.digest, header.batch, header.previous)
        return stated == (self.digest, self.height, self.parent)

    @classmethod
    def of(cls, header: Header, proof: bytes, orders: Sequence[bytes], accepted_ms: int) -> Entry:
        """The entry of a batch, its link still to be made; ``orders`` are their digests."""
        return cls(
            header.batch,
            header.digest,
            header.previous,
            encode_header(header),
            proof,
            orders_digest(orders),
            accepted_ms,
            link=NO_LINK,
        )

    def linked_to(self, before: bytes) -> bytes:
        """The rolling hash of this entry, given that of the one before it."""
        sha256 = hashlib.sha256
        return sha256(
            LINK_DOMAIN
            + before
            + self.height.to_bytes(8, "big")
            + self.digest
            + self.parent
            + sha256(self.header_bytes).digest()
            + sha256(self.proof).digest()
            + self.orders
            + self.accepted_ms.to_bytes(8, "big")
        ).digest()


@dataclass(frozen=True)
class Fork:
    """A batch that was refused because another one already stood in its place."""

    accepted: Entry
    digest: bytes
    header_bytes: bytes
    proof: bytes
    seen_ms: int


@dataclass(frozen=True)
class Appended:
    """The ledger's answer: the entry, and whether it was there already."""

    entry: Entry
    again: bool


def orders_digest(orders: Sequence[bytes]) -> bytes:
    """Digest of a list of 32-byte order digests."""
    return hashlib.sha256(ORDERS_DOMAIN + b"".join(orders)).digest()
