"""Geometries and features in one CRS: clip, filter by type, union."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import shapely
from shapely import GeometryCollection, MultiLineString, MultiPoint, MultiPolygon
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid import Bounds

Feature = dict[str, Any]

# Family of each geometry type: clipping may turn a polygon into a multipolygon.
_FAMILY = {
    "Point": "Point",
    "MultiPoint": "Point",
    "LineString": "Line",
    "LinearRing": "Line",
    "MultiLineString": "Line",
    "Polygon": "Polygon",
    "MultiPolygon": "Polygon",
}

_SHOWN = 120
"""Characters of a damaged geometry that are told."""

# How fiona names types with heights.
_3D = "3D "

_MULTI = {
    "MultiPoint": MultiPoint,
    "MultiLineString": MultiLineString,
    "MultiPolygon": MultiPolygon,
}


def to_shape(geometry: BaseGeometry | Mapping[str, Any]) -> BaseGeometry:
    """A shapely geometry from a shapely geometry, GeoJSON-like geometry or feature."""
    if isinstance(geometry, BaseGeometry):
        return geometry
    if geometry.get("type") == "Feature" or "geometry" in geometry:
        return to_shape(geometry["geometry"])
    if geometry["type"] == "MultiPoint" and geometry["coordinates"]:
        # shapely would create an object per point first, which takes twenty times as long.
        return shapely.multipoints(np.array(geometry["coordinates"], dtype=np.float64))
    return shape(geometry)


def shapes_of(geometries: Iterable[Mapping[str, Any]]) -> list[BaseGeometry]:
    """Geometries of a file, made valid; those whose points are all NaN are empty, as GPKG has it.

    Raises `ValueError` for what is no geometry, and for corners without a place.
    """
    with np.errstate(invalid="ignore"):  # of NaN, which is looked for below
        found = [_shape_of(geometry) for geometry in geometries]
    if not np.isfinite(shapely.get_coordinates(found)).all():
        found = [_placed(geometry) for geometry in found]
    return [repaired(geometry) for geometry in found]


def _shape_of(geometry: Mapping[str, Any]) -> BaseGeometry:
    try:
        return to_shape(geometry)
    except (
        *(ShapelyError, AttributeError, IndexError, KeyError),
        *(OverflowError, TypeError, ValueError),
    ) as error:
        raise ValueError(f"a geometry is damaged: {str(geometry)[:_SHOWN]}") from error


def _placed(geometry: BaseGeometry) -> BaseGeometry:
    places = shapely.get_coordinates(geometry)
    if np.isfinite(places).all():
        return geometry
    if np.isnan(places).all():
        return type(geometry)()
    raise ValueError(f"a {geometry.geom_type} has a corner whose place is NaN or infinite")


def to_mapping(geometry: BaseGeometry) -> dict[str, Any]:
    """A geometry as a GeoJSON mapping."""
    if geometry.geom_type == "MultiPoint":
        points = shapely.get_coordinates(geometry, include_z=geometry.has_z).tolist()
        return {"type": "MultiPoint", "coordinates": tuple(map(tuple, points))}
    found: dict[str, Any] = mapping(geometry)
    return found


def plain_geometry(geometry: Any) -> dict[str, Any]:
    """A fiona geometry as a GeoJSON mapping, including parts of collections."""
    found: dict[str, Any] = dict(geometry.__geo_interface__)
    if found.get("geometries") is not None:
        found["geometries"] = [plain_geometry(part) for part in found["geometries"]]
    return found


def repaired(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry, made valid if necessary."""
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def family(kind: str) -> str:
    """Point, Line or Polygon of a geometry type; `Any` for collections and unknown ones."""
    return _FAMILY.get(kind.removeprefix(_3D), "Any")


def matching_parts(geometry: BaseGeometry, kind: str) -> Iterator[BaseGeometry]:
    """The non-empty parts of a geometry in the family of a type; collections are split.

    Clipping may reduce a polygon to a line or a point; those are not in its family.
    """
    if geometry.is_empty:
        return
    wanted = family(kind)
    if wanted == "Any" or family(geometry.geom_type) == wanted:
        yield geometry
    elif geometry.geom_type == "GeometryCollection":
        for part in geometry.geoms:
            yield from matching_parts(part, kind)


def fitting_parts(geometry: BaseGeometry, kind: str) -> Iterator[BaseGeometry]:
    """The parts of a geometry as exactly the type that a file's schema requires.

    Multi-part geometries are split for a single type, single ones are wrapped for a multi-part type
    or a collection; `Geometry`, `Unknown` and the like accept everything. For a type with heights
    (`3D Point`) missing heights become 0.
    """
    flat = kind.removeprefix(_3D)
    for part in matching_parts(geometry, flat):
        for fitting in _as_type(part, flat):
            yield fitting if flat == kind or fitting.has_z else shapely.force_3d(fitting)


def _as_type(part: BaseGeometry, kind: str) -> Iterator[BaseGeometry]:
    if kind == "GeometryCollection" and part.geom_type != kind:
        yield GeometryCollection([part])
    elif family(kind) == "Any" or part.geom_type == kind:
        yield part
    elif kind.startswith("Multi"):
        yield _MULTI[kind]([part])
    else:
        yield from part.geoms


def clip_to_box(geometry: BaseGeometry, bounds: Bounds) -> BaseGeometry:
    """The part of a valid geometry inside a box."""
    left, bottom, right, top = geometry.bounds
    if (
        left >= bounds.left
        and bottom >= bounds.bottom
        and right <= bounds.right
        and top <= bounds.top
    ):
        return geometry
    return geometry.intersection(shapely.box(*bounds))


def clip_features(
    features: Iterable[Mapping[str, Any]], bounds: Bounds, kind: str | None = None
) -> list[Feature]:
    """Features clipped to a box, as GeoJSON-like dicts; one may become several, or none.

    Only parts of the given geometry type are kept, or else of the type each feature had.
    """
    cut = []
    for feature in features:
        geometry = repaired(to_shape(feature["geometry"]))
        inside = clip_to_box(geometry, bounds)
        cut += [
            as_feature(part, feature.get("properties") or {})
            for part in matching_parts(inside, kind or geometry.geom_type)
        ]
    return cut


def as_feature(geometry: BaseGeometry, properties: Mapping[str, Any]) -> Feature:
    """A feature as a GeoJSON-like dict."""
    return {"type": "Feature", "geometry": to_mapping(geometry), "properties": dict(properties)}


def union_geometry(geometries: Iterable[BaseGeometry | Mapping[str, Any]]) -> BaseGeometry:
    """The union of all geometries, valid; empty when there are none."""
    return shapely.union_all([repaired(to_shape(geometry)) for geometry in geometries])
