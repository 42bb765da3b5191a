"""Geometries from one CRS to another.

Only vertices are transformed, so long edges are densified first until each follows its true course
within ten centimetres. That depends on the geometry alone, never on the tile it is read for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from shapely.geometry.base import BaseGeometry

from automap_tiles.errors import GridError
from automap_tiles.grid import Bounds, full_turn
from automap_tiles.grid.operation import transform_points
from automap_tiles.vector._geometry import repaired

# Ten centimetres, in metres and degrees.
_TOLERANCE_METRES = 0.1
_TOLERANCE_DEGREES = 1e-6

# Most segments an edge is split into: a straight line around the world stays below.
_MOST_PARTS = 4096

_LON_LAT = CRS.from_epsg(4326)
_MERCATOR = CRS.from_epsg(3857)

# Latitudes beyond which Web Mercator and similar projections are undefined.
_MERCATOR_WORLD = shapely.box(-180.0, -85.06, 180.0, 85.06)

_Points = NDArray[np.float64]
_Geometries = NDArray[np.object_]


def reproject_geometry(
    geometry: BaseGeometry, source: CRS, target: CRS, *, segment: float | None = None
) -> BaseGeometry:
    """The geometry in another CRS, valid; edges longer than `segment` (source units) are split.

    Without `segment` edges are split as finely as their curvature requires. Across the antimeridian
    longitudes continue beyond ±180. Raises `GridError` when the target CRS can represent neither
    the geometry nor its part between 85.06° south and north, and `NoOperation` when there is no
    coordinate operation to the target.
    """
    if segment is None or source == target or geometry.is_empty:
        return reproject_geometries([geometry], source, target)[0]
    return _segmented(geometry, source, target, segment)


# Outlines of scenes and grids, which a run reprojects again and again.
@lru_cache(maxsize=1024)
def _segmented(geometry: BaseGeometry, source: CRS, target: CRS, segment: float) -> BaseGeometry:
    return reproject_geometries([shapely.segmentize(geometry, segment)], source, target)[0]


def reproject_geometries(
    geometries: Sequence[BaseGeometry], source: CRS, target: CRS
) -> list[BaseGeometry]:
    """Many geometries at once, each as `reproject_geometry` returns it."""
    if source == target or not len(geometries):
        return [repaired(geometry) for geometry in geometries]
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    try:
        moved = _project(array, source, target)
    except CPLE_BaseError:
        if len(array) == 1:
            return [_reproject_part(array, source, target)]
        return [reproject_geometry(geometry, source, target) for geometry in geometries]
    return [repaired(_unwrap(geometry, target)) for geometry in moved]


def reproject_bounds(bounds: Bounds, source: CRS, target: CRS) -> Bounds:
    """The bounding box of a box in another CRS, edges sampled at 64 points or more."""
    if source == target:
        return bounds
    longest = max(bounds.width, bounds.height)
    box = reproject_geometry(bounds.polygon(), source, target, segment=longest / 64)
    return Bounds(*box.bounds)


def _reproject_part(single: _Geometries, source: CRS, target: CRS) -> BaseGeometry:
    """Via longitude and latitude, dropping what the target CRS cannot represent."""
    try:
        lonlat = repaired(_project(single, source, _LON_LAT)[0])
        inside = lonlat.intersection(_MERCATOR_WORLD)
        if inside.is_empty or target == _LON_LAT:
            return inside
        return repaired(_project(np.array([inside], dtype=object), _LON_LAT, target)[0])
    except CPLE_BaseError as error:
        name = target.to_string()
        raise GridError(f"the geometry lies outside what {name[:60]} can express") from error


def _project(geometries: _Geometries, source: CRS, target: CRS) -> _Geometries:
    def move(points: _Points) -> _Points:
        return _transform(points, source, target)

    return _with_heights(_densify(geometries, source, target), move)


def _with_heights(geometries: _Geometries, move: Callable[[_Points], _Points]) -> _Geometries:
    """Geometries with x and y transformed; heights are unchanged."""

    def move_flat(points: _Points) -> _Points:
        return np.column_stack([move(points[:, :2]), points[:, 2]])

    has_z = shapely.has_z(geometries)
    moved = geometries.copy()
    moved[~has_z] = shapely.transform(geometries[~has_z], move)
    moved[has_z] = shapely.transform(geometries[has_z], move_flat, include_z=True)
    return moved


def shift(geometry: BaseGeometry, east: float) -> BaseGeometry:
    """A geometry moved along the x axis; a height stays what it was."""
    moved: BaseGeometry = shift_all(np.array([geometry], dtype=object), east)[0]
    return moved


def shift_all(geometries: _Geometries, east: float) -> _Geometries:
    """Geometries moved along the x axis; a height stays what it was."""
    return _with_heights(geometries, lambda points: points + np.array([east, 0.0]))


def _transform(points: _Points, source: CRS, target: CRS) -> _Points:
    """Coordinates of shape (n, 2); raises rasterio's CPLE errors where they are undefined."""
    if not len(points):
        return points
    found = transform_points(source, target, points[:, 0], points[:, 1])
    moved: _Points = np.array(found, dtype=np.float64).T
    if not np.isfinite(moved).all():
        raise CPLE_BaseError(1, 1, "a point has no coordinates there")
    return moved


