"""A process as a layer: computed where one looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.on_demand import (
    OnDemandJournal,
    PackedProcess,
    TileWorkers,
    shared_workers,
)
from automap_tiles.errors import TileFailed
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.formats.tiles import touched
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import LayerInfo
from automap_tiles.layers.persistence import Keep

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.runtime import Process


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What became of one tile."""

    index: TileIndex
    status: TileStatus
    seconds: float = 0.0
    error: str | None = None
    """Traceback of a failed one."""


Told = Callable[[Looked], None]


class ProcessLayer:
    """See `Layer`; tiles of a base zoom are computed, those of other zooms made from them.

    Several threads may look at once: a tile is computed once, in one of the workers, which all
    layers share. Whatever it does to its worker, it is a failed tile at most.
    """

    def __init__(
        self,
        info: LayerInfo,
        process: Process,
        keep: Keep,
        told: Told = lambda _: None,
        workers: TileWorkers | None = None,
    ) -> None:
        """`told` hears of every tile; raises `ProcessChanged` when kept tiles are of another one.

        A single file is only put together at the end of a run: looking at it keeps nothing.
        """
        self.workers = workers or shared_workers()
        self._info = info
        self._told = told
        self._keeps = keep in (Keep.CONTINUE, Keep.OVERWRITE) and _is_directory(process)
        self._keep = keep
        self.process = process
        self._reads_stored = self._keeps or (keep is Keep.READONLY and _is_directory(process))
        target = tile_writer(process.writer)
        self._target = target if self._reads_stored else target.in_memory()
        self._notes = self._begin() if self._keeps else None
        self._packed = PackedProcess.of(process, keeps=self._keeps)
        if keep is not Keep.READONLY:
            self.workers.warm(self._packed)
        self._files = FileLayer(info=info, reader=self._target.reader(), zooms=process.zooms)
        self._seen: dict[TileIndex, Looked] = {}
        self._flying: dict[TileIndex, Future[Looked]] = {}
        self._retired = False
        self._guard = threading.Lock()

    @property
    def info(self) -> LayerInfo:
        return self._info

    @property
    def keep(self) -> Keep:
        """How it was asked to be looked at."""
        return self._keep

    def tell(self, told: Told) -> None:
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

    def version(self, tile: Tile) -> str:
        return self._files.version(tile)

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        failed = None
        for index in self.indexes(tile):
            looked = self.look(index)
            if looked.status is TileStatus.FAILED:
                failed = looked
        found = self._files.read(tile, bands, resampling)
        if found is None and failed is not None:
            raise TileFailed(str(failed.index), failed.error or "")
        return found

    def indexes(self, tile: Tile) -> list[TileIndex]:
        """The process tiles that have to be computed for a tile of any grid."""
        if self._keep is Keep.READONLY and self._reads_stored:
            return []
        directory = self._target.reader()
        zoom = directory.zoom_at(tile, tile, directory.matching)
        base = self.process.base_zooms
        if base and zoom > base[-1]:
            zoom = base[-1]
        if zoom not in base:
            return []
        area = self.process.area_at(zoom)
        shapely.prepare(area)
        pyramid = self.process.pyramid.replace(pixelbuffer=0)
        return [
            index
            for index in touched(pyramid, tile, zoom)
            if area.intersects(Tile(pyramid, index).bbox)
        ]

    def look(self, index: TileIndex, *, again: bool = False) -> Looked:
        """Have a process tile made, or wait for it; `again` also when it has been made before."""
        with self._guard:
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
        if not self._keeps:
            stored = self.process.writer.read(tile)
            if stored is None:
                return None
            self._target.write(tile, stored)
            return Looked(index=index, status=TileStatus.WRITTEN)
        known = None if self._notes is None else self._notes.known(index)
        if known is TileStatus.EMPTY:
            return Looked(index=index, status=TileStatus.EMPTY)
        if known not in (TileStatus.FAILED, TileStatus.STALE) and self._target.exists(tile):
            return Looked(index=index, status=TileStatus.WRITTEN)
        return None

    def _compute(self, index: TileIndex) -> Looked:
        running = Looked(index=index, status=TileStatus.RUNNING)
        made = self.workers.make(self._packed, index, lambda: self._told(running))
        result = made.result
        if not self._keeps:
            self._target.delete(Tile(self.process.pyramid, index))
            for key, content in made.files:
                self._target.files.storage.put(key, content)
        if self._notes is not None:
            self._notes.note(result)
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
