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
class TileState:
    """State of one tile."""

    index: TileIndex
    status: TileStatus
    seconds: float = 0.0
    error: str | None = None
    """Traceback of a failed tile."""


OnTile = Callable[[TileState], None]

MADE = (TileStatus.WRITTEN, TileStatus.EMPTY)
"""Status of a tile that need not be computed again."""


class ProcessTiles:
    """Tiles of a process; thread-safe: each is computed once, in one of the workers."""

    def __init__(self, process: Process, keep: Keep, on_tile: OnTile, workers: TileWorkers) -> None:
        """`on_tile` is called for every tile; raises `ProcessChanged` if stored tiles are outdated.

        A single file is only assembled at the end of a run: tiles on demand are not stored in it.
        """
        self.process = process
        self.workers = workers
        self.keeps = keep in (Keep.CONTINUE, Keep.OVERWRITE) and _is_directory(process)
        """Whether computed tiles are stored in the output."""
        self.reads_stored = self.keeps or (keep is Keep.READONLY and _is_directory(process))
        target = tile_writer(process.writer)
        self.target = target if self.reads_stored else target.in_memory()
        """Where tiles are stored."""
        self.place = place_of(process.writer.path, process.config_path)
        """Location of the output's journal."""
        self._keep = keep
        self._on_tile = on_tile
        self._notes = self._begin() if self.keeps else None
        self._packed = PackedProcess.of(process, keeps=self.keeps)
        if keep is not Keep.READONLY:
            self.workers.warm(self._packed)
        self._stamp = self._journal_stamp()
        self._noting = threading.Lock()
        self._seconds: list[float] = []
        self._seen: dict[TileIndex, TileState] = {}
        self._flying: dict[TileIndex, Future[TileState]] = {}
        self._retired = False
        self._ended = False
        self._guard = threading.Lock()

    def listen(self, on_tile: OnTile) -> None:
        """Call `on_tile` for every tile from now on."""
        self._on_tile = on_tile

    def retire(self, seconds: float) -> bool:
        """Stop computing; wait for running tiles and return whether all have ended.

        Workers that take longer than `seconds` are ended. Tiles requested later are empty: another
        layer has replaced this one.
        """
        with self._guard:
            self._retired = True
            flying = list(self._flying.values())
        if not wait(flying, timeout=seconds).not_done:
            return True
        self.workers.end(self._packed)
        return not wait(flying, timeout=seconds).not_done

    def end(self) -> None:
        """Start no more tiles: further requests raise `CancelledError`, not an empty tile."""
        with self._guard:
            self._ended = True

    def known(self, index: TileIndex) -> TileStatus | None:
        """Status of a tile in the journal; None: unknown, or nothing is stored."""
        return None if self._notes is None else self._notes.known(index)

    @property
    def is_noted(self) -> bool:
        """Whether there is a journal."""
        return self._notes is not None

    @property
    def expected(self) -> float:
        """Mean seconds per computed tile; 0: none yet."""
        return sum(self._seconds) / len(self._seconds) if self._seconds else 0.0

    def pixels(self, index: TileIndex) -> RasterArray | None:
        """Of a tile, computed if missing; None if it is empty or failed."""
        if self.compute(index).status is not TileStatus.WRITTEN:
            return None
        stored = self.target.read(Tile(self.process.pyramid, index))
        return None if stored is None else stored.data

    def compute_all(self, indexes: Sequence[TileIndex]) -> TileState | None:
        """Compute tiles in parallel; returns a failed one, if any."""
        if sum(index not in self._seen for index in indexes) <= 1:
            found = [self.compute(index) for index in indexes]
        else:
            with ThreadPoolExecutor(min(len(indexes), self.workers.count)) as pool:
                found = list(pool.map(self.compute, indexes))
        failed = [state for state in found if state.status is TileStatus.FAILED]
        return failed[-1] if failed else None

    def are_made(self, indexes: Sequence[TileIndex]) -> bool:
        """Whether all of these were requested and none failed."""
        seen = (self._seen.get(index) for index in indexes)
        return all(each is not None and each.status in MADE for each in seen)

    def described(self) -> RasterInfo | None:
        """Bands as described by a stored tile; None if there is none yet."""
        if self.reads_stored:
            look = self.target.reader().look()
            return None if look is None else look.info
        files = self.target.files
        if files.layout.extension != "tif":
            return None  # other formats do not describe their bands
        keys = (key for key in files.storage.list() if files.layout.parse(key) is not None)
        key = next(keys, None)
        return None if key is None else raster.inspect_content(files.storage.get(key), key)

    def others_made_some(self) -> bool:
        """Whether another process has added tiles to the journal since the last call."""
        with self._noting:
            before, self._stamp = self._stamp, self._journal_stamp()
            return before != self._stamp

    def _journal_stamp(self) -> object:
        return None if self.place.is_remote else stamp_of(self.place)

    def compute(self, index: TileIndex, *, again: bool = False) -> TileState:
        """Compute a process tile, or wait for it; `again` recomputes an existing one.

        Raises `CancelledError` after `end`.
        """
        with self._guard:
            if self._ended:
                raise CancelledError
            if self._retired:
                return TileState(index=index, status=TileStatus.EMPTY)
            seen = self._seen.get(index)
            if seen is not None and not again:
                return seen
            flight = self._flying.get(index)
            if flight is None:
                mine = self._flying[index] = Future()
        if flight is not None:
            return flight.result()
        try:
            state = self._make(index, again=again)
            mine.set_result(state)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._guard:
                del self._flying[index]
        return state

    def progress(self, index: TileIndex) -> TileState | None:
        """State of a tile that was requested; None if it was not."""
        with self._guard:
            if index in self._flying:
                return TileState(index=index, status=TileStatus.RUNNING)
            return self._seen.get(index)

    def _make(self, index: TileIndex, *, again: bool) -> TileState:
        found = None if again else self._found(index)
        if found is None and self._keep is Keep.READONLY:
            return TileState(index=index, status=TileStatus.EMPTY)
        if found is None:
            found = self._compute(index)
            self._on_tile(found)
        with self._guard:
            self._seen[index] = found
        return found

    def _found(self, index: TileIndex) -> TileState | None:
        """A tile that need not be computed."""
        if self._keep not in (Keep.CONTINUE, Keep.READONLY):
            return None
        tile = Tile(self.process.pyramid, index)
        if not self.keeps:
            stored = self.process.writer.read(tile)
            if stored is None:
                return None
            self.target.write(tile, stored)
            return TileState(index=index, status=TileStatus.WRITTEN)
        known = None if self._notes is None else self._notes.known(index)
        if known is TileStatus.EMPTY:
            return TileState(index=index, status=TileStatus.EMPTY)
        if known not in (TileStatus.FAILED, TileStatus.STALE) and self.target.exists(tile):
            return TileState(index=index, status=TileStatus.WRITTEN)
        return None

    def _compute(self, index: TileIndex) -> TileState:
        running = TileState(index=index, status=TileStatus.RUNNING)
        made = self.workers.make(self._packed, index, lambda: self._on_tile(running))
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
        return TileState(
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
