"""State of an export: tables of an SQLite file, written by one process.

Rows are committed in groups; uncommitted tiles of a killed export are rendered again.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from automap_tiles.errors import OutputBusy, OutputError
from automap_tiles.grid import TileIndex
from automap_tiles.stopping import is_stopped, raise_if_stopped

_COMMIT_SECONDS = 0.5

_STEPS = 10_000
"""SQLite instructions, about a millisecond, between two checks for a stop."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS export (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS painted (
    zoom INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL,
    version TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (zoom, x, y)
) WITHOUT ROWID;
"""


class Ledger:
    """Tiles with the version of their source pixels."""

    def __init__(self, path: Path) -> None:
        """Open or create it; raises `OutputBusy` while another export holds it, `OutputError`."""
        self.path = path
        self._committed = time.monotonic()
        try:
            self.database = sqlite3.connect(path, timeout=0, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise OutputError(f"cannot be written: {error}", path) from error
        try:
            # held from the first write to the end: one export at a time
            self.database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.database.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                self.database.execute(statement)
        except sqlite3.DatabaseError as error:
            self.database.close()
            if "locked" in str(error):
                raise OutputBusy(f"another export is writing {path.name}") from error
            raise OutputError(f"is not a record of an export: {error}", path) from error

    def __len__(self) -> int:
        (number,) = self.database.execute("SELECT count(*) FROM painted").fetchone()
        return int(number)

    @property
    def look(self) -> Mapping[str, Any] | None:
        """Appearance of the existing tiles, as in `Look.to_dict`."""
        row = self.database.execute("SELECT value FROM export WHERE key = 'look'").fetchone()
        return None if row is None else json.loads(row[0])

    def begin(self, look: Mapping[str, Any]) -> None:
        """Record the appearance of the tiles from now on."""
        text = json.dumps(look)
        self.database.execute("INSERT OR REPLACE INTO export VALUES ('look', ?)", (text,))
        self.commit()

    def version(self, index: TileIndex) -> tuple[str, bool] | None:
        """The version of a tile and whether it has an image; None: it is not rendered."""
        row = self.database.execute(
            "SELECT version, seen FROM painted WHERE zoom = ? AND x = ? AND y = ?", _place(index)
        ).fetchone()
        return None if row is None else (row[0], bool(row[1]))

    def note(self, index: TileIndex, version: str, *, seen: bool) -> None:
        """Record that a tile is rendered, or empty."""
        self.database.execute(
            "INSERT OR REPLACE INTO painted VALUES (?, ?, ?, ?, ?)",
            (*_place(index), version, int(seen)),
        )
        if time.monotonic() - self._committed > _COMMIT_SECONDS:
            self.commit()

    def forget(self, index: TileIndex) -> None:
        self.database.execute(
            "DELETE FROM painted WHERE zoom = ? AND x = ? AND y = ?", _place(index)
        )

    def indexes(self, *, seen: bool = False) -> Iterator[TileIndex]:
        """All tiles, or those with an image; rows may be deleted meanwhile."""
        last: tuple[int, int, int] = (-1, -1, -1)
        condition = " AND seen" if seen else ""
        query = (
            f"SELECT zoom, x, y FROM painted WHERE (zoom, x, y) > (?, ?, ?){condition} "
            "ORDER BY zoom, x, y LIMIT 1000"
        )
        while rows := self.database.execute(query, last).fetchall():
            for zoom, x, y in rows:
                yield TileIndex(zoom, y, x)
            last = rows[-1]

    def counts(self) -> dict[int, int]:
        """Images by zoom."""
        rows = self.database.execute(
            "SELECT zoom, count(*) FROM painted WHERE seen GROUP BY zoom ORDER BY zoom"
        )
        return dict(rows.fetchall())

    def commit(self) -> None:
        if self.database.in_transaction:
            self.database.execute("COMMIT")
        self.database.execute("BEGIN IMMEDIATE")
        self._committed = time.monotonic()

    def copy_to(self, path: Path, statements: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Execute statements on this database, `main`, and on a new one at a path, `packed`.

        The new one is written in one transaction: the same statements give the same bytes. Raises
        `Stopped` if the work is stopped.
        """
        self.commit()
        self.database.execute("COMMIT")
        self.database.execute("ATTACH DATABASE ? AS packed", (str(path),))
        try:
            self.database.execute("PRAGMA packed.journal_mode = OFF")  # it is recreated or not used
            self.database.execute("BEGIN")
            self.database.set_progress_handler(is_stopped, _STEPS)
            for statement, values in statements:
                self.database.execute(statement, values)
            self.database.execute("COMMIT")
        except sqlite3.OperationalError:
            raise_if_stopped()  # SQLite reports an interrupt
            raise
        finally:
            self.database.set_progress_handler(None, 0)
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            self.database.execute("DETACH DATABASE packed")
        self.database.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Commit all rows and close the file.

        If the disk is full, tiles recorded since the last commit are rendered again.
        """
        with contextlib.suppress(sqlite3.ProgrammingError):  # already closed
            try:
                if self.database.in_transaction:
                    self.database.execute("COMMIT")
                # otherwise the empty rollback journal would stay; a read releases the lock
                self.database.execute("PRAGMA locking_mode = NORMAL")
                self.database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            finally:
                self.database.close()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the disk inside into `OutputError`."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(
            f"cannot be written: {reason}; what is painted is kept, the same command goes on", path
        ) from error


def _place(index: TileIndex) -> tuple[int, int, int]:
    return index.zoom, index.col, index.row
