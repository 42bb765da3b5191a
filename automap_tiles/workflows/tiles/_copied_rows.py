"""Copy the journal rows of copied tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import (
    Hold,
    Journal,
    JournalReader,
    Row,
    RunRecord,
    has_journal,
)
from automap_tiles.formats import StoredFile
from automap_tiles.grid import TileIndex, morton
from automap_tiles.workflows.tiles.remove import LAST_KEY
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, TileSelection

# Rows written together.
_GROUP = 1024


def copy_journal(
    source: StoredTiles,
    target: StoredTiles,
    held: Hold,
    selection: TileSelection,
    *,
    without: set[TileIndex],
) -> int:
    """Copy rows of the selection, under runs with the same hashes; returns their number.

    Without them the next run of the process on the target would compute empty tiles again.
    """
    if not has_journal(source.place):
        return 0
    with JournalReader.at(source.place) as journal:
        rows = _current_rows(journal, source, selection)
        rows = {index: row for index, row in rows.items() if index not in without}
        runs = {run.id: run for run in journal.runs_with_tiles()}
        if rows:
            _write_rows(journal, rows, runs, (source, target), held)
    return len(rows)


def _write_rows(
    known: JournalReader,
    rows: dict[TileIndex, Row],
    runs: Mapping[int, RunRecord],
    way: tuple[StoredTiles, StoredTiles],
    held: Hold,
) -> None:
    with Journal.under(held) as journal:
        for number in sorted({row.run for row in rows.values()} & runs.keys()):
            record = journal.start_run(
                runs[number].hashes,
                "copied",
                fresh_from=0,
                metatiling=runs[number].metatiling,
            )
            own = (index for index, row in rows.items() if row.run == number)
            while group := list(islice(own, _GROUP)):
                journal.record(
                    record,
                    [_result(i, rows[i], _renamed(known.files_of(i), *way)) for i in group],
                )
            journal.finish_run(record)


def _renamed(
    files: Iterable[StoredFile], source: StoredTiles, target: StoredTiles
) -> tuple[StoredFile, ...]:
    """Files of a tile with their names in the target."""
    found = []
    for file in files:
        index = source.layout.parse(file.key)
        if index is not None:
            found.append(file._replace(key=target.layout.key(index)))
    return tuple(found)


def _current_rows(
    journal: JournalReader, source: StoredTiles, selection: TileSelection
) -> dict[TileIndex, Row]:
    """Written and empty tiles of the selection, except those marked stale by an overwriting run."""
    last = journal.last_run()
    found: dict[TileIndex, Row] = {}
    for zoom in journal.counts():
        rows = journal.rows(zoom, 0, LAST_KEY)
        current = {
            TileIndex(zoom, *morton.decode(key)): row
            for key, row in rows.items()
            if row.status in (TileStatus.WRITTEN, TileStatus.EMPTY)
            and (last is None or row.run >= last.fresh_from)
        }
        picked = selection.pick(source.process_pyramid, current)
        found.update((index, current[index]) for index in picked)
    return found


def _result(index: TileIndex, row: Row, files: tuple[StoredFile, ...]) -> TileResult:
    return TileResult(index=index, status=row.status, seconds=0.0, worker="copied", files=files)
