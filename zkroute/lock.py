"""One process at a time: a lock that the system itself frees when its holder is killed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from zkroute.atomic import PRIVATE_MODE
from zkroute.errors import UsageError

_POLL_SECONDS = 0.02


@contextlib.contextmanager
def alone(lock: Path, doing: str, seconds: float) -> Iterator[None]:
    """Inside the block no other process or thread holds the lock file ``lock``.

    The file is made, and gone after the block; one that a killed process left behind is in
    nobody's way. ``doing`` says what the lock is for. Raises UsageError where another holds it for
    longer than ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while (descriptor := _taken(lock)) is None:
        if time.monotonic() > deadline:
            raise UsageError(f"{lock}: another process is {doing}")
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        # removed while it is held; Windows removes no open file, and there it stays
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _taken(lock: Path) -> int | None:
    """The open lock file, held until it is closed; None where another holds it."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(lock, flags, PRIVATE_MODE)
    try:
        _hold(descriptor)
        # its last holder may have removed the file between our opening it and holding it
        if os.path.samestat(os.fstat(descriptor), lock.stat()):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _hold(descriptor: int) -> None:
    """Raises OSError where another holds the open file."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  each system has one of the two

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
