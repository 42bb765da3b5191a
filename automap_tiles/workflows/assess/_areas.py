"""True pixel areas on the ellipsoid, in any CRS.

In degree grids and web mercator, pixels cover less ground the farther they are from the equator;
each row gets the exact area of its strip between two latitudes. In other CRS the area of a whole
tile is computed on the ellipsoid and divided by its pixels; within a few kilometres they differ by
less than 1e-4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.warp import transform

from automap_tiles.errors import GridError
from automap_tiles.grid import Grid

Floats = NDArray[np.float64]

# WGS 84: semi-axes in metres and first eccentricity.
_A = 6378137.0
_B = _A * (1 - 1 / 298.257223563)
_E = np.sqrt(1 - (_B / _A) ** 2)

_LON_LAT = CRS.from_epsg(4326)
_MERCATOR = CRS.from_epsg(3857)
_EDGE = 32
"""Points along each edge of a tile."""


def pixel_areas(grid: Grid) -> Floats:
    """(row,) area of a pixel in each row of a grid, square metres.

    Raises `GridError` for a grid whose CRS is not defined everywhere on its edge.
    """
    if grid.crs.is_geographic:
        return _strips(np.radians(_row_edges(grid)), np.radians(grid.transform.a))
    if grid.crs == _MERCATOR:
        # spherical formulas on ellipsoidal latitudes
        latitudes = np.arctan(np.sinh(_row_edges(grid) / _A))
        return _strips(latitudes, grid.transform.a / _A)
    height, width = grid.shape
    return np.full(height, _tile_area(grid) / (height * width))


def _row_edges(grid: Grid) -> Floats:
    top, step = np.float64(grid.transform.f), np.float64(grid.transform.e)
    edges: Floats = top + step * np.arange(grid.height + 1, dtype=np.float64)
    return edges


def _strips(latitudes: Floats, width: float) -> Floats:
    """Areas between consecutive latitudes over a longitude range `width`; both in radians."""
    inside = np.clip(latitudes, -np.pi / 2, np.pi / 2)
    return width * -np.diff(_zone(inside))


def _zone(latitude: Floats) -> Floats:
    """Area between the equator and a latitude, per radian of longitude.

    Snyder, Map Projections: A Working Manual (1987), equation 3-12 times a²/2.
    """
    sine = np.sin(latitude)
    ratio = sine / (1 - (_E * sine) ** 2) + np.arctanh(_E * sine) / _E
    zone: Floats = _B**2 / 2 * ratio
    return zone


def _tile_area(grid: Grid) -> float:
    """Area of a grid's box: of its outline in an equal-area plane of longitude and zone."""
    left, bottom, right, top = grid.bounds
    along = np.linspace(0, 1, _EDGE, endpoint=False)
    x = np.concatenate([left + (right - left) * along, np.full(_EDGE, right)])
    x = np.concatenate([x, right - (right - left) * along, np.full(_EDGE, left)])
    y = np.concatenate([np.full(_EDGE, top), top - (top - bottom) * along])
    y = np.concatenate([y, np.full(_EDGE, bottom), bottom + (top - bottom) * along])
    try:
        longitudes, latitudes = (np.radians(each) for each in transform(grid.crs, _LON_LAT, x, y))
    except CPLE_BaseError as error:
        raise GridError(
            f"the areas of its pixels cannot be told: they reach beyond what {grid.crs} can "
            "express; automap convert brings the map onto another grid"
        ) from error
    steps = np.diff(longitudes, append=longitudes[:1])
    steps = (steps + np.pi) % (2 * np.pi) - np.pi
    if abs(steps.sum()) > np.pi:
        # around a pole: the area beyond the outline in the plane
        return abs(2 * np.pi * float(_zone(np.array([np.pi / 2]))[0]) - _below(steps, latitudes))
    return _below(steps, latitudes)


def _below(steps: Floats, latitudes: Floats) -> float:
    """Area between an outline and the equator."""
    zones = _zone(latitudes)
    return abs(float((steps * (zones + np.roll(zones, -1)) / 2).sum()))
