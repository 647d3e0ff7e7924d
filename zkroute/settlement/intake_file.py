"""The intake log's SQLite file, which only its router may read."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from zkroute.errors import UsageError
from zkroute.settlement import database
from zkroute.settlement.errors import LedgerError, Reason

_SCHEMA = """
CREATE TABLE chain (name TEXT NOT NULL);
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY CHECK (sequence >= 0),
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    record BLOB NOT NULL,
    envelope BLOB NOT NULL,
    time_ms INTEGER NOT NULL,
    include_by_ms INTEGER NOT NULL,
    before BLOB NOT NULL CHECK (length(before) = 32),
    router BLOB NOT NULL CHECK (length(router) = 32),
    signature BLOB NOT NULL CHECK (length(signature) = 64)
);
"""

KIND = database.Kind("an intake log", application_id=0x7A6B7269, version=1, schema=_SCHEMA)
"""The mark is ``zkri``."""


def connect(path: Path, chain: str) -> sqlite3.Connection:
    """A connection to the intake log of a chain, made if there is none, durable at every commit.

    Raises LedgerError where it cannot be opened or is something else, UsageError where others
    than its owner can read it.
    """
    with database.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            require_private(path)
        connection = database.connect(path, KIND, ("INSERT INTO chain VALUES (?)", chain))
        try:
            _require_chain(connection, path, chain)
        except BaseException:
            connection.close()
            raise
    return connection


def _require_chain(connection: sqlite3.Connection, path: Path, chain: str) -> None:
    if connection.execute("SELECT name FROM chain").fetchone() != (chain,):
        raise LedgerError(Reason.LEDGER_DAMAGED, f"{path}: the intake log of another chain")


def require_private(path: Path) -> None:
    """Only the file's owner may read it; Windows has no such bits and is not asked. UsageError."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(
            f"{path}: holds orders in the clear, yet others than its owner may read it; run  "
            f"chmod 600 {path}"
        )
