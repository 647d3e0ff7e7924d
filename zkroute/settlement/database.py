"""SQLite files that keep what was acknowledged: opening them, and telling what went wrong."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from zkroute.atomic import PRIVATE_MODE
from zkroute.settlement.errors import LedgerError, Reason

BUSY_SECONDS = 60.0
_RETRY_SECONDS = 0.02


@dataclass(frozen=True)
class Kind:
    """One kind of file of ours."""

    name: str
    """As errors call it, with its article."""
    application_id: int
    """Four letters in the file's first page that mark it as one of this kind."""
    version: int
    schema: str
    """Statements that make its tables, each up to a semicolon."""


def connect(path: Path, kind: Kind, *first_rows: tuple[str, str]) -> sqlite3.Connection:
    """A connection to the file at ``path``, durable at every commit.

    A file that is not there is made for its owner alone, with the tables and, by statements of
    one parameter, its ``first_rows``. Raises LedgerError where the file is of another kind or
    version, sqlite3.Error and OSError as they come: callers open inside ``explained``.
    """
    # SQLite gives its side files the mode of the main one; a file that is there keeps its own
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _prepare(connection, path, kind, first_rows)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(
    connection: sqlite3.Connection, path: Path, kind: Kind, first_rows: tuple[tuple[str, str], ...]
) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    # asked after the tables: another process that makes them this moment writes both at once
    if not is_empty and _pragma(connection, "application_id") != kind.application_id:
        raise LedgerError(Reason.LEDGER_DAMAGED, f"{path}: not {kind.name} of zkroute")
    _write_ahead(connection, path)
    # FULL: a commit is on the device, not only in the system's hands, before it is answered
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    with transaction(connection):
        if _pragma(connection, "user_version") == 0:
            for statement in filter(str.strip, kind.schema.split(";")):
                connection.execute(statement)
            for statement, value in first_rows:
                connection.execute(statement, (value,))
            connection.execute(f"PRAGMA application_id = {kind.application_id}")
            connection.execute(f"PRAGMA user_version = {kind.version}")
    found = _pragma(connection, "user_version")
    if found != kind.version:
        raise LedgerError(
            Reason.LEDGER_DAMAGED,
            f"{path}: {kind.name} of version {found}, where {kind.version} is the one read here",
        )


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
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
                f"{path}: this file system cannot keep a write-ahead log; put the file on a local "
                "disk",
            )
        return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
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
