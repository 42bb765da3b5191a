"""Copying tiles from one directory to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from automap_tiles.commands.remove import LAST_KEY, clean
from automap_tiles.commands.tiledir import Selection, TileDirectory, open_tile_directory
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import (
    Hold,
    Journal,
    JournalReader,
    Row,
    has_journal,
    hold,
    place_of,
)
from automap_tiles.errors import OutputError, OutputMismatch
from automap_tiles.formats.metadata import METADATA_NAME
from automap_tiles.grid import TileIndex, curve
from automap_tiles.storage import Storage, open_storage

_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class CopyReport:
    """What became of the selected tiles."""

    copied: int
    skipped: int
    """There already, and `overwrite` was off."""
    rows: int
    """Rows of the journal that went along."""


def copy_tiles(
    source: TileDirectory,
    target_path: str,
    tiles: Sequence[TileIndex],
    selection: Selection,
    *,
    overwrite: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> CopyReport:
    """Copy `tiles` byte by byte, and what the journal knows of the selection.

    `advance` is called after each tile.

    Raises
    ------
    OutputMismatch
        The target holds tiles of another pyramid or format.
    OutputBusy
        A run is writing the target.
    OutputError
        Source and target are the same, or a tile cannot be written.

    """
    storage = open_storage(target_path)
    if storage.url("") == source.storage.url(""):
        raise OutputError("source and target are the same", target_path)
    with hold(place_of(target_path)) as held:
        clean(storage, held)
        target = _open_target(source, storage)
        done = set() if overwrite else target.there(tiles)
        todo = [index for index in tiles if index not in done]
        for _ in done:
            advance()
        for _ in _in_threads(todo, lambda index: _copy(source, target, index)):
            advance()
        kept = {source.owner(index) for index in done}
        rows = _copy_journal(source, held, selection, without=kept)
    return CopyReport(copied=len(todo), skipped=len(done), rows=rows)


def _open_target(source: TileDirectory, storage: Storage) -> TileDirectory:
    """The target, made with the source's metadata where there is none yet."""
    path = storage.root
    if not storage.exists(METADATA_NAME):
        # First of all: a copy that is interrupted is a tile directory with fewer tiles.
        storage.put(METADATA_NAME, source.storage.get(METADATA_NAME))
    target = open_tile_directory(path)
    theirs, ours = target.pyramid, source.pyramid
    if not theirs.same_grid(ours) or theirs.metatiling != ours.metatiling:
        raise OutputMismatch(f"holds tiles of another pyramid: {theirs}, not {ours}", path)
    if target.metadata.format != source.metadata.format:
        raise OutputMismatch(
            f"holds {target.metadata.format} tiles, not {source.metadata.format}", path
        )
    return target


def _copy(source: TileDirectory, target: TileDirectory, index: TileIndex) -> None:
    target.storage.put(target.layout.key(index), source.storage.get(source.layout.key(index)))


def _in_threads(
    tiles: Sequence[TileIndex], work: Callable[[TileIndex], None]
) -> Iterator[TileIndex]:
    """Do the work for each tile, a few at a time; gives each tile that is done."""
    stream = iter(tiles)
    flying: dict[Future[None], TileIndex] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        while True:
            for index in stream:
                flying[pool.submit(work, index)] = index
                if len(flying) >= 2 * _THREADS:
                    break
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                index = flying.pop(future)
                future.result()
                yield index


def _copy_journal(
    source: TileDirectory, held: Hold, selection: Selection, *, without: set[TileIndex]
) -> int:
    """Rows of the selection, under runs with the same hashes; the number of rows.

    Without them the next run of the process on the target would compute empty tiles again.
    """
    if not has_journal(source.place):
        return 0
    with JournalReader.at(source.place) as journal:
        rows = _current_rows(journal, source, selection)
        rows = {index: row for index, row in rows.items() if index not in without}
        runs = {run.id: run for run in journal.runs_with_tiles()}
    if not rows:
        return 0
    with Journal.under(held) as journal:
        for number in sorted({row.run for row in rows.values()} & runs.keys()):
            record = journal.start_run(
                runs[number].hashes,
                "copied",
                fresh_from=0,
                metatiling=runs[number].metatiling,
            )
            journal.record(
                record, [_result(i, row) for i, row in rows.items() if row.run == number]
            )
            journal.finish_run(record)
    return len(rows)


def _current_rows(
    journal: JournalReader, source: TileDirectory, selection: Selection
) -> dict[TileIndex, Row]:
    """Written and empty tiles of the selection that no overwriting run has declared stale."""
    last = journal.last_run()
    found: dict[TileIndex, Row] = {}
    for zoom in journal.counts():
        rows = journal.rows(zoom, 0, LAST_KEY)
        current = {
            TileIndex(zoom, *curve.unkey(key)): row
            for key, row in rows.items()
            if row.status in (TileStatus.WRITTEN, TileStatus.EMPTY)
            and (last is None or row.run >= last.fresh_from)
        }
        picked = selection.pick(source.process_pyramid, current)
        found.update((index, current[index]) for index in picked)
    return found


def _result(index: TileIndex, row: Row) -> TileResult:
    return TileResult(index=index, status=row.status, seconds=0.0, worker="copied")
