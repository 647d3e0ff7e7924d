"""Many Ed25519 signatures at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from zkroute.protocol.signatures import is_signed_by

SIGNATURE_BYTES = 64
_THREADS_FROM = 256
_BLOCK = 64

Claim = tuple[bytes, bytes, bytes]
"""Public key, signature, message."""


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
