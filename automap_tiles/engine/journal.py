"""What became of every tile: an SQLite file beside the output, written by the parent alone.

A row is kept for written, empty and failed tiles, under the run that made it; a run holds the
hashes of function, parameters, inputs and output. Tiles are keyed by their place on the Morton
curve, so the planner, which streams along the same curve, asks for ranges.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import struct
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.grid import TileIndex, curve
from automap_tiles.notes import Note

if TYPE_CHECKING:
    from automap_tiles.formats.protocols import Counts

try:
    import fcntl
except ImportError:  # not on Windows; there two runs on one output are not kept apart
    fcntl = None  # type: ignore[assignment]

JOURNAL_NAME = "journal.sqlite"

# Lock files that this process holds.
_held: set[str] = set()
_held_guard = threading.Lock()

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
CREATE TABLE IF NOT EXISTS notes (run INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS flying (
    zoom INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (zoom, key)
) WITHOUT ROWID;
"""

# Rows are committed in groups: a commit costs a sync, and what a killed run had not committed is
# found again as a whole tile on disk.
_COMMIT_SECONDS = 0.5
_COMMIT_ROWS = 2000

# `struct flock` of Linux on 64 bits (fcntl(2)): type, whence, start, length, process.
_FLOCK = "hhqqi"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run as the journal remembers it."""

    id: int
    started: float
    """Seconds since 1970."""
    finished: float | None
    function: str
    parameters: str
    inputs: str
    output: str
    selection: str
    """Hash of zooms and area."""
    fresh_from: int
    """Rows of earlier runs do not count as done: this run overwrites."""
    metatiling: int
    """Of the process; rows and columns of the tiles count its metatiles."""

    @property
    def hashes(self) -> dict[str, str]:
        return {
            name: getattr(self, name) for name in ("function", "parameters", "inputs", "output")
        }


class Row(NamedTuple):
    """What is known of a tile."""

    status: TileStatus
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRow:
    """All that is known of one tile."""

    status: TileStatus
    run: int
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True)
class FailedTile:
    """A tile that failed, with its traceback."""

    index: TileIndex
    error: str


def journal_path(output: str, config_path: Path | None) -> Path:
    """Where the journal of an output lies.

    In a tile directory, beside a single file, and for an output in object storage beside the
    process file (in the current folder where there is none).
    """
    if "://" in output:
        base = config_path or Path("automap")
        return base.with_name(f".{base.name}.{JOURNAL_NAME}")
    path = Path(output)
    if path.suffix and not path.is_dir():
        return path.with_name(f"{path.name}.{JOURNAL_NAME}")
    return path / JOURNAL_NAME


class Journal:
    """The open journal of one output; use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: IO[bytes] | None) -> None:
        self.path = path
        self._db = connection
        self._lock = lock
        self._pending: list[tuple[int, int, int, int, float, str, str | None]] = []
        self._counts: list[tuple[int, int, int, str]] = []
        self._flying: Callable[[], Iterable[TileIndex]] | None = None
        self._committed = time.monotonic()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open for writing; raises `OutputBusy` while another run holds it."""
        with contextlib.ExitStack() as undo:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = _take_lock(path)
                if lock is not None:
                    undo.callback(_release, lock)
                with _explained(path):
                    connection = sqlite3.connect(path, isolation_level=None)
                    undo.callback(connection.close)
                    connection.execute("PRAGMA journal_mode=WAL")
                    connection.execute("PRAGMA synchronous=NORMAL")
                    connection.executescript(_SCHEMA)
            except OSError as error:
                raise JournalError(f"{path}: the journal cannot be written: {error}") from error
            undo.pop_all()
        return cls(path, connection, lock)

    @classmethod
    def open_readonly(cls, path: Path) -> Self:
        """Open for looking, also while a run goes on; raises `JournalError` when there is none."""
        if not path.is_file():
            raise JournalError(f"{path}: there is no journal")
        with _explained(path):
            connection = _connect_to_look(path)
        return cls(path, connection, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # runs

    def start_run(
        self, hashes: dict[str, str], selection: str, *, fresh_from: int | None, metatiling: int
    ) -> RunRecord:
        """Begin a run; `fresh_from` None means that this run overwrites what is there."""
        with _explained(self.path):
            (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
            record = RunRecord(
                id=last + 1,
                started=time.time(),
                finished=None,
                selection=selection,
                fresh_from=last + 1 if fresh_from is None else fresh_from,
                metatiling=metatiling,
                **hashes,
            )
            self._db.execute(
                "INSERT INTO runs (id, started, function, parameters, inputs, output, selection,"
                " fresh_from, metatiling) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.started,
                    *record.hashes.values(),
                    selection,
                    record.fresh_from,
                    metatiling,
                ),
            )
        return record

    def finish_run(self, run: RunRecord) -> None:
        """Note that a run went through to its last tile."""
        self.flush()
        with _explained(self.path):
            self._db.execute("UPDATE runs SET finished = ? WHERE id = ?", (time.time(), run.id))

    def last_run(self) -> RunRecord | None:
        """The newest run."""
        rows = self._runs("ORDER BY id DESC LIMIT 1")
        return rows[0] if rows else None

    def runs_with_tiles(self) -> list[RunRecord]:
        """The runs that made the tiles that are not failed, oldest first."""
        return self._runs(
            "WHERE id IN (SELECT DISTINCT run FROM tiles WHERE status != ?) ORDER BY id",
            TileStatus.FAILED,
        )

    def _runs(self, clause: str, *values: int) -> list[RunRecord]:
        columns = ", ".join(RunRecord.__dataclass_fields__)
        with _explained(self.path):
            rows = self._db.execute(f"SELECT {columns} FROM runs {clause}", values).fetchall()
        names = list(RunRecord.__dataclass_fields__)
        return [RunRecord(**dict(zip(names, row, strict=True))) for row in rows]

    # notes

    def keep_notes(self, run: RunRecord, notes: Iterable[Note]) -> None:
        """Keep what was lost, replaced, ignored or guessed in a run; replaces what was kept."""
        rows = [(run.id, json.dumps(note.to_json())) for note in notes]
        with _explained(self.path):
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM notes WHERE run = ?", (run.id,))
            self._db.executemany("INSERT INTO notes VALUES (?, ?)", rows)
            self._db.execute("COMMIT")

    def notes(self, run: RunRecord) -> tuple[Note, ...]:
        """What was lost, replaced, ignored or guessed in a run."""
        with contextlib.suppress(sqlite3.OperationalError):  # a journal from before this table
            rows = self._db.execute("SELECT note FROM notes WHERE run = ?", (run.id,)).fetchall()
            return tuple(Note.from_json(json.loads(text)) for (text,) in rows)
        return ()

    # tiles

    def rows(self, zoom: int, first_key: int, last_key: int) -> dict[int, Row]:
        """What is known of the tiles in a range of keys, both ends included."""
        with _explained(self.path):
            found = self._db.execute(
                "SELECT key, status, run FROM tiles WHERE zoom = ? AND key BETWEEN ? AND ?",
                (zoom, first_key, last_key),
            ).fetchall()
        return {key: Row(TileStatus(status), run) for key, status, run in found}

    def tile(self, index: TileIndex) -> TileRow | None:
        """What is known of a tile."""
        with _explained(self.path):
            row = self._db.execute(
                "SELECT status, run, seconds, error FROM tiles WHERE zoom = ? AND key = ?",
                (index.zoom, curve.key(index.row, index.col)),
            ).fetchone()
        if row is None:
            return None
        status, run, seconds, error = row
        return TileRow(status=TileStatus(status), run=run, seconds=seconds, error=error)

    def note_flying(self, tiles: Callable[[], Iterable[TileIndex]]) -> None:
        """Remember which tiles are being worked on, for those who look; asked for at each commit.

        That is with results, or alone when nothing was committed for half a second.
        """
        self._flying = tiles
        if time.monotonic() - self._committed > _COMMIT_SECONDS:
            self.flush()

    def flying(self) -> frozenset[TileIndex]:
        """Tiles that a run works on; only of one that still holds the journal it means anything."""
        with contextlib.suppress(sqlite3.OperationalError):  # a journal from before this table
            rows = self._db.execute("SELECT zoom, key FROM flying").fetchall()
            return frozenset(TileIndex(zoom, *curve.unkey(key)) for zoom, key in rows)
        return frozenset()

    def record(self, run: RunRecord, results: Iterable[TileResult]) -> None:
        """Remember results; they are committed at least every half second."""
        for result in results:
            zoom, row, col = result.index
            key = curve.key(row, col)
            self._pending.append(
                (
                    zoom,
                    key,
                    run.id,
                    int(result.status),
                    result.seconds,
                    result.worker,
                    result.error,
                )
            )
            if result.counts:
                self._counts.append((zoom, key, run.id, json.dumps(result.counts)))
        late = time.monotonic() - self._committed > _COMMIT_SECONDS
        if late or len(self._pending) >= _COMMIT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Commit what is remembered."""
        if self._pending or self._flying is not None:
            with _explained(self.path):
                self._db.execute("BEGIN")
                if self._flying is not None:
                    self._db.execute("DELETE FROM flying")
                    self._db.executemany(
                        "INSERT INTO flying VALUES (?, ?)",
                        [(zoom, curve.key(row, col)) for zoom, row, col in self._flying()],
                    )
                self._db.executemany(
                    "INSERT OR REPLACE INTO tiles (zoom, key, run, status, seconds, worker, error)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    self._pending,
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO counts (zoom, key, run, counts) VALUES (?, ?, ?, ?)",
                    self._counts,
                )
                self._db.execute("COMMIT")
            self._pending.clear()
            self._counts.clear()
            self._flying = None
        self._committed = time.monotonic()

    def forget(self, tiles: Iterable[TileIndex]) -> None:
        """Drop the rows of tiles that were deleted."""
        self.flush()
        keys = [(zoom, curve.key(row, col)) for zoom, row, col in tiles]
        with _explained(self.path):
            self._db.execute("BEGIN")
            self._db.executemany("DELETE FROM tiles WHERE zoom = ? AND key = ?", keys)
            self._db.execute("COMMIT")

    def counts(self) -> dict[int, dict[TileStatus, int]]:
        """Number of tiles per zoom and status."""
        counts: dict[int, dict[TileStatus, int]] = {}
        with _explained(self.path):
            for zoom, status, number in self._db.execute(
                "SELECT zoom, status, count(*) FROM tiles GROUP BY zoom, status ORDER BY zoom"
            ):
                counts.setdefault(zoom, {})[TileStatus(status)] = number
        return counts

    def totals(self, run: RunRecord, zoom: int) -> Counts:
        """What was counted on all written tiles of a zoom, summed up.

        Those of earlier runs too, when they were of the same function, parameters and inputs.
        """
        self.flush()
        sums: dict[str, dict[str, int]] = {}
        with _explained(self.path):
            for (text,) in self._db.execute(
                "SELECT counts.counts FROM counts JOIN tiles USING (zoom, key, run)"
                " JOIN runs ON runs.id = run WHERE zoom = ? AND status = ?"
                " AND (function, parameters, inputs) = (?, ?, ?)",
                (zoom, int(TileStatus.WRITTEN), run.function, run.parameters, run.inputs),
            ):
                for name, counts in json.loads(text).items():
                    of_name = sums.setdefault(name, {})
                    for key, number in counts.items():
                        of_name[key] = of_name.get(key, 0) + number
        return sums

    def is_empty(self) -> bool:
        """Whether nothing is known of any tile."""
        with _explained(self.path):
            return self._db.execute("SELECT 1 FROM tiles LIMIT 1").fetchone() is None

    def failed(self, zoom: int | None = None) -> Iterator[FailedTile]:
        """Failed tiles along the curve, zoom by zoom, with their tracebacks."""
        clause, values = ("", ()) if zoom is None else (" AND zoom = ?", (zoom,))
        with _explained(self.path):
            found = self._db.execute(
                f"SELECT zoom, key, error FROM tiles WHERE status = ?{clause} ORDER BY zoom, key",
                (int(TileStatus.FAILED), *values),
            ).fetchall()
        for level, key, error in found:
            yield FailedTile(TileIndex(level, *curve.unkey(key)), error or "")

    def close(self) -> None:
        """Commit and let go; the journal is whole afterwards whatever happens to the process."""
        try:
            self.flush()
        finally:
            self._db.close()
            if self._lock is not None:
                _release(self._lock)


