"""The batch header: everything public about a batch, published before its proof."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, replace

from circuits.instance import Figures
from zkroute.algebra.groups import PointG1
from zkroute.protocol.framing import Value, frame

HEADER_VERSION = 1
COUNTER_LIMIT = 1 << 48
"""Bound on batch numbers and milliseconds: far beyond use, and safe in every computation."""

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
    carry: int
    """Capacity of the carry table, the domain of the carry commitments; 0 if nothing is held."""
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
    intake: bytes = bytes(32)
    """Head of the router's intake log when the batch closed; zero without a log."""
    carry_before: tuple[PointG1, ...] = ()
    """Commitments to the orders the previous batch held; empty if the policy never holds."""
    carry_after: tuple[PointG1, ...] = ()
    """Commitments to the orders this batch holds for the next."""
    figures: Figures = field(default_factory=Figures)
    """What the policy publishes about the batch."""
    signature: bytes = bytes(64)

    def body(self) -> bytes:
        """Canonical bytes of all fields but the signature."""
        record: dict[str, Value] = {}
        for each in fields(self):
            if each.name == "signature":
                continue
            value = getattr(self, each.name)
            if each.name.startswith("work_"):
                value = (value,)
            record[each.name] = _figure_bytes(value) if each.name == "figures" else value
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


def _figure_bytes(figures: Figures) -> bytes:
    """Canonical bytes of the published figures; an absent one is an empty list."""
    lists = {
        each.name: value if isinstance(value, tuple) else () if value is None else (value,)
        for each in fields(figures)
        for value in [getattr(figures, each.name)]
    }
    return frame(
        "zkroute/figures/v1",
        {name: b"".join(v.to_bytes(32, "big") for v in values) for name, values in lists.items()},
    )
