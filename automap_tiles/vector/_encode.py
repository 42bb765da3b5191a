"""Features as the bytes of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
                collection.writerecords(features)
            return bytes(memory.getbuffer())
    except ogr_errors(ValueError, TypeError, KeyError, OverflowError) as error:
        raise OutputError(f"features cannot be stored as {driver}: {error}") from error


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
        raise InputError(f"is no {driver} file: {error}") from error
    return [
        {
            "type": "Feature",
            "geometry": plain_geometry(feature.geometry),
            "properties": dict(feature.properties),
        }
        for feature in records
        if feature.geometry is not None
    ]