def is_running(path: Path) -> bool:
    """Whether another process holds the journal at a path.

    The lock is only asked for, never taken: a run may begin in that moment. Where that is not
    possible the answer is no.
    """
    name = path.resolve().with_name(path.name + ".lock")
    if fcntl is None:
        return False
    if sys.platform != "linux":
        return False
    with _held_guard:
        # closing any file of that name would drop a lock of this process
        if str(name) in _held or not name.exists():
            return False
        try:
            with name.open("rb") as file:
                asked = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0)
                answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
        except OSError:
            return False
    kind: int = struct.unpack(_FLOCK, answer)[0]
    return kind != fcntl.F_UNLCK


def _take_lock(path: Path) -> IO[bytes] | None:
    """A lock that the system drops when the process dies.

    A record lock, because the workers that are forked later must not inherit it. Such a lock holds
    between processes only, and the whole process loses it when any file of that name is closed: so
    a second run in this process must not even open it.
    """
    if fcntl is None:
        return None
    name = path.resolve().with_name(path.name + ".lock")
    busy = OutputBusy(f"{path.parent}: another run is writing this output; wait for it or stop it")
    with _held_guard:
        if str(name) in _held:
            raise busy
        lock = name.open("ab")
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            lock.close()
            raise busy from None
        _held.add(str(name))
    return lock


def _release(lock: IO[bytes]) -> None:
    with _held_guard:
        _held.discard(lock.name)
        lock.close()


def _connect_to_look(path: Path) -> sqlite3.Connection:
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
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"{path}: the journal cannot be used: {error}") from error
