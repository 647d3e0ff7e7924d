"""The ledger's SQLite file: how it is opened, what is in it, and how its failures are told."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from zkroute.settlement.errors import LedgerError, Reason

APPLICATION_ID = 0x7A6B726C
"""``zkrl``: marks the file as a ledger of ours."""
SCHEMA_VERSION = 1
BUSY_SECONDS = 60.0
_RETRY_SECONDS = 0.02

_SCHEMA = """
CREATE TABLE batches (
    height INTEGER PRIMARY KEY CHECK (height >= 0),
    digest BLOB NOT NULL UNIQUE CHECK (typeof(digest) = 'blob' AND length(digest) = 32),
    parent BLOB NOT NULL UNIQUE CHECK (typeof(parent) = 'blob' AND length(parent) = 32),
    header BLOB NOT NULL CHECK (typeof(header) = 'blob'),
    proof BLOB NOT NULL CHECK (typeof(proof) = 'blob'),
    orders BLOB NOT NULL CHECK (typeof(orders) = 'blob' AND length(orders) = 32),
    accepted_ms INTEGER NOT NULL CHECK (typeof(accepted_ms) = 'integer' AND accepted_ms >= 0),
    link BLOB NOT NULL CHECK (typeof(link) = 'blob' AND length(link) = 32)
);
CREATE TABLE orders (
    digest BLOB PRIMARY KEY CHECK (typeof(digest) = 'blob' AND length(digest) = 32),
    height INTEGER NOT NULL,
    position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE snapshots (
    digest BLOB PRIMARY KEY CHECK (typeof(digest) = 'blob' AND length(digest) = 32),
    document BLOB NOT NULL CHECK (typeof(document) = 'blob')
) WITHOUT ROWID;
CREATE TABLE forks (
    digest BLOB PRIMARY KEY CHECK (typeof(digest) = 'blob' AND length(digest) = 32),
    height INTEGER NOT NULL,
    header BLOB NOT NULL CHECK (typeof(header) = 'blob'),
    proof BLOB NOT NULL CHECK (typeof(proof) = 'blob'),
    seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""The primary key of ``batches`` makes heights unique, so two children of a parent cannot stand.
Plain SQL that SQLite has understood since 3.8: systems ship old ones."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the ledger at ``path``, made if there is none, durable at every commit.

    Raises LedgerError where the file cannot be opened or is something else.
    """
    with explained(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rwc",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    # asked after the tables: another process that makes them this moment writes both at once
    if not is_empty and pragma(connection, "application_id") != APPLICATION_ID:
        raise LedgerError(Reason.LEDGER_DAMAGED, f"{path}: not a ledger of zkroute")
    write_ahead(connection, path)
    # FULL: a commit is on the device, not only in the system's hands, before it is answered
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    with transaction(connection):
        if pragma(connection, "user_version") == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    found = pragma(connection, "user_version")
    if found != SCHEMA_VERSION:
        raise LedgerError(
            Reason.LEDGER_DAMAGED,
            f"{path}: version {found} of the ledger is not {SCHEMA_VERSION}, the one read here",
        )


def write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """Write-ahead logging; SQLite does not wait by itself while another process switches to it."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
            continue
        if mode != "wal":
            raise LedgerError(
                Reason.LEDGER_UNAVAILABLE,
                f"{path}: this file system cannot keep a write-ahead log; put the ledger on a "
                "local disk",
            )
        return


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """The number that SQLite keeps under this name."""
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """The only writer while it lasts; committed at its end, undone by any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # a full disk may have ended the transaction already
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Failures of SQLite and of the disk as a LedgerError in words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerError(
            Reason.LEDGER_UNAVAILABLE,
            f"{path}: cannot be used ({error}); nothing was changed",
        ) from error
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            Reason.LEDGER_DAMAGED, f"{path}: the file is damaged ({error})"
        ) from error
    except UnicodeDecodeError as error:
        # SQLite's messages and texts quote what a damaged file holds, whatever its bytes
        raise LedgerError(
            Reason.LEDGER_DAMAGED, f"{path}: the file is damaged (a text that is none)"
        ) from error
    except OSError as error:
        raise LedgerError(
            Reason.LEDGER_UNAVAILABLE,
            f"{error.filename or path}: {error.strerror}; try again when that is repaired",
        ) from error
