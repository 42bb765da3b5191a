"""The progress of a process's tiles, whether made by a run or on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import (
    JournalLocation,
    JournalReader,
    RunRecord,
    is_running,
    place_of,
    stamp_of,
)
from automap_tiles.errors import GridError, JournalError
from automap_tiles.grid import Bounds, Tile, TileIndex, cover, morton
from automap_tiles.layers import web
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MOST = 4000
"""Maximum number of tiles in a response; for more, those of a coarser zoom."""
_TO_COME = (TileStatus.WAITING, TileStatus.STALE)
_FAR = 512
"""Gap on the curve between two tiles that justifies a separate query of the journal."""


@dataclass(frozen=True, kw_only=True)
class TileProgress:
    """One process tile."""

    index: TileIndex
    status: TileStatus
    seconds: float | None = None
    error: str | None = None
    """Traceback of a failed tile."""


@dataclass(frozen=True, kw_only=True)
class TileCounts:
    """Counts of a journal's tiles, and whether another process is running on it."""

    running: bool
    tiles: dict[int, dict[str, int]]
    """Zoom → status → number."""


class ProgressView:
    """The tiles of one process layer, from its journal and from tiles on demand."""

    def __init__(self, layer: ProcessLayer) -> None:
        self._layer = layer
        process = layer.process
        self._place = place_of(process.writer.path, process.config_path)
        self._pyramid = process.pyramid.replace(pixelbuffer=0)

    def stamp(self) -> tuple[object, ...]:
        """Changes when the journal does."""
        return (*stamp_of(self._place), is_running(self._place))

    def zoom_for(self, map_zoom: int, box: Bounds) -> int:
        """The zoom of the process whose pixel size is closest to that of a web map zoom."""
        process = self._layer.process

        def distance(zoom: int) -> float:
            return abs(web.zoom_of(process.pyramid, zoom, box) - map_zoom)

        return min(process.zooms, key=distance)

    def tiles(self, box: Bounds, map_zoom: int) -> list[TileProgress]:
        """Tiles in a box (degrees) at the matching zoom, at most `MOST` of them."""
        process = self._layer.process
        wanted = self.zoom_for(map_zoom, self._layer.info.bounds)
        for zoom in sorted((zoom for zoom in process.zooms if zoom <= wanted), reverse=True):
            area = self._area(box, zoom)
            if area.is_empty:
                continue
            if cover.count(self._pyramid, area, zoom) <= MOST:
                return self._known(list(cover.tiles(self._pyramid, area, zoom)))
        return []

    def waiting(self, box: Bounds) -> list[TileIndex] | None:
        """Tiles in a box (degrees) that have to be computed; None if more than `MOST`.

        They are those of the coarsest computed zoom.
        """
        base = self._layer.process.base_zooms
        area = self._area(box, base[0]) if base else None
        if area is None or area.is_empty:
            return []
        if cover.count(self._pyramid, area, base[0]) > MOST:
            return None
        tiles = self._known(list(cover.tiles(self._pyramid, area, base[0])))
        return [tile.index for tile in tiles if tile.status in _TO_COME]

    def tile(self, index: TileIndex) -> TileProgress:
        """One tile, with its time and traceback.

        Raises `GridError` if the process does not have it.
        """
        self.check(index)
        state = self._layer.progress(index)
        noted = self._noted(index)
        if state is not None and (noted is None or state.status is TileStatus.RUNNING):
            return _progress_of(state)
        return noted or TileProgress(index=index, status=TileStatus.WAITING)

    def check(self, index: TileIndex) -> None:
        """Raise `GridError` for a tile that the process does not have."""
        process = self._layer.process
        if index.zoom not in process.zooms:
            raise GridError(f"the process has no zoom {index.zoom}")
        tile = self._pyramid.tile(*index)
        if not process.area_at(index.zoom).intersects(tile.bbox):
            raise GridError(f"the tile {index} lies outside of the process")

    def counts(self) -> TileCounts:
        """Of the run that made the tiles; none if the journal belongs to another process."""
        found: dict[int, dict[str, int]] = {}
        with self._journal() as journal:
            if journal is not None:
                found = {
                    zoom: {status.word: number for status, number in each.items()}
                    for zoom, each in journal.counts().items()
                }
        return TileCounts(running=is_running(self._place), tiles=found)

    def outline(self, index: TileIndex) -> list[list[float]]:
        """The ring of a tile in degrees."""
        tile = Tile(self._pyramid, index)
        edge = max(tile.bounds.width, tile.bounds.height)
        ring = reproject_geometry(
            shapely.segmentize(tile.bbox, edge / 4), self._pyramid.crs, web.LON_LAT
        )
        if ring.geom_type != "Polygon":
            ring = ring.envelope
        points = shapely.get_coordinates(ring.exterior if ring.geom_type == "Polygon" else ring)
        points[:, 1] = np.clip(points[:, 1], -web.END, web.END)
        return [[round(x, 7), round(y, 7)] for x, y in points.tolist()]

    def _area(self, box: Bounds, zoom: int) -> BaseGeometry:
        process = self._layer.process
        here = reproject_geometry(box.polygon(), web.LON_LAT, process.pyramid.crs)
        return shapely.intersection(process.area_at(zoom), here)

    def _known(self, indexes: Sequence[TileIndex]) -> list[TileProgress]:
        """All of one zoom."""
        noted = self._rows(indexes)
        flying = self._flying()
        found = []
        for index in indexes:
            status = noted.get(index, TileStatus.WAITING)
            if index in flying:
                status = TileStatus.RUNNING
            state = self._layer.progress(index)
            own = None if state is None else state.status
            if own is TileStatus.RUNNING or (own is not None and index not in noted):
                status = own
            found.append(TileProgress(index=index, status=status))
        return found

    def _rows(self, indexes: Sequence[TileIndex]) -> dict[TileIndex, TileStatus]:
        found: dict[TileIndex, TileStatus] = {}
        with self._journal() as journal:
            run = None if journal is None else journal.last_run()
            if journal is None or run is None:
                return {}
            keys = {morton.encode(index.row, index.col): index for index in indexes}
            for first, last in _ranges(sorted(keys)):
                for key, row in journal.rows(indexes[0].zoom, first, last).items():
                    if key in keys and row.run >= run.fresh_from:
                        found[keys[key]] = row.status
        return found

    def _flying(self) -> frozenset[TileIndex]:
        """Tiles that a run in another process is computing."""
        if not is_running(self._place):
            return frozenset()
        with self._journal() as journal:
            return frozenset() if journal is None else journal.flying()

    def _noted(self, index: TileIndex) -> TileProgress | None:
        with self._journal() as journal:
            found = None if journal is None else journal.tile(index)
            run = None if journal is None else journal.last_run()
        if found is None or run is None or found.run < run.fresh_from:
            return None
        return TileProgress(
            index=index,
            status=found.status,
            seconds=found.seconds,
            error=found.error,
        )

    def _journal(self) -> _Looking:
        return _Looking(self._place, self._hashes, self._pyramid.metatiling)

    @cached_property
    def _hashes(self) -> dict[str, frozenset[str]]:
        """By name: all equivalent hashes."""
        process = self._layer.process
        earlier = process.earlier_hashes()
        return {
            name: earlier.get(name, frozenset()) | {now}
            for name, now in asdict(process.hashes()).items()
        }


class _Looking:
    """The open journal; None if there is none, or it belongs to another process."""

    def __init__(
        self, place: JournalLocation, hashes: dict[str, frozenset[str]], metatiling: int
    ) -> None:
        self._place, self._hashes, self._metatiling = place, hashes, metatiling
        self._journal: JournalReader | None = None

    def __enter__(self) -> JournalReader | None:
        try:
            self._journal = JournalReader.at(self._place)
            return self._journal if self._is_same(self._journal.last_run()) else None
        except JournalError:
            return None

    def __exit__(self, *_: object) -> None:
        if self._journal is not None:
            self._journal.close()

    def _is_same(self, run: RunRecord | None) -> bool:
        return (
            run is not None
            and all(run.hashes[name] in same for name, same in self._hashes.items())
            and run.metatiling == self._metatiling
        )


def _progress_of(state: TileState) -> TileProgress:
    return TileProgress(
        index=state.index,
        status=state.status,
        seconds=state.seconds or None,
        error=state.error,
    )


def _ranges(keys: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges that contain sorted keys, with few others."""
    first = last = None
    for key in keys:
        if first is None or last is None:
            first = key
        elif key - last > _FAR:
            yield first, last
            first = key
        last = key
    if first is not None and last is not None:
        yield first, last
