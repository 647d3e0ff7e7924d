"""Keeping the cache small: machine code and bases that no process has used for long go."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from zkroute.paths import cache_directory

UNUSED_DAYS = 30
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Removed:
    """What was removed from the cache."""

    count: int = 0
    bytes: int = 0

    def and_one(self, size: int) -> Removed:
        """With one more of this size."""
        return Removed(self.count + 1, self.bytes + size)


def remove_unused_kernels(days: float = UNUSED_DAYS) -> Removed:
    """Removes machine code that no process has loaded for so many days.

    Each version of the kernels, of the compilers and of the processor has a directory of its own,
    whose time of change every process that uses it renews (zkroute/kernels/_jit.py); so a version
    installed elsewhere keeps its own. A process that finds its directory gone compiles again.
    Directories that cannot be removed, and all else in the cache, stay.
    """
    kernels = cache_directory() / "kernels"
    oldest = time.time() - days * 86_400
    removed = Removed()
    for directory in _kernel_directories(kernels):
        try:
            if directory.stat().st_mtime >= oldest:
                continue
            size = sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())
            shutil.rmtree(directory)
        except OSError:
            continue
        removed = removed.and_one(size)
    return removed


def remove_unused_bases(days: float = UNUSED_DAYS) -> Removed:
    """Removes Lagrange bases that no process has read for so many days; they are computed again.

    Each reading renews the file's time of change (zkroute/protocol/lagrange_cache.py).
    """
    oldest = time.time() - days * 86_400
    removed = Removed()
    for path in sorted((cache_directory() / "lagrange").glob("*.npy")):
        try:
            stat = path.lstat()
            if stat.st_mtime >= oldest:
                continue
            path.unlink()
            path.with_suffix(".sha256").unlink(missing_ok=True)
        except OSError:
            continue
        removed = removed.and_one(stat.st_size)
    return removed


def _kernel_directories(kernels: Path) -> list[Path]:
    """Those we made: named by a digest, and no links to somewhere else."""
    try:
        found = list(kernels.iterdir())
    except OSError:
        return []
    return sorted(
        path
        for path in found
        if _DIGEST.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    )
