"""The tables of a journal, and connections to them."""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from automap_tiles.errors import JournalError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, started REAL NOT NULL, finished REAL,
    function TEXT NOT NULL, parameters TEXT NOT NULL, inputs TEXT NOT NULL, output TEXT NOT NULL,
    selection TEXT NOT NULL, fresh_from INTEGER NOT NULL, metatiling INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tiles (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL,
    seconds REAL NOT NULL, worker TEXT NOT NULL, error TEXT,
    PRIMARY KEY (zoom, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, run INTEGER NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (zoom, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (zoom, key, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (run INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS flying (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (zoom, key)
) WITHOUT ROWID;
"""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """A connection to a journal, which is made where there is none."""
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(
            contextlib.closing(sqlite3.connect(path, isolation_level=None))
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        undo.pop_all()
    return connection


def connect_to_look(path: Path) -> sqlite3.Connection:
    """A connection that only reads.

    It is opened for writing where that is possible: the last one to close a journal tidies up the
    files that SQLite keeps beside it, and may only do so when it could write.
    """
    try:
        return _looking(path, "mode=rw")
    except sqlite3.OperationalError:
        return _looking(path, "mode=ro&immutable=1")


def _looking(path: Path, mode: str) -> sqlite3.Connection:
    with contextlib.ExitStack() as undo:
        uri = f"file:{urllib.parse.quote(str(path))}?{mode}"
        connection = undo.enter_context(contextlib.closing(sqlite3.connect(uri, uri=True)))
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM runs").fetchone()
        undo.pop_all()
    return connection


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"{path}: the journal cannot be used: {error}") from error
