"""An opened process under mapchete's names."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import shapely

from automap_tiles.engine.events import TileDone, TileResult, TileStatus
from automap_tiles.engine.on_demand import OnDemandJournal
from automap_tiles.engine.overviews import make_higher, make_lower
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions
from automap_tiles.engine.run import execute as run_tiles
from automap_tiles.errors import ConfigError, Empty, GridError, TilesFailed
from automap_tiles.formats import OutputKind, Tiled
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.formats.tiles import blank, paste
from automap_tiles.grid import Pyramid, Tile, TileIndex, cover
from automap_tiles.mapchete._config import Config, ProcessingMode

_KEPT = 512
"""Tiles that are kept with `with_cache`, as many as mapchete keeps."""

TileLike = Any
"""A tile, of ours or of mapchete's, or its zoom, row and column."""


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """What became of a tile."""

    tile: Tile
    processed: bool
    """Whether the function ran."""
    process_msg: str | None = None
    written: bool = False
    write_msg: str | None = None
    output: Any = None

    @property
    def id(self) -> str:
        return str(self.tile.index)


class Mapchete:
    """A process that tiles can be asked from; also a context manager.

    Tiles that are written here stand in the journal of the output, so that runs go on from them.
    """

    def __init__(
        self, config: Config, *, narrowed: Callable[..., Config] | None, with_cache: bool
    ) -> None:
        """`narrowed` opens the same with other zooms or one tile; None: nothing is computed."""
        self.config = config
        self.with_cache = with_cache or config.mode is ProcessingMode.MEMORY
        self._narrowed = narrowed
        self._kept: OrderedDict[TileIndex, Any] = OrderedDict()
        self._journal: OnDemandJournal | None = None

    # which tiles

    def get_process_tiles(self, zoom: int | None = None) -> Iterator[Tile]:
        """Tiles that share area with the process and its inputs, the finest zoom first."""
        pyramid = self.config.process_pyramid
        for each in self.config.zoom_levels.descending() if zoom is None else (zoom,):
            for index in cover.tiles(pyramid, self.config.area_at_zoom(each), each):
                yield Tile(pyramid, index)

    def count_tiles(
        self,
        minzoom: int | None = None,
        maxzoom: int | None = None,
        init_zoom: int = 0,  # noqa: ARG002 - where mapchete begins to look
    ) -> int:
        """How many `get_process_tiles` gives at these zooms; exact, and in constant memory."""
        zooms = self.config.zoom_levels
        wanted = range(
            zooms.min if minzoom is None else minzoom,
            (zooms.max if maxzoom is None else maxzoom) + 1,
        )
        pyramid = self.config.process_pyramid
        return sum(cover.count(pyramid, self.config.area_at_zoom(zoom), zoom) for zoom in wanted)

    def count_tasks(self, minzoom: int | None = None, maxzoom: int | None = None) -> int:
        """As `count_tiles`: there are no other tasks."""
        return self.count_tiles(minzoom, maxzoom)

    def skip_tiles(self, tiles: Iterator[Tile]) -> Iterator[tuple[Tile, bool]]:
        """Each tile, and whether a run would leave it out because it is there."""
        looks = self.config.mode is ProcessingMode.CONTINUE
        for tile in tiles:
            yield tile, looks and self.config.output.exists(tile)

    # tiles one by one

    def execute_tile(self, process_tile: TileLike, raise_nodata: bool = False) -> Any:
        """Compute a tile and give its data; nothing is written.

        A masked array (band, y, x) in the output's dtype, or features; masked throughout, or no
        features, where there are none: with `raise_nodata` that raises `Empty`. A tile of an
        overview is made from the tiles that are stored. Raises what the function raises.
        """
        tile = _tile(process_tile, self.config.process_pyramid)
        made = self._computed(tile)
        if made is None and raise_nodata:
            raise Empty
        return self._empty(tile) if made is None else made.data

    def read(self, output_tile: TileLike) -> Any:
        """What is stored of a tile of the output; masked throughout where nothing is."""
        if self.config.mode is ProcessingMode.MEMORY:
            raise ValueError("process mode must be readonly, continue or overwrite")
        tile = _tile(output_tile, self.config.output_pyramid)
        stored = self.config.output.read(tile)
        return self._empty(tile) if stored is None else stored.data

    def write(self, process_tile: TileLike, data: Any) -> TaskInfo:
        """Store data of a tile, as the function would return them."""
        config = self.config
        if config.mode not in (ProcessingMode.CONTINUE, ProcessingMode.OVERWRITE):
            raise ValueError("cannot write output in current process mode")
        tile = _tile(process_tile, config.process_pyramid)
        if config.mode is ProcessingMode.CONTINUE and config.output.exists(tile):
            return _unwritten(tile, "output exists, not overwritten")
        if data is None:
            return _unwritten(tile, "output empty, nothing written")
        started = time.monotonic()
        written = self._store(tile, config.output.convert(tile, data))
        seconds = time.monotonic() - started
        said = f"output written in {seconds:.3f}s" if written else "output empty, nothing written"
        return TaskInfo(tile=tile, processed=False, written=written, write_msg=said)

    def get_raw_output(self, tile: TileLike) -> Any:
        """Data of a tile of the output: read or computed, as the mode says.

        What is computed is written too, but in the mode memory.
        """
        config = self.config
        wanted = _tile(tile, config.output_pyramid)
        if wanted.zoom not in config.zoom_levels:
            return self._empty(wanted)
        whole = wanted.intersecting(config.process_pyramid)[0]
        if config.mode is ProcessingMode.READONLY or (
            config.mode is ProcessingMode.CONTINUE and config.output.exists(whole)
        ):
            return self.read(wanted)
        data = self._cached(whole)
        if config.mode is not ProcessingMode.MEMORY:
            self.write(whole, data)
        return self._cut(data, whole, wanted)

    # many tiles

    def execute(
        self,
        *,
        zoom: Any = None,
        tile: TileLike | None = None,
        concurrency: str = "none",
        workers: int | None = None,
    ) -> Iterator[TaskInfo]:
        """Make and store tiles; those that are done are left out in the mode continue.

        Raises `TilesFailed` at the first tile that fails, which `automap execute` would note and go
        on from.
        """
        if self._narrowed is None or self.config.mode in (
            ProcessingMode.READONLY,
            ProcessingMode.MEMORY,
        ):
            raise ValueError(f"nothing is written in the mode {self.config.mode}")
        index = None if tile is None else _index(tile)
        process = self._narrowed(zoom, index).process
        assert process is not None  # there is a way to open it
        options = RunOptions(
            concurrency=Concurrency(concurrency),
            workers=workers,
            overwrite=self.config.mode is ProcessingMode.OVERWRITE,
            fail_fast=True,
        )
        for event in run_tiles(process, options):
            if isinstance(event, TileDone):
                yield _info(event.result, process.pyramid)

    def _computed(self, tile: Tile) -> Tiled | None:
        process = self.config.process
        if process is None or self.config.mode is ProcessingMode.READONLY:
            raise ValueError("nothing is computed in the mode readonly")
        levels = process.baselevels
        if levels is None or tile.zoom in process.base_zooms:
            return process.compute(tile)
        buffer = process.writer.pyramid.pixelbuffer
        bare = Tile(process.pyramid.replace(pixelbuffer=buffer), tile.index)
        if tile.zoom < levels.min:
            return make_lower(process, bare, process.writer.read)
        return make_higher(process, bare)

    def _cached(self, tile: Tile) -> Any:
        if tile.index in self._kept:
            self._kept.move_to_end(tile.index)
            return self._kept[tile.index]
        data = self.execute_tile(tile)
        if self.with_cache:
            self._kept[tile.index] = data
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return data

    def _store(self, tile: Tile, data: Tiled | None) -> bool:
        """Write a tile and note it; whether there was anything to write."""
        config = self.config
        assert config.process is not None  # only a process is opened to be written
        started = time.perf_counter()
        if self._journal is None:
            overwrite = config.mode is ProcessingMode.OVERWRITE
            config.output.prepare(area=config.area, overwrite=overwrite)
            self._journal = OnDemandJournal(config.process, overwrite=overwrite)
        if data is None:
            config.output.delete(tile)
        files = () if data is None else config.output.write(tile, data)
        self._journal.note(
            TileResult(
                index=tile.index,
                status=TileStatus.EMPTY if data is None else TileStatus.WRITTEN,
                seconds=time.perf_counter() - started,
                worker="script",
                files=files,
            )
        )
        return data is not None

    def _cut(self, data: Any, whole: Tile, wanted: Tile) -> Any:
        """The part of a computed tile that lies on a tile of the output."""
        if self.config.output.kind is OutputKind.VECTOR:
            box = wanted.bbox
            return [
                feature
                for feature in data
                if shapely.geometry.shape(feature["geometry"]).intersects(box)
            ]
        target = self._empty(wanted)
        row, col = (
            ours - theirs
            for ours, theirs in zip(whole.pixel_offset, wanted.pixel_offset, strict=True)
        )
        paste(target, data, row, col)
        return target

    def _empty(self, tile: Tile) -> Any:
        if self.config.output.kind is OutputKind.VECTOR:
            return []
        looks = tile_writer(self.config.output).appearance()
        shape = (len(looks.names), *tile.shape)
        return blank(shape, np.dtype(looks.dtype), self.config.output.nodata)

    def __enter__(self) -> Mapchete:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None and self._journal is not None:
            self.config.output.finish()
        self._kept.clear()


