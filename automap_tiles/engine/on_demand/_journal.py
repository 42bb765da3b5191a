"""Record tiles that were computed on demand in the journal of the output."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict

from automap_tiles.engine._start import begin
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import (
    LOOKED_AT,
    Journal,
    JournalLocation,
    JournalReader,
    Row,
    RunRecord,
    place_of,
)
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.grid import TileIndex, morton
from automap_tiles.runtime import Process

REMOTE_SECONDS = 30.0
"""Minimum interval between reads and writes of a journal in an object store (seconds)."""

_LAST_KEY = 2**62 - 1
"""Of the curve: all of a zoom is asked for."""


class OnDemandJournal:
    """What is known of the tiles of an output, and what was made of those looked at.

    The journal is held for a moment at a time, so that a run may begin while one looks. While a run
    holds it nothing is noted: the run finds whole tiles by itself. In an object store the journal
    is read and written every `REMOTE_SECONDS`; what was made since is remembered here.
    """

    def __init__(self, process: Process, *, overwrite: bool = False) -> None:
        """Start; raises `ProcessChanged` when finished tiles were made by another process."""
        self._process = process
        self._place = place_of(process.writer.path, process.config_path)
        self._guard = threading.Lock()
        self._run: RunRecord | None = None
        self._made: dict[TileIndex, TileResult] = {}
        """Outcomes not in the journal yet."""
        self._written = time.monotonic()
        self._kept: tuple[float, dict[int, dict[int, Row]]] | None = None
        """The journal of an object store, and the time it was read."""
        try:
            with Journal.open(self._place) as journal:
                self._run = self._begin(journal, overwrite=overwrite)
        except OutputBusy:
            pass  # A run of this output is in progress; it has made the same check.

    @property
    def place(self) -> JournalLocation:
        """Of the journal."""
        return self._place

    def known(self, index: TileIndex) -> TileStatus | None:
        """Outcome of a tile when it was last made; None: not made, or to be remade."""
        made = self._made.get(index)
        if made is not None:
            return made.status
        key = morton.encode(index.row, index.col)
        try:
            row = self._row(index.zoom, key)
        except JournalError:
            return None
        fresh_from = 0 if self._run is None else self._run.fresh_from
        return row.status if row is not None and row.run >= fresh_from else None

    def note(self, result: TileResult) -> None:
        """Record the outcome of a tile."""
        with self._guard:
            self._made[result.index] = result
            age = time.monotonic() - self._written
            if self._place.is_remote and age < REMOTE_SECONDS:
                return
            try:
                with Journal.open(self._place) as journal:
                    last = journal.last_run()
                    if self._run is None or last is None or last.id != self._run.id:
                        self._run = self._begin(journal, overwrite=False)
                    journal.record(self._run, self._made.values())
            except OutputBusy:
                pass
            self._written = time.monotonic()
            self._made = {}
            self._kept = None

    def _row(self, zoom: int, key: int) -> Row | None:
        """What the journal knows of a tile; raises `JournalError` when there is none."""
        if not self._place.is_remote:
            with JournalReader.at(self._place) as journal:
                return journal.rows(zoom, key, key).get(key)
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > REMOTE_SECONDS:
            with JournalReader.at(self._place) as journal:
                rows = {each: journal.rows(each, 0, _LAST_KEY) for each in journal.counts()}
            kept = self._kept = time.monotonic(), rows
        return kept[1].get(zoom, {}).get(key)

    def _begin(self, journal: Journal, *, overwrite: bool) -> RunRecord:
        if overwrite:  # Only viewed tiles are remade: nothing is declared stale.
            return journal.start_run(
                asdict(self._process.hashes()),
                LOOKED_AT,
                fresh_from=None,
                metatiling=self._process.pyramid.metatiling,
            )
        state = begin(
            self._process, journal, selection=LOOKED_AT, overwrite=False, retry_failed=False
        )
        return state.record
