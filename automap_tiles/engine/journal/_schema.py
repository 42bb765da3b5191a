"""The SQL schema of journals, and connections to them."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from automap_tiles.engine.events import TileStatus
from automap_tiles.errors import JournalError, ResourceError, is_without_handles
from automap_tiles.storage import LocalStorage

PATIENCE = 60.0
"""Seconds to wait for another program that locks a journal: a backup, a database browser."""

LOOKED_AT = "looked at"
"""Selection of the run that records tiles viewed on demand."""

NO_ADOPTION = "no adoption"
"""Fact: tiles without a row may predate the process that wrote the others."""

PARTS = "parts "
"""Prefix of the name of a fact: the parts of the inputs with that hash."""

# Schema version, stored by SQLite as `user_version`. Journals before its introduction have 0.
_VERSION = 1

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
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notes (run INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS flying (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (zoom, key)
) WITHOUT ROWID;
"""


class JournalOccupied(JournalError):
    """Another program has locked the journal."""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """A connection to a journal, which is created if missing."""
    if not path.exists():
        _make(path)
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(
            contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE))
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        _bring_up_to_date(connection)
        undo.pop_all()
    return connection


def _make(path: Path) -> None:
    """Create an empty journal atomically with all its tables: readers may already be waiting."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        content = connection.serialize()
    LocalStorage(str(path.parent)).put(path.name, content)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Migrate an old journal: make explicit what it only implied.

    An overwriting run invalidated all earlier rows as long as it was the last one and unfinished.
    Now the tiles it did not reach are marked one by one. Which tiles without a row it covered is
    unknown, so none counts as finished.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= _VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    (overwriting,) = connection.execute(
        "SELECT max(id) FROM runs AS begun WHERE fresh_from = id AND selection != ?"
        " AND NOT EXISTS (SELECT 1 FROM runs WHERE fresh_from = begun.id"
        " AND finished IS NOT NULL)",
        (LOOKED_AT,),
    ).fetchone()
    if overwriting is not None:
        connection.execute(
            "UPDATE tiles SET status = ? WHERE run < ? AND status != ?",
            (int(TileStatus.STALE), overwriting, int(TileStatus.FAILED)),
        )
        connection.execute(f"INSERT OR REPLACE INTO facts VALUES ('{NO_ADOPTION}', '')")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def connect_to_look(path: Path) -> sqlite3.Connection:
    """A read-only connection.

    The file is opened for writing if possible: the last connection to close a journal removes
    SQLite's companion files, which requires write access.
    """
    try:
        return _looking(path, "mode=rw")
    except sqlite3.OperationalError:
        return _looking(path, "mode=ro&immutable=1")


def _looking(path: Path, mode: str) -> sqlite3.Connection:
    with contextlib.ExitStack() as undo:
        uri = f"file:{urllib.parse.quote(str(path))}?{mode}"
        connection = undo.enter_context(
            contextlib.closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE))
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM runs").fetchone()
        undo.pop_all()
    return connection


@contextlib.contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Convert SQLite's errors to ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if is_without_handles(error):
                raise ResourceError.without_handles() from error
            raise JournalError(f"{path}: the journal cannot be used: {_reason(error)}") from error
        raise JournalOccupied(
            f"{path}: another program holds the journal (a backup, a database browser?); close it "
            "and run again: what is written already is found"
        ) from error
    except sqlite3.Error as error:
        raise JournalError(f"{path}: the journal cannot be used: {error}") from error


def _reason(error: sqlite3.OperationalError) -> str:
    """The reason of an error; a full disk is described as for tiles."""
    is_full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
    return os.strerror(errno.ENOSPC) if is_full else str(error)
