"""Writing a file so that a reader, or a crash, sees the old bytes or the new, never a mixture."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

PRIVATE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700
"""Sizes and names of private files are private too."""
PUBLIC_MODE = 0o644


def write_atomic(path: str | os.PathLike[str], data: bytes, private: bool = False) -> None:
    """Afterwards ``path`` holds exactly ``data``, on disk; on any failure what it held before.

    The bytes go to a new file in the same folder, are flushed to the device, and take the place
    of ``path`` in one step. A private file is readable by its owner alone from the moment it
    exists, and so is the folder where that is missing. Missing folders are made. Nothing is left
    behind on failure.
    Raises OSError as the operating system reports it, naming ``path`` or its folder.
    """
    target = Path(path)
    try:
        target.parent.mkdir(PRIVATE_FOLDER_MODE if private else 0o777, parents=True, exist_ok=True)
    except FileExistsError as error:
        reason = os.strerror(errno.ENOTDIR)
        raise NotADirectoryError(errno.ENOTDIR, reason, str(target.parent)) from error
    temporary = target.parent / f".{target.name}.{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with _naming(target):
        # O_EXCL: never write through a file or link that somebody else put there
        descriptor = os.open(temporary, flags, PRIVATE_MODE if private else PUBLIC_MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    _flush_folder(target.parent)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Failures name the path that was asked for, not a file made on the way to it, or none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _flush_folder(folder: Path) -> None:
    """Put the rename itself on disk where the system and the file system allow it."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
        return
    # a file system that cannot flush a folder says so; the new bytes are in place all the same
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
