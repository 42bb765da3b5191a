"""A process as a layer, computed on demand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import shapely

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.on_demand import TileWorkers, shared_workers
from automap_tiles.errors import TileFailed
from automap_tiles.formats.capabilities import tile_writer
from automap_tiles.formats.tiles import touched
from automap_tiles.grid import Tile, TileIndex, cover
from automap_tiles.layers import web
from automap_tiles.layers._overviews import LiveOverviews
from automap_tiles.layers._stored_style import store_style, stored_style
from automap_tiles.layers.files import FileLayer, described, file_layer
from automap_tiles.layers.layer import LayerInfo, Query
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process_tiles import MADE, OnTile, ProcessTiles, TileState
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import RasterArray
    from automap_tiles.formats.capabilities import TiledReader
    from automap_tiles.grid import Pyramid
    from automap_tiles.runtime import Process

_LIVE = 16
"""Process tiles computed for a single overview tile; more are left to a run."""
_LIVE_SECONDS = 20.0
"""Maximum time for them, estimated from earlier tiles."""
_AROUND = 4
"""Process tiles around the middle among which samples are searched for."""
_SAMPLED = 100
"""Maximum number of candidates,"""
_TRIED = 16
"""and of attempts until one has data."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The process tiles that an overview tile is made from."""

    tiles: int
    """Process tiles of the base zoom below it."""
    live: bool
    """Whether missing ones are computed for it."""


