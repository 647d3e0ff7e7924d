"""When an Ed25519 signature counts; what is signed is always a domain and its data."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32

_P = (1 << 255) - 19
_ORDER_EIGHT = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER_KEYS = frozenset(
    (y | sign << 255).to_bytes(KEY_BYTES, "little")
    for y in (0, 1, _P - 1, _P, _P + 1, _ORDER_EIGHT, _P - _ORDER_EIGHT)
    for sign in (0, 1)
)
"""Encodings of the points of order 1, 2, 4 and 8: signatures by them need no secret."""


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
