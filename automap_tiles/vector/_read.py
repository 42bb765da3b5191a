"""Features of a file within the box of a tile.

What one tile gets must not depend on how the area is tiled, so features are reprojected to the
tile's CRS as a whole and clipped there. Small files are read once per process and kept in a spatial
index; large ones are queried for each tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from shapely.geometry.base import BaseGeometry

from automap_tiles.errors import GridError, InputError
from automap_tiles.grid import Bounds
from automap_tiles.vector import _geojson
from automap_tiles.vector._geometry import (
    Feature,
    as_feature,
    clip_to_box,
    matching_parts,
    plain_geometry,
    repaired,
    shapes_of,
    union_geometry,
)
from automap_tiles.vector._ogr import ogr_errors
from automap_tiles.vector._reproject import reproject_bounds, reproject_geometries, shift
from automap_tiles.vector._source import (
    Stamp,
    bounds_of,
    crs_of,
    open_source,
    report_ignored_layers,
    report_lost_columns,
    skipped_columns,
    stamp_of,
)

# Files up to this size (bytes) are read once and kept.
_KEEP_BYTES = 16 * 2**20

_TURNS = 10
"""Widths of the world beside it; what is farther away is no longitude that somebody counted on."""

_Row = tuple[BaseGeometry, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class VectorInfo:
    """Metadata of a vector file."""

    crs: CRS
    bounds: Bounds | None
    """In the CRS of the file; None when there are no features."""
    geometry: str
    """Geometry type, as named by fiona."""
    driver: str
    """GDAL driver that reads the file."""
    properties: dict[str, str]
    """Type of each property, as named by fiona."""
    count: int = 0
    """Number of features, including those without a geometry."""


@dataclass(frozen=True)
class _Table:
    """Features in one CRS."""

    geometries: NDArray[np.object_]
    properties: list[dict[str, Any]]
    tree: shapely.STRtree

    def within(self, bounds: Bounds) -> Iterator[_Row]:
        """Features whose box touches the given box, in file order."""
        for number in np.sort(self.tree.query(shapely.box(*bounds))):
            yield self.geometries[number], self.properties[number]


def describe(path: str) -> VectorInfo:
    """Open a vector file and describe it; raises `InputError`."""
    return _inspect(path, stamp_of(path))


def count_unplaced(path: str) -> int:
    """Number of features with a missing or empty geometry; scans the whole file.

    Raises `InputError`.
    """
    with open_source(path) as source:
        if source.driver == "GeoJSON" and _is_kept(stamp_of(path)):
            placed = sum(_has_points(feature["geometry"]) for feature in _features_of(path))
            return len(source) - placed
        try:
            return sum(
                row.geometry is None or not _has_points(plain_geometry(row.geometry))
                for row in source.filter()
            )
        except ogr_errors(ValueError) as error:
            raise InputError(f"cannot be read: {error}", path) from error


def is_small(path: str) -> bool:
    """Whether a file is read once and kept, so that all its features cost little."""
    return _is_kept(stamp_of(path))


def _has_points(geometry: Mapping[str, Any]) -> bool:
    """Whether a GeoJSON-like geometry has any coordinates."""
    if "geometries" in geometry:
        return any(_has_points(part) for part in geometry["geometries"] or ())
    return _holds_number(geometry.get("coordinates"))


def _holds_number(coordinates: Any) -> bool:
    """Whether nested lists contain a number; the first non-empty list decides."""
    if isinstance(coordinates, list | tuple):
        return any(_holds_number(part) for part in coordinates)
    return coordinates is not None and coordinates == coordinates  # noqa: PLR0124 - NaN is not


def read_features(
    path: str,
    bounds: Bounds | None,
    crs: CRS,
    *,
    clip: bool = True,
    validity_check: bool = True,
    world: Bounds | None = None,
) -> list[Feature]:
    """Features of a file within a box, in the CRS of the box and clipped to it.

    `bounds` None gives all features; without `clip` features whose box touches `bounds` are
    returned whole. With `validity_check` geometries are made valid, else they are returned as
    stored. `world` is the box of a grid that spans the globe: geometries crossing its left or right
    edge are wrapped around. Raises `InputError` when the file cannot be read.
    """
    stamp = stamp_of(path)
    found: Iterable[_Row]
    if stamp is None or not _is_kept(stamp):
        found = _query(path, bounds, crs, world)
    elif bounds is None:
        table = _table(path, stamp, crs, world)
        found = zip(table.geometries, table.properties, strict=True)
    else:
        found = _table(path, stamp, crs, world).within(bounds)
    return [
        as_feature(part, properties)
        for geometry, properties in found
        for part in _clipped(geometry, bounds if clip else None, validity_check)
    ]


def read_geometry(path: str, crs: CRS) -> BaseGeometry:
    """All features of a file as one geometry in a CRS; raises `InputError`."""
    return union_geometry(read_features(path, None, crs))


def _clipped(
    geometry: BaseGeometry, bounds: Bounds | None, validity_check: bool
) -> Iterator[BaseGeometry]:
    inside = geometry if bounds is None else clip_to_box(geometry, bounds)
    for part in matching_parts(inside, geometry.geom_type):
        yield repaired(part) if validity_check else part


@lru_cache(maxsize=8)
def _table(path: str, _stamp: Stamp, crs: CRS, world: Bounds | None) -> _Table:
    """All features of a file; the stamp is part of the cache key, so a changed file is reread."""
    rows = _query(path, None, crs, world)
    geometries = np.empty(len(rows), dtype=object)
    geometries[:] = [geometry for geometry, _ in rows]
    return _Table(geometries, [properties for _, properties in rows], shapely.STRtree(geometries))


@lru_cache(maxsize=64)
def _inspect(path: str, stamp: Stamp | None) -> VectorInfo:
    with skipped_columns() as skipped, open_source(path) as source:
        report_ignored_layers(path, source)
        properties = dict(source.schema["properties"])
        if source.driver == "GeoJSON" and _is_kept(stamp):
            properties = _geojson.settle(_features_of(path), properties)
        else:
            report_lost_columns(skipped)
        return VectorInfo(
            crs=crs_of(source, path),
            bounds=bounds_of(source),
            geometry=str(source.schema["geometry"]),
            driver=str(source.driver),
            properties=properties,
            count=max(0, len(source)),
        )


def _query(path: str, bounds: Bounds | None, crs: CRS, world: Bounds | None) -> list[_Row]:
    """Features of a file around a box, unclipped and in the given CRS."""
    with open_source(path) as source:
        own = crs_of(source, path)
        try:
            found = _records(path, source, _boxes(bounds, crs, own, world, source))
            shapes = reproject_geometries(shapes_of(each for each, _ in found), own, crs)
            if world is not None:
                shapes = [_around(shape, world) for shape in shapes]
        except ogr_errors(GridError, ValueError) as error:
            raise InputError(f"cannot be read: {error}", path) from error
    return [(shape, properties) for shape, (_, properties) in zip(shapes, found, strict=True)]


def _boxes(
    bounds: Bounds | None, crs: CRS, own: CRS, world: Bounds | None, source: Any
) -> list[Bounds | None]:
    """Boxes to query in a file, in its CRS; None: everything.

    On a global grid also the boxes shifted by ±360 degrees: files with longitudes from 0 to 360
    have half of the world there.
    """
    if bounds is None:
        return [None]
    boxes: list[Bounds | None] = [_wider(reproject_bounds(bounds, crs, own))]
    extent = None if world is None else bounds_of(source)
    if world is None or extent is None:
        return boxes
    for turn in (world.width, -world.width):
        there = Bounds(bounds.left + turn, bounds.bottom, bounds.right + turn, bounds.top)
        box = reproject_bounds(there, crs, own)
        if box.intersection(extent) is not None and _wider(box) not in boxes:
            boxes.append(_wider(box))
    return boxes


def _records(
    path: str, source: Any, boxes: Sequence[Bounds | None]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Geometry and properties of the features that have a geometry, each once."""
    if source.driver == "GeoJSON" and _is_kept(stamp_of(path)) and boxes == [None]:
        features = _features_of(path)
        _geojson.settle(features, dict(source.schema["properties"]))
        return [(each["geometry"], each["properties"]) for each in features]
    rows: dict[str, Any] = {}
    for box in boxes:
        rows |= {row.id: row for row in source.filter(bbox=box) if row.geometry is not None}
    return [(plain_geometry(row.geometry), dict(row.properties)) for row in rows.values()]


