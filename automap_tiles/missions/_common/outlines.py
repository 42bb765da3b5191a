"""Location of rasters on the globe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasterio.crs import CRS

from automap_tiles import raster
from automap_tiles.errors import GridError, InputError
from automap_tiles.raster import Georeferencing
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Grid

LON_LAT = CRS.from_epsg(4326)

# Points along the outline of a raster, whose edges are curved in longitude and latitude.
_POINTS = 64

_POINTS_ONLY = {
    Georeferencing.GCPS: "ground control points",
    Georeferencing.RPCS: "rational polynomials (RPC)",
}


def grid_of(href: str) -> Grid:
    """The grid of a raster; raises `InputError` if it cannot be opened or is not georeferenced."""
    info = raster.inspect(href)
    if info.georeferencing in _POINTS_ONLY:
        raise InputError(
            f"{_POINTS_ONLY[info.georeferencing]} say where it lies, not a grid of its own: "
            "gdalwarp gives it one",
            href,
        )
    if info.crs is None or info.georeferencing is not Georeferencing.TRANSFORM:
        raise InputError("has no georeference", href)
    return info.grid


def outline(grid: Grid) -> BaseGeometry:
    """Outline of a grid in longitude and latitude."""
    bounds = grid.bounds
    longest = max(bounds.width, bounds.height)
    try:
        return reproject_geometry(bounds.polygon(), grid.crs, LON_LAT, segment=longest / _POINTS)
    except GridError as error:
        raise InputError(f"lies nowhere on the globe: {error}") from error


def center(grid: Grid) -> tuple[float, float]:
    """(longitude, latitude) of the middle of a grid."""
    from rasterio.warp import transform

    bounds = grid.bounds
    xs, ys = transform(
        grid.crs,
        LON_LAT,
        [(bounds.left + bounds.right) / 2],
        [(bounds.bottom + bounds.top) / 2],
    )
    return float(xs[0]), float(ys[0])
