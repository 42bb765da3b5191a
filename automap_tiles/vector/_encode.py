"""Features as the bytes of a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rasterio.crs import CRS

from automap_tiles.errors import InputError, OutputError
from automap_tiles.vector import _geojson
from automap_tiles.vector._geometry import Feature, family, plain_geometry
from automap_tiles.vector._ogr import fiona, ogr_errors

EXTENSIONS = {"GeoJSON": "geojson", "FlatGeobuf": "fgb"}


def encode_features(
    features: Sequence[Mapping[str, Any]], *, driver: str, schema: Mapping[str, Any], crs: CRS
) -> bytes:
    """The bytes of a GeoJSON or FlatGeobuf file; raises `OutputError`.

    The schema is fiona's: `{geometry: Polygon, properties: {name: str}}`.
    """
    try:
        if driver == "GeoJSON":
            _check(features, schema)
            return _geojson.dumps(features, crs)
        with fiona().io.MemoryFile(ext=EXTENSIONS.get(driver, driver.lower())) as memory:
            with memory.open(
                driver=driver, schema=dict(schema), crs_wkt=crs.to_wkt(), layer="tile"
            ) as collection:
                collection.writerecords(_with_times(features, schema["properties"]))
            return bytes(memory.getbuffer())
    except ogr_errors(ValueError, TypeError, KeyError, OverflowError) as error:
        raise OutputError(f"features cannot be stored as {driver}: {error}") from error


_TIMES: Mapping[str, Callable[[str], dt.date | dt.time]] = {
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
}


def _with_times(
    features: Sequence[Mapping[str, Any]], types: Mapping[str, str]
) -> Sequence[Mapping[str, Any]]:
    """Texts of dates and times as such; raises `ValueError` for those that are none.

    fiona 1.10 takes the texts of all columns behind one of time for times as well, where that is
    given as a text: it refuses them, or writes those that look like one in another form.
    """
    parsers = {name: _TIMES[kind] for name, kind in types.items() if kind in _TIMES}
    if not parsers:
        return features
    return [
        {
            **feature,
            "properties": {
                name: parsers[name](value.replace("/", "-"))
                if name in parsers and isinstance(value, str)
                else value
                for name, value in feature["properties"].items()
            },
        }
        for feature in features
    ]


def _check(features: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> None:
    """Raise `ValueError` for features that do not fit the schema, as fiona does."""
    types = schema["properties"]
    for kind in types.values():
        fiona().schema.normalize_field_type(kind.partition(":")[0])
    wanted = family(schema["geometry"])
    for feature in features:
        if set(feature["properties"]) != set(types):
            raise ValueError(f"properties {sorted(feature['properties'])}, not {sorted(types)}")
        kind = feature["geometry"]["type"]
        if wanted not in ("Any", family(kind)):
            raise ValueError(f"a {kind} among features of type {schema['geometry']}")


def decode_features(data: bytes, *, driver: str) -> list[Feature]:
    """The features of a file's bytes; raises `InputError`."""
    if driver == "GeoJSON":
        return _geojson.loads(data)
    try:
        with (
            fiona().io.MemoryFile(data, ext=EXTENSIONS.get(driver, driver.lower())) as memory,
            fiona().open(memory.name, enabled_drivers=[driver]) as collection,
        ):
            records = list(collection)
            if len(collection) != len(records):  # The driver stops without an error.
                raise InputError(
                    f"is a broken {driver} file: {len(records)} of {len(collection)} features"
                )
    except ogr_errors(ValueError) as error:
        raise InputError(f"is not a {driver} file: {error}") from error
    return [
        {
            "type": "Feature",
            "geometry": plain_geometry(feature.geometry),
            "properties": dict(feature.properties),
        }
        for feature in records
        if feature.geometry is not None
    ]
