"""Which tiles of a web map an export consists of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from automap_tiles.grid import Bounds, TileIndex, cover
from automap_tiles.layers import web

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.layers.layer import LayerInfo


@dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """Tiles in the box of a layer, web mercator, along the Morton curve."""

    area: BaseGeometry
    """Web mercator."""
    low: int
    high: int
    readable: int
    """Coarsest zoom that can be read from the layer; coarser tiles are made from it."""

    def readable_tiles(self) -> Iterator[TileIndex]:
        """Tiles that are read from the layer."""
        for zoom in range(max(self.low, self.readable), self.high + 1):
            yield from self._tiles(zoom)

    @property
    def coarse_zooms(self) -> range:
        """Zooms of the tiles that are made from finer ones."""
        return range(self.low, min(self.high + 1, self.readable))

    def coarse_tiles(self) -> Iterator[TileIndex]:
        """Tiles that are made from finer ones."""
        for zoom in self.coarse_zooms:
            yield from self._tiles(zoom)

    def tops(self) -> Iterator[TileIndex]:
        """The coarsest tiles of all, if they are made from finer ones."""
        if self.coarse_zooms:
            yield from self._tiles(self.low)

    def below(self) -> Iterator[TileIndex]:
        """The tiles that are read for the overviews."""
        if self.coarse_zooms:
            yield from self._tiles(self.readable)

    def children(self, index: TileIndex) -> list[TileIndex]:
        """The tiles of the next zoom below a tile that are in the area."""
        return list(cover.tiles(web.web_pyramid(), self.area, index.zoom + 1, within=index))

    def count(self) -> int:
        return sum(
            cover.count(web.web_pyramid(), self.area, zoom)
            for zoom in range(self.low, self.high + 1)
        )

    def holds(self, index: TileIndex) -> bool:
        """Whether a tile belongs to the export."""
        if not self.low <= index.zoom <= self.high:
            return False
        return cover.includes(web.web_pyramid(), self.area, index)

    def _tiles(self, zoom: int) -> Iterator[TileIndex]:
        return cover.tiles(web.web_pyramid(), self.area, zoom)


def plan_of(info: LayerInfo, zooms: tuple[int, int]) -> ExportPlan:
    """The tiles of a layer from the first to the last zoom."""
    return ExportPlan(
        area=_mercator(info.bounds), low=zooms[0], high=zooms[1], readable=info.min_zoom
    )


def _mercator(bounds: Bounds) -> BaseGeometry:
    """A box in degrees in web mercator; it may cross the antimeridian.

    Corner by corner, since a reprojection would lose the side of that meridian.
    """
    half = web.web_pyramid().bounds.right
    west, south, east, north = bounds
    south, north = max(south, -web.END), min(north, web.END)
    left, right = west / 180 * half, east / 180 * half
    bottom, top = (
        half / math.pi * math.asinh(math.tan(math.radians(lat))) for lat in (south, north)
    )
    return shapely.box(left, bottom, right, top)
