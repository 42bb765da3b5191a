"""Deleting tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from automap_tiles.commands.tiledir import Selection, TileDirectory
from automap_tiles.engine.journal import Hold, Journal, has_journal, hold
from automap_tiles.grid import TileIndex, curve
from automap_tiles.storage import Storage, is_remote

LAST_KEY = 2**62 - 1
"""The largest key of the curve: a whole zoom of a journal is asked for at once."""


def remove_tiles(
    directory: TileDirectory,
    tiles: Sequence[TileIndex],
    selection: Selection,
    *,
    advance: Callable[[], None] = lambda: None,
) -> int:
    """Delete `tiles`, and forget what the journal knows within `selection`.

    So that the next run makes the tiles anew, also those that were empty or had failed. Gives the
    number of rows forgotten; `advance` is called after each tile.

    Raises
    ------
    OutputBusy
        A run is writing this directory.
    OutputError
        A tile cannot be deleted.

    """
    with hold(directory.place) as held:
        clean(directory.storage, held)
        for index in tiles:
            directory.storage.delete(directory.layout.key(index))
            advance()
        _remove_empty_folders(directory, tiles)
        if selection.is_everything:
            # what there will be may be made of something else
            directory.storage.delete(directory.place.record_key)
        if not has_journal(directory.place):
            return 0
        with Journal.under(held) as journal:
            return _forget(journal, directory, selection)


def clean(storage: Storage, held: Hold) -> None:
    """Remove what a writer that died left behind in an output that is held now."""
    if held.left_behind and storage.clean_parts().left:
        held.keep_file()


def _journalled(journal: Journal, zoom: int) -> Iterator[TileIndex]:
    """All tiles of a zoom that the journal knows."""
    for key in journal.rows(zoom, 0, LAST_KEY):
        yield TileIndex(zoom, *curve.unkey(key))


def _forget(journal: Journal, directory: TileDirectory, selection: Selection) -> int:
    forgotten = 0
    for zoom in journal.counts():
        rows = list(selection.pick(directory.process_pyramid, _journalled(journal, zoom)))
        journal.forget(rows)
        forgotten += len(rows)
    return forgotten


def _remove_empty_folders(directory: TileDirectory, tiles: Sequence[TileIndex]) -> None:
    """Folders of deleted tiles that hold nothing else; the root stays."""
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
            except OSError:  # not empty, or gone already
                break
