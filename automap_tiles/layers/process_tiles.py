"""Tiles of a process, computed on demand when they are viewed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automap_tiles import raster
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import place_of, stamp_of
from automap_tiles.engine.on_demand import OnDemandJournal, PackedProcess, TileWorkers
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.layers.persistence import Keep

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.raster import RasterInfo
    from automap_tiles.runtime import Process


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What became of one tile."""

    index: TileIndex
    status: TileStatus
    seconds: float = 0.0
    error: str | None = None
    """Traceback of a failed one."""


Noted = Callable[[Looked], None]

MADE = (TileStatus.WRITTEN, TileStatus.EMPTY)
"""How a tile ends that need not be made again."""


class ProcessTiles:
    """Several threads may look at once: a tile is made once, in one of the workers."""

    def __init__(self, process: Process, keep: Keep, told: Noted, workers: TileWorkers) -> None:
        """`told` hears of every tile; raises `ProcessChanged` when kept tiles are of another one.

        A single file is only put together at the end of a run: looking at it keeps nothing.
        """
        self.process = process
        self.workers = workers
        self.keeps = keep in (Keep.CONTINUE, Keep.OVERWRITE) and _is_directory(process)
        """Whether what is made is kept in the output."""
        self.reads_stored = self.keeps or (keep is Keep.READONLY and _is_directory(process))
        target = tile_writer(process.writer)
        self.target = target if self.reads_stored else target.in_memory()
        """Where they lie."""
        self.place = place_of(process.writer.path, process.config_path)
        """Of the journal of the output."""
        self._keep = keep
        self._told = told
        self._notes = self._begin() if self.keeps else None
        self._packed = PackedProcess.of(process, keeps=self.keeps)
        if keep is not Keep.READONLY:
            self.workers.warm(self._packed)
        self._stamp = self._journal_stamp()
        self._noting = threading.Lock()
        self._seconds: list[float] = []
        self._seen: dict[TileIndex, Looked] = {}
        self._flying: dict[TileIndex, Future[Looked]] = {}
        self._retired = False
        self._ended = False
        self._guard = threading.Lock()

    def tell(self, told: Noted) -> None:
        """Let `told` hear of every tile from now on."""
        self._told = told

    def retire(self, seconds: float) -> bool:
        """Make no tile any more; wait for those that are being made; whether all have ended.

        Those that take longer than `seconds` are ended. What is looked at afterwards is empty:
        another layer has taken its place.
        """
        with self._guard:
            self._retired = True
            flying = list(self._flying.values())
        if not wait(flying, timeout=seconds).not_done:
            return True
        self.workers.end(self._packed)
        return not wait(flying, timeout=seconds).not_done

    def end(self) -> None:
        """Begin no tile any more: who asks for one gets a `CancelledError`, not an empty one."""
        with self._guard:
            self._ended = True

    def known(self, index: TileIndex) -> TileStatus | None:
        """How a tile ended, by the journal; None: nothing is known, or nothing is kept."""
        return None if self._notes is None else self._notes.known(index)

    @property
    def is_noted(self) -> bool:
        """Whether there is a journal that knows."""
        return self._notes is not None

    @property
    def expected(self) -> float:
        """Mean seconds per tile of those made so far; 0: none."""
        return sum(self._seconds) / len(self._seconds) if self._seconds else 0.0

    def pixels(self, index: TileIndex) -> RasterArray | None:
        """Of a tile, made where it is missing; None where it is empty or failed."""
        if self.look(index).status is not TileStatus.WRITTEN:
            return None
        stored = self.target.read(Tile(self.process.pyramid, index))
        return None if stored is None else stored.data

    def look_at(self, indexes: Sequence[TileIndex]) -> Looked | None:
        """Have tiles made, several at a time; one that failed, where there is any."""
        if sum(index not in self._seen for index in indexes) <= 1:
            found = [self.look(index) for index in indexes]
        else:
            with ThreadPoolExecutor(min(len(indexes), self.workers.count)) as pool:
                found = list(pool.map(self.look, indexes))
        failed = [looked for looked in found if looked.status is TileStatus.FAILED]
        return failed[-1] if failed else None

    def are_made(self, indexes: Sequence[TileIndex]) -> bool:
        """Whether all of these were looked at and none failed."""
        seen = (self._seen.get(index) for index in indexes)
        return all(each is not None and each.status in MADE for each in seen)

    def described(self) -> RasterInfo | None:
        """What a stored tile says of its bands; None where there is none yet."""
        if self.reads_stored:
            look = self.target.reader().look()
            return None if look is None else look.info
        files = self.target.files
        if files.layout.extension != "tif":
            return None  # the others say nothing of their bands
        keys = (key for key in files.storage.list() if files.layout.parse(key) is not None)
        key = next(keys, None)
        return None if key is None else raster.inspect_content(files.storage.get(key), key)

    def others_made_some(self) -> bool:
        """Whether another process has noted tiles since this was asked."""
        with self._noting:
            before, self._stamp = self._stamp, self._journal_stamp()
            return before != self._stamp

    def _journal_stamp(self) -> object:
        return None if self.place.is_remote else stamp_of(self.place)

    def look(self, index: TileIndex, *, again: bool = False) -> Looked:
        """Have a process tile made, or wait for it; `again` also when it has been made before.

        Raises `CancelledError` after `end`.
        """
        with self._guard:
            if self._ended:
                raise CancelledError
            if self._retired:
                return Looked(index=index, status=TileStatus.EMPTY)
            seen = self._seen.get(index)
            if seen is not None and not again:
                return seen
            flight = self._flying.get(index)
            if flight is None:
                mine = self._flying[index] = Future()
        if flight is not None:
            return flight.result()
        try:
            looked = self._make(index, again=again)
            mine.set_result(looked)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._guard:
                del self._flying[index]
        return looked

    def progress(self, index: TileIndex) -> Looked | None:
        """What became of a tile that was looked at; None: nobody did."""
        with self._guard:
            if index in self._flying:
                return Looked(index=index, status=TileStatus.RUNNING)
            return self._seen.get(index)

    def _make(self, index: TileIndex, *, again: bool) -> Looked:
        found = None if again else self._found(index)
        if found is None and self._keep is Keep.READONLY:
            return Looked(index=index, status=TileStatus.EMPTY)
        if found is None:
            found = self._compute(index)
            self._told(found)
        with self._guard:
            self._seen[index] = found
        return found

    def _found(self, index: TileIndex) -> Looked | None:
        """A tile that needs no computing."""
        if self._keep not in (Keep.CONTINUE, Keep.READONLY):
            return None
        tile = Tile(self.process.pyramid, index)
        if not self.keeps:
            stored = self.process.writer.read(tile)
            if stored is None:
                return None
            self.target.write(tile, stored)
            return Looked(index=index, status=TileStatus.WRITTEN)
        known = None if self._notes is None else self._notes.known(index)
        if known is TileStatus.EMPTY:
            return Looked(index=index, status=TileStatus.EMPTY)
        if known not in (TileStatus.FAILED, TileStatus.STALE) and self.target.exists(tile):
            return Looked(index=index, status=TileStatus.WRITTEN)
        return None

    def _compute(self, index: TileIndex) -> Looked:
        running = Looked(index=index, status=TileStatus.RUNNING)
        made = self.workers.make(self._packed, index, lambda: self._told(running))
        result = made.result
        if not self.keeps:
            self.target.delete(Tile(self.process.pyramid, index))
            for key, content in made.files:
                self.target.files.storage.put(key, content)
        if self._notes is not None:
            with self._noting:
                self._notes.note(result)
                self._stamp = self._journal_stamp()
        self._seconds.append(result.seconds)
        return Looked(
            index=index,
            status=result.status,
            seconds=result.seconds,
            error=result.error,
        )

    def _begin(self) -> OnDemandJournal:
        overwrite = self._keep is Keep.OVERWRITE
        notes = OnDemandJournal(self.process, overwrite=overwrite)
        self.process.writer.prepare(area=self.process.area, overwrite=overwrite)
        return notes


def _is_directory(process: Process) -> bool:
    return tile_writer(process.writer) is process.writer
