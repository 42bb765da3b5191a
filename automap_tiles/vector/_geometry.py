"""Geometries and features in one CRS: cut, sort by kind, unite."""

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

# Kinds that a geometry may have beside its own: a polygon may become several by a cut.
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
    """A shapely geometry from one, from a GeoJSON-like geometry or from a feature."""
    if isinstance(geometry, BaseGeometry):
        return geometry
    if geometry.get("type") == "Feature" or "geometry" in geometry:
        return to_shape(geometry["geometry"])
    if geometry["type"] == "MultiPoint" and geometry["coordinates"]:
        # shapely makes an object of each point first, which takes twenty times as long
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
    """A geometry as GeoJSON has it."""
    if geometry.geom_type == "MultiPoint":
        points = shapely.get_coordinates(geometry, include_z=geometry.has_z).tolist()
        return {"type": "MultiPoint", "coordinates": tuple(map(tuple, points))}
    found: dict[str, Any] = mapping(geometry)
    return found


def plain_geometry(geometry: Any) -> dict[str, Any]:
    """A geometry of fiona as GeoJSON has it, parts of collections too."""
    found: dict[str, Any] = dict(geometry.__geo_interface__)
    if found.get("geometries") is not None:
        found["geometries"] = [plain_geometry(part) for part in found["geometries"]]
    return found


def repaired(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry, made valid where it is not."""
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def family(kind: str) -> str:
    """Point, Line or Polygon of a geometry type; `Any` for collections and unknown ones."""
    return _FAMILY.get(kind.removeprefix(_3D), "Any")


def matching_parts(geometry: BaseGeometry, kind: str) -> Iterator[BaseGeometry]:
    """The parts of a geometry of the family of a type, not empty; a collection is taken apart.

    A cut may leave a line or a point of a polygon; those are not of its family.
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
    """The parts of a geometry as exactly the type that a file's schema asks for.

    A multi-part geometry is taken apart for a single type, a single one is wrapped for a
    multi-part type or a collection; for `Geometry`, `Unknown` and the like everything fits. For a
    type with heights (`3D Point`) what has none lies at 0.
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
    """Features cut to a box, as GeoJSON-like dicts; one may become several, or none.

    Parts are kept that are of the given geometry type, or else of the type each feature had.
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
    """A GeoJSON-like dict."""
    return {"type": "Feature", "geometry": to_mapping(geometry), "properties": dict(properties)}


def union_geometry(geometries: Iterable[BaseGeometry | Mapping[str, Any]]) -> BaseGeometry:
    """All of them as one valid geometry; empty when there are none."""
    return shapely.union_all([repaired(to_shape(geometry)) for geometry in geometries])
