"""The router's intake log: a hash chain over every order it gave a sequence number to.

    leaf = SHA-256(domain || sequence 8 || order digest 32 || time in ms 8)
    head <- SHA-256(domain || head || leaf)

Receipts carry the head before their entry, headers the head after their batch's last entry. The
leaves of a batch can be published: an order digest is salted, so they say nothing of the orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LEAF_DOMAIN = b"zkroute/intake-leaf/v1"
LOG_DOMAIN = b"zkroute/intake-log/v1"
START_DOMAIN = b"zkroute/intake-start/v1"
HEAD_BYTES = 32
NO_LOG = bytes(HEAD_BYTES)
"""``intake`` in the headers of a router that keeps no log."""


def start_head(chain: str) -> bytes:
    """The head before a chain's first order."""
    return hashlib.sha256(START_DOMAIN + chain.encode()).digest()


def intake_leaf(sequence: int, digest: bytes, time_ms: int) -> bytes:
    """What the log keeps of one order: its number, its 32-byte digest and when it came."""
    if len(digest) != HEAD_BYTES:
        raise ValueError("an order digest has 32 bytes")
    return hashlib.sha256(
        LEAF_DOMAIN + sequence.to_bytes(8, "big") + digest + time_ms.to_bytes(8, "big")
    ).digest()


def next_head(head: bytes, leaf: bytes) -> bytes:
    """The head after one more leaf."""
    return hashlib.sha256(LOG_DOMAIN + head + leaf).digest()


def head_after(head: bytes, leaves: Iterable[bytes]) -> bytes:
    """The head after several more leaves."""
    for leaf in leaves:
        head = next_head(head, leaf)
    return head
