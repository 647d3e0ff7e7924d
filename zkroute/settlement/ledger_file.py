"""The ledger's SQLite file: what is in it."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from zkroute.settlement import database
from zkroute.settlement.ledger_entry import orders_digest

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


KIND = database.Kind("a ledger", application_id=0x7A6B726C, version=1, schema=_SCHEMA)
"""The mark is ``zkrl``."""


def settled(connection: sqlite3.Connection) -> dict[int, bytes]:
    """The digest of the orders settled with each batch that has any, by its height."""
    rows = connection.execute("SELECT height, digest FROM orders ORDER BY height, position")
    return {
        height: orders_digest([digest for _, digest in group])
        for height, group in groupby(rows, key=itemgetter(0))
    }


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the ledger at ``path``, made if there is none, durable at every commit.

    Raises LedgerError where the file cannot be opened or is something else.
    """
    with database.explained(path):
        return database.connect(path, KIND)
