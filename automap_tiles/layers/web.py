"""Web maps: the grids that they are cut by, and where a layer lies on them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from rasterio.crs import CRS

from automap_tiles.errors import AutomapError
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.vector import reproject_bounds

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LON_LAT = CRS.from_epsg(4326)
MAX_ZOOM = 24
"""Finest zoom of a web map that is served."""
BASE = 256
"""Pixels along the edge of a tile at the usual scale."""

# Latitude where web mercator ends (EPSG:3857 as a square).
END = 85.051128779806


@lru_cache(maxsize=8)
def web_pyramid(tile_size: int = BASE) -> Pyramid:
    """Web mercator, as XYZ tiles have it."""
    return Pyramid.from_grid("mercator", tile_size=tile_size)


@lru_cache(maxsize=8)
def geodetic_pyramid(tile_size: int = BASE) -> Pyramid:
    """Longitude and latitude, two tiles side by side at zoom 0 (WorldCRS84Quad)."""
    return Pyramid.from_grid("geodetic", tile_size=tile_size)


def zoom_of(pyramid: Pyramid, zoom: int, bounds: Bounds) -> float:
    """The zoom of a web map whose pixels are as large as those of a pyramid's, not rounded.

    `bounds` (degrees) say where: a degree or a metre is not everywhere the same on a web map.
    """
    return pixel_zoom(pyramid.crs, pyramid.pixel_size(zoom)[0], bounds)


def pixel_zoom(crs: CRS, size: float, bounds: Bounds) -> float:
    """The zoom of a web map whose pixels are as large as those of this size in a CRS."""
    web = web_pyramid()
    west, south, east, north = bounds
    lat = min(max((south + north) / 2, -END + 1), END - 1)
    lon = (west + east) / 2
    # a box, though a tiny one: areas can be reprojected, points cannot
    x, y, _, _ = reproject_bounds(Bounds(lon, lat, lon + 1e-6, lat + 1e-6), LON_LAT, crs)
    # a box of some pixels: one alone is lost in the rounding of coordinates
    box = reproject_bounds(Bounds(x, y, x + 64 * size, y + 64 * size), crs, web.crs)
    return math.log2(web.pixel_size(0)[0] / (max(box.width, 1e-9) / 64))


def lonlat_bounds(geometry: BaseGeometry, crs: CRS) -> Bounds:
    """Box of an area in degrees, within what a web map shows where it can be expressed."""
    try:
        found = reproject_bounds(Bounds(*geometry.bounds), crs, LON_LAT)
    except AutomapError:
        found = Bounds(-180.0, -END, 180.0, END)
    if not all(map(math.isfinite, found)):
        return Bounds(-180.0, -END, 180.0, END)
    west, south, east, north = found
    return Bounds(west, max(south, -90.0), east, min(north, 90.0))
