"""Tiles that are made outside of a run, because somebody looks at them, in the journal of a run."""

from __future__ import annotations

import threading
from dataclasses import asdict

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import (
    LOOKED_AT,
    Journal,
    JournalReader,
    Place,
    RunRecord,
    place_of,
)
from automap_tiles.engine.start import begin
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.grid import TileIndex, curve
from automap_tiles.runtime.process import Process


class Notes:
    """What is known of the tiles of an output, and what was made of those looked at.

    The journal is held for a moment at a time, so that a run may begin while one looks. While a run
    holds it nothing is noted: the run finds whole tiles by itself.
    """

    def __init__(self, process: Process, *, overwrite: bool = False) -> None:
        """Begin; raises `ProcessChanged` when done tiles are of another process."""
        self._process = process
        self._place = place_of(process.writer.path, process.config_path)
        self._guard = threading.Lock()
        self._run: RunRecord | None = None
        try:
            with Journal.open(self._place) as journal:
                self._run = self._begin(journal, overwrite=overwrite)
        except OutputBusy:
            pass  # a run of this output goes on; it has checked the same

    @property
    def place(self) -> Place:
        """Of the journal."""
        return self._place

    def known(self, index: TileIndex) -> TileStatus | None:
        """How a tile ended when it was last made; None: it was not, or is to be made anew."""
        key = curve.key(index.row, index.col)
        try:
            with JournalReader.at(self._place) as journal:
                row = journal.rows(index.zoom, key, key).get(key)
        except JournalError:
            return None
        fresh_from = 0 if self._run is None else self._run.fresh_from
        return row.status if row is not None and row.run >= fresh_from else None

    def note(self, result: TileResult) -> None:
        """Remember how a tile ended."""
        with self._guard:
            try:
                with Journal.open(self._place) as journal:
                    last = journal.last_run()
                    if self._run is None or last is None or last.id != self._run.id:
                        self._run = self._begin(journal, overwrite=False)
                    journal.record(self._run, [result])
            except OutputBusy:
                return

    def _begin(self, journal: Journal, *, overwrite: bool) -> RunRecord:
        if overwrite:  # only what is looked at is made anew: nothing is declared stale
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
