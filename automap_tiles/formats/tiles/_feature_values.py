"""Schemas of feature tiles, and conversion of values to their types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.errors import ShapelyError

from automap_tiles import vector
from automap_tiles.errors import ProcessResultError
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.tiles._codec import FeatureCodec
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Geometry types in schemas, including mapchete's names, and OGR's equivalents.
_GEOMETRIES = {
    "Geometry": "Unknown",
    "Unknown": "Unknown",
    "Point": "Point",
    "MultiPoint": "MultiPoint",
    "Line": "LineString",
    "LineString": "LineString",
    "MultiLine": "MultiLineString",
    "MultiLineString": "MultiLineString",
    "Polygon": "Polygon",
    "MultiPolygon": "MultiPolygon",
    "GeometryCollection": "GeometryCollection",
}
# fiona's prefix of 3D geometry types.
WITH_HEIGHTS = "3D "


def read_schema(
    spec: OutputSpec, options: Options, codec: FeatureCodec
) -> tuple[str, dict[str, str]]:
    """Geometry type and types of the properties; raises `ConfigError`."""
    schema = options.mapping("schema")
    remedy = "schema: {geometry: Polygon, properties: {name: str}}"
    geometry, properties = str(schema.get("geometry")), schema.get("properties")
    flat = geometry.removeprefix(WITH_HEIGHTS)
    if flat not in _GEOMETRIES:
        raise spec.error(
            f"must be one of {', '.join(_GEOMETRIES)}",
            key="schema.geometry",
            found=schema.get("geometry"),
            remedy=remedy,
        )
    if not isinstance(properties, Mapping):
        raise spec.error(
            "must be a mapping", key="schema.properties", found=properties, remedy=remedy
        )
    name = _GEOMETRIES[flat]
    with_heights = flat != geometry and name != "Unknown"
    types = {str(name): str(kind) for name, kind in properties.items()}
    return f"{WITH_HEIGHTS}{name}" if with_heights else name, _held(spec.format, types, codec)


def _held(name: str, types: Mapping[str, str], codec: FeatureCodec) -> dict[str, str]:
    """Types that a format supports for the properties.

    A note is issued for those stored as text.
    """
    held = dict(types)
    for wanted, becomes in codec.becomes_text.items():
        changed = [each for each, kind in types.items() if kind.partition(":")[0] == wanted]
        held |= dict.fromkeys(changed, "str")
        if changed:
            tell(
                Note.of(
                    changed,
                    fate=Fate.REPLACED,
                    subject=Subject.ATTRIBUTES,
                    reason=f"{name} has no {wanted}; it is stored as {becomes}",
                )
            )
    return held


def fitting(name: str, value: Any, kind: str) -> Any:
    """A property value converted to the schema's type; None, with a note, if it does not fit."""
    if isinstance(value, np.generic):
        value = value.item()
    kind = kind.partition(":")[0]
    if value is None:
        return None
    if kind == "str":
        return _text(value)
    if kind == "float" or kind.startswith("float"):
        fits = isinstance(value, int | float)
        value = float(value) if fits else value
    elif kind.startswith("int"):
        fits = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        value = int(value) if fits else value
    elif kind == "bool":
        fits = isinstance(value, bool) or value in (0, 1)
        value = bool(value) if fits else value
    else:
        fits = True
    if fits:
        return value
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.ATTRIBUTES,
            examples=(f"{name}: {value!r:.40}",),
            reason=f"values that are not {kind} in a column that the schema declares as {kind}",
            remedy="output.schema.properties",
        )
    )
    return None


def _text(value: Any) -> str:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return vector.as_text(value) if isinstance(value, list | tuple | Mapping) else str(value)


def valid_geometry(number: int, geometry: Any) -> BaseGeometry:
    try:
        return vector.repaired(vector.to_shape(geometry))
    except (ShapelyError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise ProcessResultError(f"feature {number} has no geometry: {error}") from error
