"""Copy tiles between directories."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice, takewhile
from pathlib import Path
from typing import ClassVar, NamedTuple

from automap_tiles.engine.journal import (
    JOURNAL_NAME,
    JournalReader,
    has_journal,
    hold,
    place_of,
)
from automap_tiles.errors import OutputError, OutputMismatch
from automap_tiles.formats import StoredFile
from automap_tiles.formats.tiles import METADATA_NAME, write_beside
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.storage import Storage, checksum, is_remote, open_storage
from automap_tiles.workflows._order import NEVER, Order, StopToken
from automap_tiles.workflows.events import Done, Event, Failed, Finished, Json, Skipped, Started
from automap_tiles.workflows.selections import selection_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._copied_rows import copy_journal
from automap_tiles.workflows.tiles._item import TileItem
from automap_tiles.workflows.tiles.outdated import DAMAGED, FAILED, STALE, outdated_reasons
from automap_tiles.workflows.tiles.remove import clean
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, TileSelection, open_stored_tiles

_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class CopyOrder(Order):
    """Copy tiles byte by byte, with their journal rows."""

    workflow: ClassVar[str] = "copy"

    source: str
    """Output folder of a process, or the `.mapchete` file that writes it."""
    target: str
    """Folder."""
    where: Subset = field(default_factory=Subset)
    """Default: everything."""
    overwrite: bool = False
    """Also copy tiles that exist in the target."""


@dataclass(frozen=True, kw_only=True)
class CopyReport:
    """The tiles to copy."""

    source: str
    target: str
    tiles: int
    """To be copied."""
    skipped: int
    """Existing in the target."""

    def to_json(self) -> Json:
        return {
            "source": self.source,
            "target": self.target,
            "tiles": self.tiles,
            "skipped": self.skipped,
        }


@dataclass(frozen=True, kw_only=True)
class CopyOutcome:
    """Result of a copy."""

    target: str
    copied: int
    skipped: int
    """Existing in the target, with `overwrite` off."""
    rows: int
    """Copied rows of the journal."""
    damaged: int = 0
    """Not copied: they differ from the journal's checksum, are older than a run that did not remake
    them, or disappeared meanwhile."""
    stopped: bool = False
    """Whether tiles remain to be copied."""

    def to_json(self) -> Json:
        return {
            "target": self.target,
            "copied": self.copied,
            "skipped": self.skipped,
            "rows": self.rows,
            "damaged": self.damaged,
            "stopped": self.stopped,
        }


def check(order: CopyOrder) -> CopyReport:
    """Count the tiles; writes nothing.

    Raises `ConfigError` if there is no source or no such place, `OutputError` if source and target
    are the same, `OutputMismatch` if the target holds tiles of another pyramid or format.
    """
    source = open_stored_tiles(order.source)
    storage = _other_storage(source, order.target)
    source.report_steps("copy")
    tiles = source.existing(selection_of(order.where, source.process_pyramid))
    there = 0
    if storage.exists(METADATA_NAME):
        there = len(_checked_target(source, storage.root).there(tiles))
    skipped = 0 if order.overwrite else there
    return CopyReport(
        source=source.path, target=order.target, tiles=len(tiles) - skipped, skipped=skipped
    )


def run(order: CopyOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Copy the tiles, several in parallel.

    Raises as `check`, `OutputBusy` while a run is writing the target, and `OutputError` if a tile
    cannot be written.
    """
    source = open_stored_tiles(order.source)
    selection = selection_of(order.where, source.process_pyramid)
    source.report_steps("copy")
    tiles = source.existing(selection)
    yield Started(total=len(tiles), facts={"source": source.path, "target": order.target})
    outcome = yield from copy_tiles(
        source, order.target, tiles, selection, overwrite=order.overwrite, stop=stop
    )
    yield Finished(outcome=outcome)


def copy_tiles(
    source: StoredTiles,
    target_path: str,
    tiles: Sequence[TileIndex],
    selection: TileSelection,
    *,
    overwrite: bool = False,
    stop: StopToken = NEVER,
) -> Generator[Event, None, CopyOutcome]:
    """Copy `tiles`, and the journal rows of the selection; see `run`.

    A tile that differs from the journal's checksum, or is stale, is omitted with a note; so a run
    on the target makes it. Rows of tiles that are not copied, because of that, because the target
    has another one or the work was stopped, are not copied either.
    """
    storage = _other_storage(source, target_path)
    with hold(place_of(target_path)) as held:
        clean(storage, held)
        target = _open_target(source, storage)
        write_beside(storage, target.metadata, sorted({index.zoom for index in tiles}))
        there = set() if overwrite else target.there(tiles)
        todo = [index for index in tiles if index not in there]
        if there:
            yield Skipped(count=len(there))
        copied: set[TileIndex] = set()
        damaged = 0
        with (
            contextlib.closing(_expected(source, todo)) as wanted,
            contextlib.closing(_in_threads(wanted, _copying(source, target), stop)) as copying,
        ):
            for index, problem in copying:
                if problem is None:
                    copied.add(index)
                    yield Done(item=TileItem(index=index))
                    continue
                damaged += 1
                _tell(source, index, problem)
                yield Failed(item=TileItem(index=index))
        _tell_of_others(source, target)
        kept = {source.owner(index) for index in tiles if index not in copied}
        rows = copy_journal(source, target, held, selection, without=kept)
    return CopyOutcome(
        target=target_path,
        copied=len(copied),
        skipped=len(there),
        rows=rows,
        damaged=damaged,
        stopped=len(copied) + damaged < len(todo),
    )


