"""Web map grids, and the position of layers in them."""

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
"""Pixels along the edge of a tile at scale 1."""

# Latitude where web mercator ends (EPSG:3857 as a square).
END = 85.051128779806


@lru_cache(maxsize=8)
def web_pyramid(tile_size: int = BASE) -> Pyramid:
    """Web mercator with XYZ tiles."""
    return Pyramid.from_grid("mercator", tile_size=tile_size)


@lru_cache(maxsize=8)
def geodetic_pyramid(tile_size: int = BASE) -> Pyramid:
    """Longitude and latitude, two tiles side by side at zoom 0 (WorldCRS84Quad)."""
    return Pyramid.from_grid("geodetic", tile_size=tile_size)


def zoom_of(pyramid: Pyramid, zoom: int, bounds: Bounds) -> float:
    """The fractional web map zoom whose pixel size equals that of a pyramid's zoom.

    `bounds` (degrees) give the location: the scale of a web map varies.
    """
    return pixel_zoom(pyramid.crs, pyramid.pixel_size(zoom)[0], bounds)


def pixel_zoom(crs: CRS, size: float, bounds: Bounds) -> float:
    """The web map zoom whose pixels are as large as those of this size in a CRS."""
    web = web_pyramid()
    west, south, east, north = bounds
    lat = min(max((south + north) / 2, -END + 1), END - 1)
    lon = (west + east) / 2
    # a tiny box: areas can be reprojected, points cannot
    x, y, _, _ = reproject_bounds(Bounds(lon, lat, lon + 1e-6, lat + 1e-6), LON_LAT, crs)
    # a box of some pixels: a single one would be lost in rounding
    box = reproject_bounds(Bounds(x, y, x + 64 * size, y + 64 * size), crs, web.crs)
    return math.log2(web.pixel_size(0)[0] / (max(box.width, 1e-9) / 64))


def lonlat_bounds(geometry: BaseGeometry, crs: CRS) -> Bounds:
    """Box of an area in degrees, clipped to the extent of a web map."""
    try:
        found = reproject_bounds(Bounds(*geometry.bounds), crs, LON_LAT)
    except AutomapError:
        found = Bounds(-180.0, -END, 180.0, END)
    if not all(map(math.isfinite, found)):
        return Bounds(-180.0, -END, 180.0, END)
    west, south, east, north = found
    return Bounds(west, max(south, -90.0), east, min(north, 90.0))
