"""Equivalent longitudes: 180.2 and -179.8 are the same meridian.

The outline of a grid near the antimeridian continues beyond ±180; users' areas and the footprints
of catalogues are split there (RFC 7946, section 3.1.9).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid import Bounds, full_turn
from automap_tiles.vector._reproject import shift, shift_all


def intersection_across_antimeridian(area: BaseGeometry, place: BaseGeometry) -> BaseGeometry:
    """The part of an area inside a place, with longitudes in the range of the place.

    Both in longitude and latitude. An area that already lies inside the place is returned
    unchanged.
    """
    if place.contains(area):
        return area
    found = [each.intersection(place) for each in _turned(area, place)]
    return found[0] if len(found) == 1 else shapely.union_all(found)


def continued_across_antimeridian(geometry: BaseGeometry, crs: CRS) -> BaseGeometry:
    """The geometry with x going on beyond the antimeridian, where that makes its box narrower.

    The widest gap between its parts is left out: those west of it go a whole turn to the east. As
    it is where the CRS has no antimeridian, and where one part is as wide as the world.
    """
    world = full_turn(crs)
    parts = shapely.get_parts(geometry)
    if world is None or len(parts) < 2:
        return geometry
    left, _, right, _ = geometry.bounds
    spans = sorted((part.bounds[0], part.bounds[2]) for part in parts)
    end, widest, start = spans[0][1], left + world - right, left
    for west, east in spans[1:]:
        if west - end > widest:
            widest, start = west - end, west
        end = max(end, east)
    if start == left:
        return geometry
    moved = [shift(part, world) if part.bounds[0] < start else part for part in parts]
    return shapely.union_all(moved)


def shifted_to_box(
    geometries: NDArray[np.object_], bounds: Bounds, crs: CRS
) -> NDArray[np.object_]:
    """Geometries with their parts on the turn of the globe that a box counts x on.

    Parts beside the box on every turn, and those of a CRS without an antimeridian, stay.
    """
    world = full_turn(crs)
    if world is None or not len(geometries):
        return geometries
    parts, owners = shapely.get_parts(geometries, return_index=True)
    boxes = shapely.bounds(parts)
    with np.errstate(invalid="ignore"):  # of empty ones
        turns = np.ceil((bounds.left - boxes[:, 2]) / world)
        there = boxes[:, 0] + turns * world <= bounds.right
        beside = (boxes[:, 2] < bounds.left) | (boxes[:, 0] > bounds.right)
    turns = np.where(beside & there, turns, 0.0)
    for turn in np.unique(turns[turns != 0]).tolist():
        these = np.flatnonzero(turns == turn)
        parts[these] = shift_all(parts[these], world * turn)
    found = geometries.copy()
    counts = np.bincount(owners, minlength=len(geometries))
    single = counts[owners] == 1
    found[owners[single]] = parts[single]
    moved = np.zeros(len(geometries), dtype=bool)
    moved[owners[turns != 0]] = True
    for owner in np.flatnonzero(moved & (counts > 1)).tolist():
        first, last = np.searchsorted(owners, [owner, owner + 1])
        found[owner] = shapely.union_all(parts[first:last])
    return found


def intersects_across_antimeridian(area: BaseGeometry, place: BaseGeometry) -> bool:
    """Whether two geometries share a point, comparing longitudes modulo 360 degrees."""
    return any(each.intersects(place) for each in _turned(area, place))


def _turned(area: BaseGeometry, place: BaseGeometry) -> Iterator[BaseGeometry]:
    """The area, shifted by each multiple of 360 degrees by which it may meet the place."""
    if area.is_empty or place.is_empty:
        return
    (left, _, right, _), (west, _, east, _) = area.bounds, place.bounds
    for turn in range(math.ceil((west - right) / 360), math.floor((east - left) / 360) + 1):
        yield shift(area, 360.0 * turn) if turn else area