def _info(result: TileResult, pyramid: Pyramid) -> TaskInfo:
    if result.status is TileStatus.FAILED:
        raise TilesFailed(f"tile {result.index} failed: {result.error}")
    written = result.status is TileStatus.WRITTEN
    return TaskInfo(
        tile=Tile(pyramid, result.index),
        processed=True,
        process_msg=f"processed in {result.seconds:.3f}s",
        written=written,
        write_msg="output written" if written else "output empty, nothing written",
    )


def _unwritten(tile: Tile, why: str) -> TaskInfo:
    return TaskInfo(tile=tile, processed=False, write_msg=why)


def _index(tile: TileLike) -> tuple[int, int, int]:
    """Zoom, row and column of a tile of anybody's, or of three numbers."""
    try:
        zoom, row, col = tile
    except (TypeError, ValueError):
        raise ConfigError(
            "is not a tile", key="tile", found=tile, remedy="a tile, or zoom, row and column"
        ) from None
    return zoom, row, col


def _tile(tile: TileLike, pyramid: Pyramid) -> Tile:
    """The tile on a pyramid; raises `GridError` for one outside, and of another grid."""
    if isinstance(tile, Tile) and not tile.pyramid.same_grid(pyramid):
        raise GridError(f"tile {tile} is of another grid")
    return pyramid.tile(*_index(tile))
