"""Sizes on the ground, whatever the CRS."""

from __future__ import annotations

import math

import shapely
from rasterio.crs import CRS

from automap_tiles.errors import GridError
from automap_tiles.grid import GridLike
from automap_tiles.vector._reproject import reproject_geometry


def pixel_area(x: float, y: float, pixel: tuple[float, float], crs: CRS) -> float:
    """Area (m²) of a pixel of the given (x, y) size in CRS units at a place; raises `GridError`."""
    box = shapely.box(x, y, x + pixel[0], y + pixel[1])
    middle = reproject_geometry(box, crs, CRS.from_epsg(4326)).centroid
    # An equal-area projection centred on the pixel.
    near = CRS.from_proj4(f"+proj=laea +lat_0={middle.y} +lon_0={middle.x} +units=m")
    return float(reproject_geometry(box, crs, near).area)


def ground_size(grid: GridLike) -> float | None:
    """Edge length (m) of the pixel in the middle of a grid; None where it has no location."""
    height, width = grid.shape
    there = grid.transform
    x, y = there @ (width // 2, height // 2)
    pixel = math.hypot(there.a, there.d), math.hypot(there.b, there.e)
    try:
        return math.sqrt(pixel_area(x, y, pixel, grid.crs))
    except GridError:
        return None
