"""Lagrange bases kept on disk, so that a process computes each of them once.

A file is trusted only if the digest beside it matches the file's bytes, the SRS identifier and
the very powers in use; anything else counts as absent. The digest guards against damage and mixed
up strings. Who can write to the user's cache directory is as trusted as the user.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.atomic import write_atomic
from zkroute.paths import cache_directory

_DOMAIN = b"zkroute/lagrange-cache/v1"


def load_lagrange(identifier: str, log_size: int, powers: Limbs) -> Limbs | None:
    """The cached basis of the SRS and domain, shape (2**log_size, 8), or None."""
    path = _path(identifier, log_size)
    try:
        data = path.read_bytes()
        stated = _digest_path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    if stated != _digest(identifier, log_size, powers, data):
        return None
    # for 'zkroute warmup', which removes what nobody uses
    with contextlib.suppress(OSError):
        os.utime(path)
    # the digest is over bytes that store_lagrange wrote, so they are an array of this shape
    points: Limbs = np.load(io.BytesIO(data), allow_pickle=False)
    return points


def store_lagrange(identifier: str, log_size: int, powers: Limbs, points: Limbs) -> None:
    """Keep a basis for later; a cache that cannot be written is no error."""
    buffer = io.BytesIO()
    np.save(buffer, points, allow_pickle=False)
    data = buffer.getvalue()
    path = _path(identifier, log_size)
    try:
        # data first: until its digest follows, the pair does not match and counts as absent
        write_atomic(path, data)
        write_atomic(
            _digest_path(path), _digest(identifier, log_size, powers, data).encode("ascii")
        )
    except OSError:
        return


def _path(identifier: str, log_size: int) -> Path:
    return cache_directory() / "lagrange" / f"{identifier}-{log_size}.npy"


def _digest_path(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _digest(identifier: str, log_size: int, powers: Limbs, data: bytes) -> str:
    parts = (
        _DOMAIN,
        hashlib.sha256(identifier.encode()).digest(),
        log_size.to_bytes(4, "big"),
        hashlib.sha256(np.ascontiguousarray(powers).astype("<u8").tobytes()).digest(),
        hashlib.sha256(data).digest(),
    )
    return hashlib.sha256(b"".join(parts)).hexdigest()
