"""Bytes of files from outside: bounded in length, with errors for people, private ones private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from zkroute.errors import MalformedError, UsageError


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """All bytes of a file that holds at most ``limit``.

    Raises UsageError if it cannot be read, MalformedError if it is longer.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > limit:
        raise MalformedError(f"{path}: longer than {limit} bytes, the most such a file can have")
    return data


def read_private_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """The same for a file that only its owner may read.

    Raises UsageError where others may, so that a secret laid open does not go unnoticed. Windows
    has no such bits and is not asked.
    """
    data = read_bytes(path, limit)
    if os.name == "posix" and stat.S_IMODE(Path(path).stat().st_mode) & 0o077:
        raise UsageError(
            f"{path}: holds secrets, yet others than its owner may read or change it; "
            f"consider who has read it, then run  chmod 600 {path}"
        )
    return data
