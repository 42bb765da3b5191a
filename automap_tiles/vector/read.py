"""Features of a file on the box of a tile.

What one tile gets must not depend on how the area is cut, so features are brought into the
tile's CRS as a whole and clipped there. Small files are read once per process and kept in a
search tree; large ones are asked for the tile's part each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import shapely
from fiona.errors import FionaError
from numpy.typing import NDArray
from rasterio.crs import CRS
from shapely.geometry.base import BaseGeometry

from automap_tiles.errors import GridError, InputError
from automap_tiles.grid import Bounds
from automap_tiles.vector.geometry import (
    Feature,
    as_feature,
    clip_to_box,
    matching_parts,
    repaired,
    to_shape,
    union_geometry,
)
from automap_tiles.vector.reproject import reproject_bounds, reproject_geometries

# A virtual file of OGR could read other files of the machine and open connections, whatever its
# name, so the drivers are listed. None of these follows references.
DRIVERS = (
    "GeoJSON",
    "GeoJSONSeq",
    "TopoJSON",
    "GPKG",
    "ESRI Shapefile",
    "FlatGeobuf",
    "OpenFileGDB",
)

# Files up to this size are read once and kept.
_KEEP_BYTES = 16 * 2**20

_Stamp = tuple[int, int]
_Row = tuple[BaseGeometry, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class VectorInfo:
    """What is known of a vector file without its features."""

    crs: CRS
    bounds: Bounds | None
    """In its CRS; None when there are no features."""
    geometry: str
    """Type, as fiona names it."""
    properties: dict[str, str]
    """Type of each property, as fiona names them."""
    count: int = 0
    """Of all features, those without a geometry among them."""


@dataclass(frozen=True)
class _Table:
    """Features in one CRS."""

    geometries: NDArray[np.object_]
    properties: list[dict[str, Any]]
    tree: shapely.STRtree

    def within(self, bounds: Bounds) -> Iterator[_Row]:
        """Those whose box touches a box, in the order of the file."""
        for number in np.sort(self.tree.query(shapely.box(*bounds))):
            yield self.geometries[number], self.properties[number]


def describe(path: str) -> VectorInfo:
    """Open a vector file and describe it; raises `InputError`."""
    return _inspect(path, _stamp_of(path))


def read_features(
    path: str,
    bounds: Bounds | None,
    crs: CRS,
    *,
    clip: bool = True,
    validity_check: bool = True,
) -> list[Feature]:
    """Features of a file on a box, in its CRS and clipped to it.

    `bounds` None gives all features; without `clip` they come whole, those whose box touches
    `bounds`. With `validity_check` geometries are valid, else
    they are as they come. Raises `InputError` when the file cannot be read.
    """
    stamp = _stamp_of(path)
    found: Iterable[_Row]
    if stamp is None or stamp[1] > _KEEP_BYTES:
        found = _query(path, bounds, crs)
    elif bounds is None:
        table = _table(path, stamp, crs)
        found = zip(table.geometries, table.properties, strict=True)
    else:
        found = _table(path, stamp, crs).within(bounds)
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
def _table(path: str, _stamp: _Stamp, crs: CRS) -> _Table:
    """The whole file; the stamp makes a changed file another one."""
    rows = _query(path, None, crs)
    geometries = np.empty(len(rows), dtype=object)
    geometries[:] = [geometry for geometry, _ in rows]
    return _Table(geometries, [properties for _, properties in rows], shapely.STRtree(geometries))


@lru_cache(maxsize=64)
def _inspect(path: str, _stamp: _Stamp | None) -> VectorInfo:
    with _open(path) as source:
        return VectorInfo(
            crs=_crs(source, path),
            bounds=Bounds(*source.bounds) if len(source) else None,
            geometry=str(source.schema["geometry"]),
            properties=dict(source.schema["properties"]),
            count=max(0, len(source)),
        )


def _query(path: str, bounds: Bounds | None, crs: CRS) -> list[_Row]:
    """Features, whole and in the CRS, of the part of a file around a box."""
    with _open(path) as source:
        own = _crs(source, path)
        try:
            box = None if bounds is None else _wider(reproject_bounds(bounds, crs, own))
            rows = [row for row in source.filter(bbox=box) if row.geometry is not None]
            shapes = [repaired(to_shape(row.geometry.__geo_interface__)) for row in rows]
            moved = reproject_geometries(shapes, own, crs)
        except (FionaError, GridError, ValueError) as error:
            raise InputError(f"cannot be read: {error}", path) from error
    return [(shape, dict(row.properties)) for shape, row in zip(moved, rows, strict=True)]


def _wider(bounds: Bounds) -> Bounds:
    """A little more, because the edges were followed at points only."""
    dx, dy = bounds.width / 100, bounds.height / 100
    left, bottom, right, top = bounds
    return Bounds(left - dx, bottom - dy, right + dx, top + dy)


def _open(path: str) -> Any:
    try:
        return fiona.open(path, enabled_drivers=list(DRIVERS))
    except (FionaError, OSError, ValueError) as error:
        if "://" not in path and not path.startswith("/vsi") and not Path(path).exists():
            raise InputError("does not exist", path) from error
        raise InputError(
            f"is no vector file of a known kind ({', '.join(DRIVERS)}): {error}", path
        ) from error


def _crs(source: Any, path: str) -> CRS:
    if not source.crs_wkt:
        raise InputError("has no CRS", path)
    return CRS.from_wkt(source.crs_wkt)


def _stamp_of(path: str) -> _Stamp | None:
    """Time and size of a local file; None for what is not a plain local file."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    return status.st_mtime_ns, status.st_size
