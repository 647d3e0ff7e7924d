"""The intake log's SQLite file, which only its router may read."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from zkroute.atomic import PRIVATE_MODE
from zkroute.errors import UsageError
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.ledger_file import (
    BUSY_SECONDS,
    explained,
    pragma,
    transaction,
    write_ahead,
)

APPLICATION_ID = 0x7A6B7269
"""``zkri``: marks the file as an intake log of ours."""
SCHEMA_VERSION = 1

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


def connect(path: Path, chain: str) -> sqlite3.Connection:
    """A connection to the intake log of a chain, made if there is none, durable at every commit.

    Raises LedgerError where it cannot be opened or is something else, UsageError where others
    than its owner can read it.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its side files the mode of the main one
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
        require_private(path)
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(connection, path, chain)
        except BaseException:
            connection.close()
            raise
    return connection


def require_private(path: Path) -> None:
    """Only the file's owner may read it; Windows has no such bits and is not asked. UsageError."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(
            f"{path}: holds orders in the clear, yet others than its owner may read it; run  "
            f"chmod 600 {path}"
        )


def _prepare(connection: sqlite3.Connection, path: Path, chain: str) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    if not is_empty and pragma(connection, "application_id") != APPLICATION_ID:
        raise LedgerError(Reason.LEDGER_DAMAGED, f"{path}: not an intake log of zkroute")
    write_ahead(connection, path)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    with transaction(connection):
        if pragma(connection, "user_version") == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute("INSERT INTO chain VALUES (?)", (chain,))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if connection.execute("SELECT name FROM chain").fetchone() != (chain,):
        raise LedgerError(Reason.LEDGER_DAMAGED, f"{path}: the intake log of another chain")
