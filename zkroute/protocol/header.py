"""The batch header: everything public about a batch, published before its proof."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace

from zkroute.algebra.groups import PointG1
from zkroute.protocol.framing import frame

HEADER_VERSION = 1
HEADER_DOMAIN = "zkroute/header/v1"
SIGNATURE_DOMAIN = b"zkroute/header-signature/v1"
NO_PARENT = bytes(32)
"""``previous`` of a chain's first batch."""


@dataclass(frozen=True)
class Header:
    """A claim about one batch. Digests are 32 bytes; commitments are affine points.

    The router's Ed25519 signature covers the digest of all other fields.
    """

    version: int
    chain: str
    batch: int
    previous: bytes
    key: bytes
    policy: bytes
    snapshot: bytes
    srs: str
    log_rows: int
    slots: int
    """Node slots of the chain: the domain of the work commitments."""
    first_sequence: int
    order_count: int
    time_ms: int
    elapsed_ms: int
    columns: tuple[PointG1, ...]
    """Commitments to the order columns, in the circuit's order."""
    work_before: PointG1
    """Commitment to each slot's work at the end of the previous batch; none for the first."""
    work_after: PointG1
    slices: bytes
    """Merkle root over the salted slice commitments of all slots."""
    router: bytes
    signature: bytes = bytes(64)

    def body(self) -> bytes:
        """Canonical bytes of all fields but the signature."""
        record: dict[str, int | bytes | str | tuple[PointG1, ...]] = {}
        for each in fields(self):
            if each.name == "signature":
                continue
            value = getattr(self, each.name)
            record[each.name] = (value,) if each.name.startswith("work_") else value
        return frame(HEADER_DOMAIN, record)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body: the batch's identity, whatever the proof or signature bytes."""
        return hashlib.sha256(self.body()).digest()

    @property
    def signed_message(self) -> bytes:
        """What the router signs."""
        return SIGNATURE_DOMAIN + self.digest

    def signed(self, signature: bytes) -> Header:
        """The same header with a signature."""
        return replace(self, signature=signature)