def _other_storage(source: StoredTiles, target: str) -> Storage:
    storage = open_storage(target)
    if storage.url("") == source.storage.url(""):
        raise OutputError("source and target are the same", target)
    return storage


def _open_target(source: StoredTiles, storage: Storage) -> StoredTiles:
    """The target, created with the source's metadata if there is none yet."""
    path = storage.root
    if not storage.exists(METADATA_NAME):
        # First, so that an interrupted copy is a valid tile directory with fewer tiles.
        storage.put(METADATA_NAME, source.storage.get(METADATA_NAME))
    return _checked_target(source, path)


def _checked_target(source: StoredTiles, path: str) -> StoredTiles:
    """The existing target; raises `OutputMismatch` if it is something else."""
    target = open_stored_tiles(path)
    theirs, ours = target.pyramid, source.pyramid
    if not theirs.same_grid(ours) or theirs.metatiling != ours.metatiling:
        raise OutputMismatch(f"holds tiles of another pyramid: {theirs}, not {ours}", path)
    if target.metadata.format != source.metadata.format:
        raise OutputMismatch(
            f"holds {target.metadata.format} tiles, not {source.metadata.format}", path
        )
    return target


class _Expected(NamedTuple):
    """A tile to copy."""

    tile: TileIndex
    file: StoredFile | None
    """From the journal; None: unknown."""
    problem: str | None = None
    """Why it is not copied."""


class _Done(NamedTuple):
    """A copied tile, or why it was not copied."""

    tile: TileIndex
    problem: str | None


def _expected(source: StoredTiles, tiles: Sequence[TileIndex]) -> Generator[_Expected]:
    """The tiles, each with the size and checksum from the journal."""
    if not has_journal(source.place):
        yield from (_Expected(index, None) for index in tiles)
        return
    with JournalReader.at(source.place) as journal:
        problems = outdated_reasons(journal)
        for index in tiles:
            owner = source.owner(index)
            files = {file.key: file for file in journal.last_files_of(owner)}
            file, problem = files.get(source.layout.key(index)), problems.get(owner)
            if problem == DAMAGED and file is not None:
                # another file of the same metatile may be damaged: this one is compared
                problem = None
            yield _Expected(index, file, problem)


def _copying(source: StoredTiles, target: StoredTiles) -> Callable[[_Expected], _Done]:
    here = not is_remote(source.path)

    def copy(wanted: _Expected) -> _Done:
        key, file = source.layout.key(wanted.tile), wanted.file
        if wanted.problem is not None:
            return _Done(wanted.tile, wanted.problem)
        try:
            content = source.storage.get(key)
        except FileNotFoundError:
            return _Done(wanted.tile, "they went away while they were copied")
        if file is not None and (len(content), checksum(content)) != (file.size, file.checksum):
            return _Done(wanted.tile, "they are damaged: not what the journal says was written")
        target_key = target.layout.key(wanted.tile)
        target.storage.put(target_key, content)
        for end in SIDE_FILES:
            if here and source.storage.exists(key + end):
                target.storage.put(target_key + end, source.storage.get(key + end))
            elif not is_remote(target.path):
                target.storage.delete(target_key + end)
        return _Done(wanted.tile, None)

    return copy


def _tell(source: StoredTiles, index: TileIndex, problem: str) -> None:
    remedy = "the next run of its process makes them anew, and cp goes on"
    if problem not in {FAILED, STALE}:
        remedy = f"automap verify marks what is damaged, {remedy}"
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.TILES,
            reason=f"{problem}; they are not in the copy",
            examples=(source.layout.key(index),),
            remedy=remedy,
        )
    )


def _tell_of_others(source: StoredTiles, target: StoredTiles) -> None:
    """Note files beside the tiles, whose relation to a subset of tiles is unknown.

    Those that belong to the format exist already.
    """
    if is_remote(source.path):
        return
    own = (METADATA_NAME, JOURNAL_NAME, source.place.record_key)
    names = sorted(
        path.name
        for path in Path(source.storage.url("")).iterdir()
        if path.is_file() and not path.name.startswith((".", *own))
    )
    there = target.storage.exists_many(names)
    names = [name for name in names if name not in there]
    if names:
        tell(
            Note.of(
                names,
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="they lie beside the tiles, and cp copies tiles only",
                remedy="copy them by hand where they are true of the copy, too",
            )
        )


def _in_threads(
    items: Iterator[_Expected], work: Callable[[_Expected], _Done], stop: StopToken
) -> Generator[_Done]:
    """Process tiles in a few threads; yields each finished one."""
    stream = takewhile(lambda _: not stop.is_set(), items)
    flying: set[Future[_Done]] = set()
    with ThreadPoolExecutor(_THREADS) as pool:
        while True:
            for item in islice(stream, 2 * _THREADS - len(flying)):
                flying.add(pool.submit(work, item))
            if not flying:
                return
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
