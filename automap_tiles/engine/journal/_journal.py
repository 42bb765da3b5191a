"""The journal of one output, open for writing."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal._location import JournalLocation
from automap_tiles.engine.journal._provenance import OutputProvenance, write_provenance
from automap_tiles.engine.journal._reader import JournalReader
from automap_tiles.engine.journal._rows import SINGLE_FILE_ZOOM, Renewal, RunRecord
from automap_tiles.engine.journal._schema import (
    NO_ADOPTION,
    PARTS,
    PATIENCE,
    JournalOccupied,
    connect_to_write,
    explained,
)
from automap_tiles.engine.journal.hold import Hold, hold
from automap_tiles.grid import TileIndex, morton
from automap_tiles.notes import Note

if TYPE_CHECKING:
    from automap_tiles.formats import Counts, StoredFile
    from automap_tiles.formats.parts import Manifest

# Rows are committed in groups: a commit costs a sync, and what a killed run had not committed is
# found again as a whole tile on disk.
_COMMIT_SECONDS = 0.5
_COMMIT_ROWS = 2000

# Columns by the names of hashes.
_HASHES = {name: name for name in ("function", "parameters", "inputs", "output")}


class Journal(JournalReader):
    """The journal of one output, open for writing; a context manager."""

    def __init__(self, hold: Hold, connection: sqlite3.Connection, *, is_own: bool) -> None:
        """`is_own`: closing the journal releases the output."""
        super().__init__(hold.path, connection)
        self._hold = hold
        self._is_own = is_own
        self._pending: list[tuple[int, int, int, int, float, str, str | None]] = []
        self._counts: list[tuple[int, int, int, str]] = []
        self._files: list[tuple[int, int, str, int, int]] = []
        self._flying: Callable[[], Iterable[TileIndex]] | None = None
        self._committed = time.monotonic()

    @classmethod
    def open(cls, place: JournalLocation | Path) -> Self:
        """Lock the output and open for writing; raises `OutputBusy` while another run holds it."""
        with contextlib.ExitStack() as undo:
            journal = cls._of(undo.enter_context(hold(place)), is_own=True)
            undo.pop_all()
        return journal

    @classmethod
    def under(cls, held: Hold) -> Self:
        """Open the journal of an output that is already held, and stays held, for writing."""
        return cls._of(held, is_own=False)

    @classmethod
    def _of(cls, held: Hold, *, is_own: bool) -> Self:
        held.fetch()
        with explained(held.path):
            return cls(held, connect_to_write(held.path), is_own=is_own)

    @staticmethod
    def open_readonly(place: JournalLocation | Path) -> JournalReader:
        """Open read-only, even during a run; raises `JournalError` when there is no journal."""
        return JournalReader.at(place)

    @property
    def told(self) -> tuple[Note, ...]:
        """Notes from locking the output: a dead run, a journal in another location."""
        return self._hold.notes

    @property
    def place(self) -> JournalLocation | None:
        """None: of a journal by itself, without an output."""
        return self._hold.place

    def start_run(
        self,
        hashes: dict[str, str],
        selection: str,
        *,
        fresh_from: int | None,
        metatiling: int,
        stale: Iterable[TileIndex] = (),
        renewal: Renewal | None = None,
        parts: Manifest | None = None,
    ) -> RunRecord:
        """Start a run; `fresh_from` None means that this run overwrites existing tiles.

        `stale` tiles have to be remade by this run or, until that is done, by later ones. `parts`
        are those of the inputs.
        """
        with self._transaction():
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
            self._mark(record, stale, TileStatus.STALE)
            if renewal is not None:
                self._renew(record, renewal)
            self._keep_parts(record, parts)
        # Stored before the first tile: stale marks must not be lost.
        self.keep_made_of(record)
        self._hold.store()
        return record

    def _mark(self, run: RunRecord, tiles: Iterable[TileIndex], status: TileStatus) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO tiles (zoom, key, run, status, seconds, worker)"
            " VALUES (?, ?, ?, ?, 0, '')",
            ((zoom, morton.encode(row, col), run.id, int(status)) for zoom, row, col in tiles),
        )

    def _renew(self, run: RunRecord, renewal: Renewal) -> None:
        """What is not stale counts as of the inputs of now; a tile without a row may be older."""
        self._mark(run, renewal.stale, TileStatus.STALE)
        self._mark(run, renewal.gone, TileStatus.EMPTY)
        self._db.executemany(
            "UPDATE runs SET inputs = ? WHERE inputs = ?",
            [(run.inputs, earlier) for earlier in renewal.inputs],
        )
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, '')", (NO_ADOPTION,))

    def _keep_parts(self, run: RunRecord, parts: Manifest | None) -> None:
        """Those of the run; of inputs of which there are no tiles any more they go."""
        self._db.execute(
            "DELETE FROM facts WHERE substr(name, 1, ?) = ?"
            " AND substr(name, ?) NOT IN (SELECT inputs FROM runs)",
            (len(PARTS), PARTS, len(PARTS) + 1),
        )
        if parts is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)", (PARTS + run.inputs, parts.to_text())
            )

    def finish_run(self, run: RunRecord) -> None:
        """Record that a run completed its last tile."""
        self.flush()
        with self._transaction():
            self._db.execute("UPDATE runs SET finished = ? WHERE id = ?", (time.time(), run.id))
        self.keep_made_of(run)
        self._hold.store()

    def keep_made_of(self, run: RunRecord) -> None:
        """Store the hashes of the output beside the journal, in case the journal is lost."""
        if self.place is not None:
            write_provenance(
                self.place, OutputProvenance(hashes=run.hashes, is_pure=self.is_pure())
            )

    def renew(self, name: str, earlier: Iterable[str], now: str) -> None:
        """Write a hash of all runs as it is formed now; `earlier` are other forms of the same."""
        with self._transaction():
            self._db.executemany(
                f"UPDATE runs SET {_HASHES[name]} = ? WHERE {_HASHES[name]} = ?",
                [(now, each) for each in earlier if each != now],
            )

    def keep_notes(self, run: RunRecord, notes: Iterable[Note]) -> None:
        """Store the notes of a run, replacing earlier ones."""
        rows = [(run.id, json.dumps(note.to_json())) for note in notes]
        with self._transaction():
            self._db.execute("DELETE FROM notes WHERE run = ?", (run.id,))
            self._db.executemany("INSERT INTO notes VALUES (?, ?)", rows)

    def note_flying(self, tiles: Callable[[], Iterable[TileIndex]]) -> None:
        """Record which tiles are in progress, for readers; called at each commit.

        That is with results, or alone when nothing was committed for half a second.
        """
        self._flying = tiles
        if time.monotonic() - self._committed > _COMMIT_SECONDS:
            self._flush_if_free()

    def record(self, run: RunRecord, results: Iterable[TileResult]) -> None:
        """Buffer results; they are committed at least every half second."""
        for result in results:
            zoom, row, col = result.index
            key = morton.encode(row, col)
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
            self._files.extend((zoom, key, *file) for file in result.files)
        late = time.monotonic() - self._committed > _COMMIT_SECONDS
        if late or len(self._pending) >= _COMMIT_ROWS:
            self._flush_if_free()

    def _flush_if_free(self) -> None:
        """Commit, unless another program has locked the journal: the run need not wait for it."""
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self.flush()
        except JournalOccupied:
            self._committed = time.monotonic()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {round(1000 * PATIENCE)}")

    def flush(self) -> None:
        """Commit buffered results."""
        if self._pending or self._flying is not None:
            with self._transaction():
                if self._flying is not None:
                    self._db.execute("DELETE FROM flying")
                    self._db.executemany(
                        "INSERT INTO flying VALUES (?, ?)",
                        [(zoom, morton.encode(row, col)) for zoom, row, col in self._flying()],
                    )
                self._db.executemany(
                    "INSERT OR REPLACE INTO tiles (zoom, key, run, status, seconds, worker, error)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    self._pending,
                )
                # Files of an earlier version of the tile.
                self._db.executemany(
                    "DELETE FROM files WHERE zoom = ? AND key = ?",
                    [row[:2] for row in self._pending],
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", self._files
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO counts (zoom, key, run, counts) VALUES (?, ?, ?, ?)",
                    self._counts,
                )
            self._pending.clear()
            self._counts.clear()
            self._files.clear()
            self._flying = None
        self._committed = time.monotonic()

    def forbid_adoption(self) -> None:
        """Never again treat a tile without a row as finished."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, '')", (NO_ADOPTION,))

    def forget(self, tiles: Iterable[TileIndex]) -> None:
        """Delete the rows of deleted tiles."""
        self.flush()
        keys = [(zoom, morton.encode(row, col)) for zoom, row, col in tiles]
        with self._transaction():
            self._db.executemany("DELETE FROM tiles WHERE zoom = ? AND key = ?", keys)
            self._db.executemany("DELETE FROM files WHERE zoom = ? AND key = ?", keys)

    def keep_single_files(self, files: Iterable[StoredFile]) -> None:
        """Record the files of a single-file output, replacing earlier ones."""
        rows = [(SINGLE_FILE_ZOOM, 0, *file) for file in files]
        with self._transaction():
            self._db.execute("DELETE FROM files WHERE zoom = ?", (SINGLE_FILE_ZOOM,))
            self._db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", rows)

    def mark_failed(self, tiles: Iterable[tuple[TileIndex, str]]) -> None:
        """Mark tiles as failed, with a reason: the next run remakes them."""
        self.flush()
        failed = int(TileStatus.FAILED)
        rows = [(failed, why, zoom, morton.encode(row, col)) for (zoom, row, col), why in tiles]
        with self._transaction():
            self._db.executemany(
                "UPDATE tiles SET status = ?, error = ? WHERE zoom = ? AND key = ?", rows
            )

    def mark_all_failed(self, why: str, *, run: RunRecord | None = None) -> int:
        """Mark all finished tiles, or those of one run, as failed; returns their number."""
        self.flush()
        clause = "" if run is None else " AND run = ?"
        values = () if run is None else (run.id,)
        with self._transaction():
            changed = self._db.execute(
                f"UPDATE tiles SET status = ?, error = ? WHERE status IN (?, ?){clause}",
                (
                    int(TileStatus.FAILED),
                    why,
                    int(TileStatus.WRITTEN),
                    int(TileStatus.EMPTY),
                    *values,
                ),
            )
        return changed.rowcount

    def totals(self, run: RunRecord, zoom: int) -> Counts:
        """Sums of the counts of all written tiles of a zoom.

        Includes earlier runs with the same function, parameters and inputs.
        """
        self.flush()
        sums: dict[str, dict[str, int]] = {}
        with explained(self.path):
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

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction; raises `JournalOccupied` when another program has locked the journal."""
        with explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        self._hold.changed()

    def close(self) -> None:
        """Commit and close; the journal is then consistent whatever happens to the process."""
        try:
            self.flush()
        finally:
            self._db.close()
            try:
                self._hold.store()
            finally:
                if self._is_own:
                    self._hold.release()
