"""Where zkroute keeps files of its own on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_directory() -> Path:
    """Directory for files that can be made again at any time; it need not exist yet.

    ZKROUTE_CACHE_DIR if set, else ``zkroute`` inside the platform's cache directory: XDG base
    directories on Linux and the BSDs, Library/Caches on macOS, local application data on Windows.
    """
    chosen = os.environ.get("ZKROUTE_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _platform_cache_directory() / "zkroute"


def data_directory() -> Path:
    """Directory for files to keep, such as imported reference strings; it need not exist yet.

    ZKROUTE_DATA_DIR if set, else the platform's place for such files: the XDG data directory on
    Linux and the BSDs, Library/Application Support on macOS, local application data on Windows.
    """
    chosen = os.environ.get("ZKROUTE_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _platform_data_directory()


def _platform_data_directory() -> Path:
    if sys.platform == "win32":
        # beside the cache, not inside it: clearing the cache must not lose data
        return _platform_cache_directory() / "zkroute-data"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "zkroute"
    stated = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = stated if stated.is_absolute() else Path.home() / ".local" / "share"
    return base / "zkroute"


def _platform_cache_directory() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    # the XDG base directory specification asks for relative values to be ignored
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return stated if stated.is_absolute() else Path.home() / ".cache"
