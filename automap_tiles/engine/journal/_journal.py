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
    """The journal of one output, open for writing; use it as a context manager."""

    def __init__(self, hold: Hold, connection: sqlite3.Connection, *, is_own: bool) -> None:
        """`is_own`: the output is let go of with the journal."""
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
        """Hold the output and open for writing; raises `OutputBusy` while another run does."""
        with contextlib.ExitStack() as undo:
            journal = cls._of(undo.enter_context(hold(place)), is_own=True)
            undo.pop_all()
        return journal

    @classmethod
    def under(cls, held: Hold) -> Self:
        """Open for writing that of an output that is held already, and stays so."""
        return cls._of(held, is_own=False)

    @classmethod
    def _of(cls, held: Hold, *, is_own: bool) -> Self:
        held.fetch()
        with explained(held.path):
            return cls(held, connect_to_write(held.path), is_own=is_own)

    @staticmethod
    def open_readonly(place: JournalLocation | Path) -> JournalReader:
        """Open for looking, also while a run goes on; raises `JournalError` when there is none."""
        return JournalReader.at(place)

    @property
    def told(self) -> tuple[Note, ...]:
        """What was found out when the output was taken: a run that died, a journal elsewhere."""
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
        """Begin a run; `fresh_from` None means that this run overwrites what is there.

        `stale` tiles are to be made anew by this run, and by the ones after it as long as none of
        them has done it. `parts` are those of the inputs.
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
        # on its way before the first tile: what is stale must not be forgotten
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
        """Note that a run went through to its last tile."""
        self.flush()
        with self._transaction():
            self._db.execute("UPDATE runs SET finished = ? WHERE id = ?", (time.time(), run.id))
        self.keep_made_of(run)
        self._hold.store()

    def keep_made_of(self, run: RunRecord) -> None:
        """Write down beside the journal what the output is made of, should the journal be lost."""
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
        """Keep what was lost, replaced, ignored or guessed in a run; replaces what was kept."""
        rows = [(run.id, json.dumps(note.to_json())) for note in notes]
        with self._transaction():
            self._db.execute("DELETE FROM notes WHERE run = ?", (run.id,))
            self._db.executemany("INSERT INTO notes VALUES (?, ?)", rows)

    def note_flying(self, tiles: Callable[[], Iterable[TileIndex]]) -> None:
        """Remember which tiles are being worked on, for those who look; asked for at each commit.

        That is with results, or alone when nothing was committed for half a second.
        """
        self._flying = tiles
        if time.monotonic() - self._committed > _COMMIT_SECONDS:
            self._flush_if_free()

    def record(self, run: RunRecord, results: Iterable[TileResult]) -> None:
        """Remember results; they are committed at least every half second."""
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
        """Commit, unless another program is at the journal: the run need not wait for it."""
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self.flush()
        except JournalOccupied:
            self._committed = time.monotonic()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {round(1000 * PATIENCE)}")

    def flush(self) -> None:
        """Commit what is remembered."""
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
                # what a tile had before it was made again
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
        """From now on a tile without a row is never taken for a finished one."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, '')", (NO_ADOPTION,))

    def forget(self, tiles: Iterable[TileIndex]) -> None:
        """Drop the rows of tiles that were deleted."""
        self.flush()
        keys = [(zoom, morton.encode(row, col)) for zoom, row, col in tiles]
        with self._transaction():
            self._db.executemany("DELETE FROM tiles WHERE zoom = ? AND key = ?", keys)
            self._db.executemany("DELETE FROM files WHERE zoom = ? AND key = ?", keys)

    def keep_single_files(self, files: Iterable[StoredFile]) -> None:
        """Remember what an output of one file was put together to; replaces what was known."""
        rows = [(SINGLE_FILE_ZOOM, 0, *file) for file in files]
        with self._transaction():
            self._db.execute("DELETE FROM files WHERE zoom = ?", (SINGLE_FILE_ZOOM,))
            self._db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", rows)

    def mark_failed(self, tiles: Iterable[tuple[TileIndex, str]]) -> None:
        """Note of tiles why they are no good any more: the next run makes them again."""
        self.flush()
        failed = int(TileStatus.FAILED)
        rows = [(failed, why, zoom, morton.encode(row, col)) for (zoom, row, col), why in tiles]
        with self._transaction():
            self._db.executemany(
                "UPDATE tiles SET status = ?, error = ? WHERE zoom = ? AND key = ?", rows
            )

    def mark_all_failed(self, why: str, *, run: RunRecord | None = None) -> int:
        """Note that all done tiles, or those of one run, are no good any more; how many."""
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
        """What was counted on all written tiles of a zoom, summed up.

        Those of earlier runs too, when they were of the same function, parameters and inputs.
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
        """All or nothing; raises `JournalOccupied` when another program holds the journal."""
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
        """Commit and let go; the journal is whole afterwards whatever happens to the process."""
        try:
            self.flush()
        finally:
            self._db.close()
            try:
                self._hold.store()
            finally:
                if self._is_own:
                    self._hold.release()
