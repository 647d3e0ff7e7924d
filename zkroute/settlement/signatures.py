"""Ed25519 signatures as every part of settlement uses them: always over a domain and its data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_THREADS_FROM = 256
_BLOCK = 64

_P = (1 << 255) - 19
_ORDER_EIGHT = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER_KEYS = frozenset(
    (y | sign << 255).to_bytes(KEY_BYTES, "little")
    for y in (0, 1, _P - 1, _P, _P + 1, _ORDER_EIGHT, _P - _ORDER_EIGHT)
    for sign in (0, 1)
)
"""Encodings of the points of order 1, 2, 4 and 8: signatures by them need no secret."""

Claim = tuple[bytes, bytes, bytes]
"""Public key, signature, message."""


def is_signed_by(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is that key's; False for bytes that are no key, and
    for the few keys that "sign" without a private one."""
    if public_key in SMALL_ORDER_KEYS:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def first_forged(claims: Sequence[Claim]) -> int | None:
    """Position of the first claim whose signature does not hold, None if all do.

    Many are checked on all processors: the library works outside Python's lock.
    """
    if len(claims) < _THREADS_FROM:
        return _first_forged(claims, 0, len(claims))
    starts = range(0, len(claims), _BLOCK)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for found in pool.map(lambda start: _first_forged(claims, start, start + _BLOCK), starts):
            if found is not None:
                pool.shutdown(cancel_futures=True)
                return found
    return None


def _first_forged(claims: Sequence[Claim], start: int, stop: int) -> int | None:
    for position in range(start, min(stop, len(claims))):
        if not is_signed_by(*claims[position]):
            return position
    return None