def _densify(geometries: _Geometries, source: CRS, target: CRS) -> _Geometries:
    """Split edges until their midpoints match the midpoints of the projected edges."""
    tolerance = _TOLERANCE_DEGREES if target.is_geographic else _TOLERANCE_METRES
    dense = geometries.copy()
    turn = full_turn(source)
    if turn is not None:
        # An edge of more than 180 degrees would be mistaken for a crossing of the antimeridian.
        dense = shapely.segmentize(dense, turn / 8)
    coarse = np.arange(len(dense))  # Edges that may still need more vertices.
    parts, longest = 1, np.zeros(len(dense))
    while coarse.size and parts < _MOST_PARTS:
        starts, ends, owner = _edges(dense[coarse])
        if not owner.size:
            break
        if parts == 1:
            np.maximum.at(longest, owner, np.hypot(*(ends - starts).T))
        worst = np.zeros(coarse.size)
        np.maximum.at(worst, owner, _bend(starts, ends, source, target))
        coarse = coarse[worst > tolerance]
        parts *= 2
        dense[coarse] = shapely.segmentize(dense[coarse], longest[coarse] / parts)
    return dense


def _edges(geometries: _Geometries) -> tuple[_Points, _Points, NDArray[np.int64]]:
    """Starts and ends of all edges, each (n, 2), and the index of the geometry of each edge."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    nested, inner = shapely.get_parts(parts, return_index=True)  # Nested collections.
    owner = owner[inner]
    kinds = shapely.get_type_id(nested)
    areas, lines = kinds == shapely.GeometryType.POLYGON, np.isin(kinds, (1, 2))
    rings, ring_owner = shapely.get_rings(nested[areas], return_index=True)
    strings = np.concatenate([rings, nested[lines]])
    string_owner = np.concatenate([owner[areas][ring_owner], owner[lines]])
    points, string = shapely.get_coordinates(strings, return_index=True)
    within = string[1:] == string[:-1]
    return points[:-1][within], points[1:][within], string_owner[string[:-1][within]]


def _bend(starts: _Points, ends: _Points, source: CRS, target: CRS) -> NDArray[np.float64]:
    """Distance of the true midpoint of each edge from the chord between its ends."""
    first, last, middle = np.split(
        _transform(np.concatenate([starts, ends, (starts + ends) / 2]), source, target), 3
    )
    along, away = last - first, middle - first
    length = np.hypot(*along.T)
    cross = np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0])
    bend: NDArray[np.float64] = np.divide(cross, length, out=np.hypot(*away.T), where=length > 0)
    return bend


def _unwrap(geometry: BaseGeometry, target: CRS) -> BaseGeometry:
    """Let x run on beyond the antimeridian where a line jumps from one side of the world."""
    world = full_turn(target)
    if world is None or geometry.is_empty:
        return geometry
    left, _, right, _ = geometry.bounds
    if right - left <= world / 2:
        return geometry
    starts, ends, _ = _edges(np.array([geometry], dtype=object))
    if not (np.abs(ends[:, 0] - starts[:, 0]) > world / 2).any():
        return geometry
    moved: BaseGeometry = _with_heights(
        np.array([geometry], dtype=object),
        lambda points: np.column_stack([points[:, 0] % world, points[:, 1]]),
    )[0]
    left, bottom, right, top = moved.bounds
    if right - left <= world / 2:
        return moved
    # Around a pole: everything on its side.
    pole = world / 4
    if top + bottom >= 0:
        return shapely.box(-world / 2, bottom, world / 2, max(pole, top))
    return shapely.box(-world / 2, min(-pole, bottom), world / 2, top)