def _features_of(path: str) -> list[Feature]:
    """As above, for a local GeoJSON file."""
    try:
        return _geojson.loads(Path(path).read_bytes())
    except InputError as error:
        raise InputError(error.message, path) from error


def _around(geometry: BaseGeometry, world: Bounds) -> BaseGeometry:
    """A geometry whose parts beyond the left or right edge of the world are wrapped around."""
    if geometry.is_empty:
        return geometry
    left, bottom, right, top = geometry.bounds
    if left >= world.left and right <= world.right:
        return geometry
    if max(world.left - left, right - world.right) > _TURNS * world.width:
        raise ValueError(f"a {geometry.geom_type} lies far outside of the world: {left} to {right}")
    frame = shapely.box(world.left, bottom - 1, world.right, top + 1)
    turns = range(
        math.floor((left - world.left) / world.width), math.ceil((right - world.left) / world.width)
    )
    parts = [
        part
        for turn in turns or (0,)
        for part in matching_parts(
            shift(geometry, -turn * world.width).intersection(frame), geometry.geom_type
        )
    ]
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _wider(bounds: Bounds) -> Bounds:
    """The box, enlarged a little, because its edges were sampled at points only."""
    dx, dy = bounds.width / 100, bounds.height / 100
    left, bottom, right, top = bounds
    return Bounds(left - dx, bottom - dy, right + dx, top + dy)


def _is_kept(stamp: Stamp | None) -> bool:
    """Whether a file is small enough to be kept in memory."""
    return stamp is not None and stamp[1] <= _KEEP_BYTES
