"""Delete tiles."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from automap_tiles.engine.journal import Hold, Journal, has_journal, hold
from automap_tiles.grid import TileIndex, morton
from automap_tiles.storage import Storage, is_remote
from automap_tiles.workflows._order import NEVER, Order, StopToken
from automap_tiles.workflows.events import Done, Event, Finished, Json, Started
from automap_tiles.workflows.selections import selection_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._item import TileItem
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, TileSelection, open_stored_tiles

LAST_KEY = 2**62 - 1
"""The largest key of the curve: a whole zoom of a journal is queried at once."""


@dataclass(frozen=True, kw_only=True)
class RemoveOrder(Order):
    """Delete tiles of a tile directory, with their journal rows."""

    workflow: ClassVar[str] = "remove"

    tiles: str
    """Output folder of a process, or the `.mapchete` file that writes it."""
    where: Subset = field(default_factory=Subset)
    """Default: everything."""


@dataclass(frozen=True, kw_only=True)
class RemoveReport:
    """The tiles to delete."""

    path: str
    tiles: int
    steps: Mapping[str, str] = field(default_factory=dict)
    """Other stored steps of the process, which are kept -> path."""

    def to_json(self) -> Json:
        return {"path": self.path, "tiles": self.tiles, "steps": dict(self.steps)}


@dataclass(frozen=True, kw_only=True)
class RemoveOutcome:
    """Result of a deletion."""

    path: str
    removed: int
    rows: int
    """Deleted rows of the journal."""
    stopped: bool = False
    """Whether tiles remain to be deleted."""

    def to_json(self) -> Json:
        return {
            "path": self.path,
            "removed": self.removed,
            "rows": self.rows,
            "stopped": self.stopped,
        }


def check(order: RemoveOrder) -> RemoveReport:
    """Count the tiles; raises `ConfigError` if there is no tile directory or no such place."""
    directory = open_stored_tiles(order.tiles)
    selection = selection_of(order.where, directory.process_pyramid)
    directory.report_steps("remove")
    return RemoveReport(
        path=directory.path, tiles=len(directory.existing(selection)), steps=directory.steps
    )


def run(order: RemoveOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Delete the tiles one by one.

    Journal rows of deleted tiles are deleted too, so that the next run makes them, and so are those
    of empty and failed tiles of the selection. Raises as `check`, `OutputBusy` while a run is
    writing the directory, and `OutputError` if a tile cannot be deleted.
    """
    directory = open_stored_tiles(order.tiles)
    selection = selection_of(order.where, directory.process_pyramid)
    directory.report_steps("remove")
    tiles = directory.existing(selection)
    yield Started(total=len(tiles), facts={"path": directory.path})
    outcome = yield from remove_tiles(directory, tiles, selection, stop=stop)
    yield Finished(outcome=outcome)


def remove_tiles(
    directory: StoredTiles,
    tiles: Sequence[TileIndex],
    selection: TileSelection,
    *,
    stop: StopToken = NEVER,
) -> Generator[Event, None, RemoveOutcome]:
    """Delete `tiles`, and the journal rows of `selection`; see `run`."""
    removed: list[TileIndex] = []
    with hold(directory.place) as held:
        clean(directory.storage, held)
        for index in tiles:
            if stop.is_set():
                break
            directory.files.remove(index)
            removed.append(index)
            yield Done(item=TileItem(index=index))
        _remove_empty_folders(directory, removed)
        left = {directory.owner(index) for index in tiles[len(removed) :]}
        if selection.is_everything and not left:
            # future tiles may be made from something else
            directory.storage.delete(directory.place.record_key)
        rows = 0
        if has_journal(directory.place):
            with Journal.under(held) as journal:
                gone = {directory.owner(index) for index in removed}
                rows = _forget(journal, directory, selection, without=left - gone)
    return RemoveOutcome(
        path=directory.path, removed=len(removed), rows=rows, stopped=len(removed) < len(tiles)
    )


def clean(storage: Storage, held: Hold) -> None:
    """Delete leftovers of a killed writer in a locked output."""
    if held.left_behind and storage.clean_parts().left:
        held.keep_file()


def _journalled(journal: Journal, zoom: int) -> Iterator[TileIndex]:
    """All tiles of a zoom in the journal."""
    for key in journal.rows(zoom, 0, LAST_KEY):
        yield TileIndex(zoom, *morton.decode(key))


def _forget(
    journal: Journal,
    directory: StoredTiles,
    selection: TileSelection,
    *,
    without: Collection[TileIndex],
) -> int:
    forgotten = 0
    for zoom in journal.counts():
        picked = selection.pick(directory.process_pyramid, _journalled(journal, zoom))
        rows = [index for index in picked if index not in without]
        journal.forget(rows)
        forgotten += len(rows)
    return forgotten


def _remove_empty_folders(directory: StoredTiles, tiles: Sequence[TileIndex]) -> None:
    """Delete empty folders of deleted tiles; the root is kept."""
    if is_remote(directory.path):
        return
    root = Path(directory.storage.url(""))
    folders = {Path(directory.storage.url(directory.layout.key(index))).parent for index in tiles}
    for folder in folders:
        for candidate in (folder, *folder.parents):
            if candidate == root or not candidate.is_relative_to(root):
                break
            try:
                candidate.rmdir()
            except OSError:  # not empty, or deleted already
                break
