"""The area of a process: area and bounds of the file and of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rasterio.crs import CRS
from rasterio.errors import CRSError

from automap_tiles.errors import AutomapError, ConfigError
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.grid.cover import clip_to_pyramid

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_SIDES = ("left", "bottom", "right", "top")
_WKT = ("POLYGON", "MULTIPOLYGON", "GEOMETRYCOLLECTION", "POINT", "LINESTRING", "MULTI", "SRID=")


def bounds_area(value: Any, crs: Any, pyramid: Pyramid, prefix: str = "") -> BaseGeometry:
    """Bounds as an outline in the CRS of the pyramid.

    `crs` None stands for that of the pyramid. Raises `ConfigError` with `prefix` + bounds as key.
    """
    bounds = parse_bounds(value, f"{prefix}bounds")
    source = pyramid.crs if crs is None else parse_crs(crs, _key(prefix, "bounds_crs"))
    return _on_pyramid(bounds.polygon(), source, pyramid, f"{prefix}bounds")


def geometry_area(
    value: Any, crs: Any, pyramid: Pyramid, folder: Path, prefix: str = ""
) -> BaseGeometry:
    """An area as an outline in the CRS of the pyramid.

    It may be a vector file (which brings its own CRS), WKT, a GeoJSON-like geometry, feature or
    collection, or a shapely geometry; for those `crs` None stands for that of the pyramid.
    Raises `ConfigError` with `prefix` + area as key.
    """
    from shapely import make_valid

    key = f"{prefix}area"
    source = pyramid.crs if crs is None else parse_crs(crs, _key(prefix, "area_crs"))
    if isinstance(value, Mapping) and "path" in value and "type" not in value:
        value = value["path"]
    if isinstance(value, str | Path) and not _is_wkt(str(value)):
        geometry, source = _from_file(str(value), folder, pyramid.crs, key), pyramid.crs
    else:
        geometry = _parse(value, key)
    if geometry.is_empty or make_valid(geometry).area == 0:
        raise ConfigError(
            "has no extent", key=key, found=_short(value), remedy="a polygon or several"
        )
    return _on_pyramid(geometry, source, pyramid, key)


def _key(prefix: str, name: str) -> str:
    """As written in the file, or as the option of the command line."""
    return f"{prefix}{name.replace('_', '-')}" if prefix else name


def common(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """What two outlines share; where they only touch, that is nothing.

    Points and lines, as the extent of some vector files is, are kept where they lie inside.
    """
    from shapely import GeometryType, get_parts, get_type_id, union_all

    shared = one.intersection(other)
    if one.area == 0 or other.area == 0:
        return shared
    parts = get_parts(shared)
    if shared.geom_type == "GeometryCollection":
        parts = get_parts(parts)
    return union_all(parts[get_type_id(parts) == GeometryType.POLYGON])


def parse_bounds(value: Any, key: str) -> Bounds:
    """A box from four numbers or from a mapping of its sides; raises `ConfigError`."""
    if isinstance(value, Mapping) and set(value) == set(_SIDES):
        value = [value[side] for side in _SIDES]
    is_four = isinstance(value, list | tuple) and len(value) == 4
    if not is_four or not all(_is_number(item) for item in value):
        raise ConfigError(
            "bounds are four numbers", key=key, found=value, remedy="[left, bottom, right, top]"
        )
    bounds = Bounds(*(float(item) for item in value))
    if bounds.width <= 0 or bounds.height <= 0:
        raise ConfigError(
            "left must be less than right and bottom less than top",
            key=key,
            found=list(value),
            remedy="[left, bottom, right, top]; over the antimeridian right is beyond 180",
        )
    return bounds


def parse_crs(value: Any, key: str) -> CRS:
    """A CRS from what rasterio understands, an EPSG number or `{epsg | wkt | proj: …}`.

    Raises `ConfigError`.
    """
    if isinstance(value, Mapping):
        value = next((value[each] for each in ("epsg", "wkt", "proj") if each in value), value)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    try:
        return CRS.from_user_input(value)
    except (CRSError, TypeError, ValueError) as error:
        raise ConfigError(
            "this is not a valid CRS", key=key, found=value, remedy="EPSG:3857 for instance"
        ) from error


def _from_file(path: str, folder: Path, crs: CRS, key: str) -> BaseGeometry:
    from automap_tiles.storage import is_remote
    from automap_tiles.vector import read_geometry

    place = path if is_remote(path) or path.startswith("/vsi") else str(Path(folder, path))
    try:
        return read_geometry(place, crs)
    except AutomapError as error:
        raise ConfigError(
            str(error), key=key, found=path, remedy="a vector file, WKT or a GeoJSON geometry"
        ) from error


def _parse(value: Any, key: str) -> BaseGeometry:
    from shapely import from_wkt, union_all
    from shapely.errors import ShapelyError
    from shapely.geometry import shape
    from shapely.geometry.base import BaseGeometry

    if isinstance(value, BaseGeometry):
        return value
    try:
        if isinstance(value, str):
            return from_wkt(value)
        if isinstance(value, Mapping) and value.get("type") == "FeatureCollection":
            return union_all([shape(feature["geometry"]) for feature in value["features"]])
        return shape(value)  # of a feature its geometry
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"this is not a geometry: {error}",
            key=key,
            found=_short(value),
            remedy="a vector file, WKT or a GeoJSON geometry",
        ) from error


def _on_pyramid(geometry: BaseGeometry, source: CRS, pyramid: Pyramid, key: str) -> BaseGeometry:
    if source != pyramid.crs:
        from automap_tiles.vector import reproject_geometry

        try:
            geometry = reproject_geometry(geometry, source, pyramid.crs)
        except AutomapError as error:
            raise ConfigError(str(error), key=key) from error
    return clip_to_pyramid(pyramid, geometry)


def _is_wkt(text: str) -> bool:
    return (text.lstrip().upper().startswith(_WKT) and "(" in text) or text.endswith("EMPTY")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