class ProcessLayer:
    """See `Layer`; tiles of a base zoom are computed, those of other zooms made from them.

    Overviews stored by a run are shown unchanged. Otherwise an overview tile is made from the base
    tiles below it: from existing ones, and from missing ones computed for it if they are few.

    Thread-safe: a tile is computed once, in one of the workers, which all layers share. If a worker
    crashes, only its tile fails.
    """

    def __init__(
        self,
        info: LayerInfo,
        process: Process,
        keep: Keep,
        on_tile: OnTile = lambda _: None,
        workers: TileWorkers | None = None,
    ) -> None:
        """`on_tile` is called for every tile; raises `ProcessChanged` if stored tiles are outdated.

        A single file is only assembled at the end of a run: tiles on demand are not stored in it.
        """
        self.process = process
        self._info = info
        self._keep = keep
        self._on_tile = on_tile
        self._tiles = ProcessTiles(process, keep, self._tile_changed, workers or shared_workers())
        directory = self._directory
        self._files = FileLayer(info=info, reader=directory, zooms=process.zooms)
        self._base = FileLayer(info=info, reader=directory, zooms=process.base_zooms)
        self._above = LiveOverviews(directory, _coarsening(process), process.writer.nodata)
        # by pyramid, index and base zoom of a tile: the area of a process never changes
        self._under = lru_cache(maxsize=1024)(self._find_under)
        self._number = lru_cache(maxsize=4096)(self._count)
        self._overtaken: set[TileIndex] = set()
        """Stored overviews that are older than a tile below them."""
        self._guard = threading.Lock()
        looks = tile_writer(process.writer).appearance()
        self._knows_bands = any(looks.names)
        self._learn_bands()

    @property
    def workers(self) -> TileWorkers:
        """The workers that compute tiles."""
        return self._tiles.workers

    @property
    def info(self) -> LayerInfo:
        return self._info

    @property
    def keep(self) -> Keep:
        """The requested storage mode."""
        return self._keep

    def listen(self, on_tile: OnTile) -> None:
        """Call `on_tile` for every tile from now on."""
        self._on_tile = on_tile

    def retire(self, seconds: float) -> bool:
        """Stop computing; wait for running tiles and return whether all have ended.

        Workers that take longer than `seconds` are ended. Tiles requested later are empty: another
        layer has replaced this one.
        """
        return self._tiles.retire(seconds)

    def end(self) -> None:
        """Start no more tiles: further requests raise `CancelledError`."""
        self._tiles.end()

    def compute(self, index: TileIndex, *, again: bool = False) -> TileState:
        """Compute a process tile, or wait for it; `again` recomputes an existing one."""
        return self._tiles.compute(index, again=again)

    def progress(self, index: TileIndex) -> TileState | None:
        """State of a tile that was requested; None if it was not."""
        return self._tiles.progress(index)

    def pixels(self, index: TileIndex) -> RasterArray | None:
        """Of a process tile, computed if missing; None if it is empty or failed."""
        return self._tiles.pixels(index)

    def version(self, tile: Tile) -> str:
        zoom, base = self._zooms(tile)
        if base is None or self._is_stored(tile, zoom):
            return self._files.version(tile)
        if zoom >= base:
            return self._base.version(tile)
        self._hear_of_others()
        return f"made of {base} {self._above.version}"

    def is_made(self, tile: Tile) -> bool:
        """Whether reading a tile of any grid computes nothing, and none of its tiles failed."""
        zoom, base = self._zooms(tile)
        if base is None or self._is_stored(tile, zoom):
            return True
        return self._tiles.are_made(self._indexes(tile, zoom, base))

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        zoom, base = self._zooms(tile)
        if base is None or self._is_stored(tile, zoom):
            return self._files.read(tile, bands, resampling)
        failed = self._tiles.compute_all(self._indexes(tile, zoom, base))
        if zoom < base:
            self._hear_of_others()
            found = self._above.read(tile, bands, base)
        else:
            found = self._base.read(tile, bands, resampling)
        if found is None and failed is not None:
            raise TileFailed(str(failed.index), failed.error or "")
        return found

    def stored_layer(self) -> FileLayer | None:
        """The stored part of the output, as a layer without its process."""
        if not self._tiles.reads_stored or not (zooms := self._directory.stored_zooms()):
            return None
        return file_layer(self.info.name, self.info.title, self._directory, zooms=zooms)

    def stored_style(self) -> Query | None:
        """The style determined when the output was first displayed."""
        return stored_style(self._tiles.place, self._hashes) if self._tiles.reads_stored else None

    def store_style(self, look: Query) -> None:
        """Store the style with the output, if its tiles are stored; raises `OutputError`."""
        if self._tiles.keeps and self.stored_style() != look:
            store_style(self._tiles.place, self._hashes, look)

    @cached_property
    def _hashes(self) -> dict[str, str]:
        return asdict(self.process.hashes())

    def indexes(self, tile: Tile) -> list[TileIndex]:
        """The process tiles needed for a tile of any grid."""
        return list(self._indexes(tile, *self._zooms(tile)))

    def _indexes(self, tile: Tile, zoom: int, base: int | None) -> Sequence[TileIndex]:
        if self._keep is Keep.READONLY and self._tiles.reads_stored:
            return ()
        if base is None or (zoom < base and not self.outlook(tile).live):
            return ()
        return self._under(tile.pyramid, tile.index, base)

    def _find_under(self, pyramid: Pyramid, index: TileIndex, base: int) -> tuple[TileIndex, ...]:
        """The process tiles under a tile of any grid: the area never changes."""
        area = self.process.area_at(base)
        shapely.prepare(area)
        return tuple(
            each
            for each in touched(self._bare, Tile(pyramid, index), base)
            if area.intersects(Tile(self.process.pyramid, each).bbox)
        )

    def outlook(self, tile: Tile) -> Outlook:
        """What an overview tile of any grid is made from."""
        _, base = self._zooms(tile)
        if base is None:
            return Outlook(tiles=0, live=True)
        count = self._number(tile.pyramid, tile.index, base)
        expected = count * self._tiles.expected / self.workers.count
        return Outlook(tiles=count, live=count <= _LIVE and expected <= _LIVE_SECONDS)

    def samples(self) -> list[TileIndex]:
        """Process tiles of the coarsest base zoom, from the middle outwards; deterministic."""
        base = self.process.base_zooms
        if not base:
            return []
        area = self.process.area_at(base[0])
        middle = area.centroid
        near = shapely.intersection(area, middle.buffer(_AROUND * self._edge(base[0])).envelope)
        found = cover.tiles(self._bare, area if near.is_empty else near, base[0])
        nearest = sorted(
            itertools.islice(found, _SAMPLED),
            key=lambda index: Tile(self._bare, index).bbox.centroid.distance(middle),
        )
        return nearest[:_TRIED]

    def _edge(self, zoom: int) -> float:
        return max(
            self._bare.tile(zoom, 0, 0).bounds.width, self._bare.tile(zoom, 0, 0).bounds.height
        )

    @cached_property
    def _bare(self) -> Pyramid:
        """The pyramid of the process tiles, without their buffer."""
        return self.process.pyramid.replace(pixelbuffer=0)

    def _zooms(self, tile: Tile) -> tuple[int, int | None]:
        """The zoom that matches a tile, and the base zoom that it is made from.

        None: there is none.
        """
        directory = self._directory
        zoom = directory.zoom_at(tile, tile, directory.matching)
        base = self.process.base_zooms
        if not base or zoom in base:
            return zoom, zoom if base else None
        return zoom, base[0] if zoom < base[0] else base[-1]

    @cached_property
    def _directory(self) -> TiledReader:
        return self._tiles.target.reader()

    def _count(self, pyramid: Pyramid, index: TileIndex, base: int) -> int:
        return cover.count(self._bare, self._part(Tile(pyramid, index), base), base)

    def _part(self, tile: Tile, base: int) -> BaseGeometry:
        """The part of the area of the process below a tile."""
        here = reproject_geometry(tile.bbox, tile.crs, self.process.pyramid.crs)
        return shapely.intersection(self.process.area_at(base), here)

    def _is_stored(self, tile: Tile, zoom: int) -> bool:
        """Whether a run has stored all non-empty overview tiles."""
        process = self.process
        if zoom in process.base_zooms or zoom not in process.zooms or not self._tiles.reads_stored:
            return False
        if self._keep is Keep.OVERWRITE:
            return False
        there = [stamp is not None for stamp in self._directory.stamps(tile, zoom)]
        if not any(there) and not self._tiles.is_noted:
            return False
        own = list(touched(self._bare, tile, zoom))
        with self._guard:
            if not self._overtaken.isdisjoint(own):
                return False
        if all(there) or not self._tiles.is_noted:
            return True
        area = process.area_at(zoom)
        wanted = [each for each in own if area.intersects(Tile(self._bare, each).bbox)]
        return all(self._tiles.known(each) in MADE for each in wanted)

    def _hear_of_others(self) -> None:
        """Refresh overviews of tiles that another process has made."""
        if self._tiles.others_made_some():
            self._above.forget()

    def _tile_changed(self, state: TileState) -> None:
        if state.status is not TileStatus.RUNNING:
            self._changed(state.index)
        if state.status is TileStatus.WRITTEN:
            self._learn_bands()
        self._on_tile(state)

    def _learn_bands(self) -> None:
        """Take the band names from tiles: the function returns them with its result."""
        if self._knows_bands:
            return
        info = self._tiles.described()
        with self._guard:
            self._knows_bands = info is not None
            if info is not None and info.count == len(self._info.bands):
                self._info = replace(self._info, bands=described(info))

    def _changed(self, index: TileIndex) -> None:
        """A tile was computed: refresh the overviews that contain it."""
        tile = Tile(self._bare, index)
        self._above.forget(web.lonlat_bounds(tile.bbox, tile.crs))
        above = [(zoom, index.zoom - zoom) for zoom in self.process.zooms if zoom < index.zoom]
        with self._guard:
            self._overtaken.update(
                TileIndex(zoom, index.row >> away, index.col >> away) for zoom, away in above
            )


def _coarsening(process: Process) -> str:
    """Resampling of overviews: as in a run, else by the meaning of the values."""
    if process.baselevels is not None:
        return process.baselevels.lower
    looks = tile_writer(process.writer).appearance()
    return "mode" if looks.class_names or looks.class_colours else "average"
