"""Features as the bytes of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiona
from fiona.errors import FionaError
from fiona.io import MemoryFile
from rasterio.crs import CRS

from automap_tiles.errors import InputError, OutputError
from automap_tiles.vector.geometry import Feature

EXTENSIONS = {"GeoJSON": "geojson", "FlatGeobuf": "fgb"}


def encode_features(
    features: Sequence[Mapping[str, Any]], *, driver: str, schema: Mapping[str, Any], crs: CRS
) -> bytes:
    """The bytes of a GeoJSON or FlatGeobuf file; raises `OutputError`.

    The schema is fiona's: `{geometry: Polygon, properties: {name: str}}`.
    """
    try:
        with MemoryFile(ext=EXTENSIONS[driver]) as memory:
            with memory.open(
                driver=driver, schema=dict(schema), crs_wkt=crs.to_wkt(), layer="tile"
            ) as collection:
                collection.writerecords(features)
            return bytes(memory.getbuffer())
    except (FionaError, ValueError, TypeError, KeyError) as error:
        raise OutputError(f"features cannot be stored as {driver}: {error}") from error


def decode_features(data: bytes, *, driver: str) -> list[Feature]:
    """The features of a file's bytes; raises `InputError`."""
    try:
        with (
            MemoryFile(data, ext=EXTENSIONS[driver]) as memory,
            fiona.open(memory.name, enabled_drivers=[driver]) as collection,
        ):
            records = list(collection)
            if len(collection) != len(records):  # the driver stops in silence
                raise InputError(
                    f"is a broken {driver} file: {len(records)} of {len(collection)} features"
                )
    except (FionaError, ValueError) as error:
        raise InputError(f"is no {driver} file: {error}") from error
    return [
        {
            "type": "Feature",
            "geometry": feature.geometry.__geo_interface__,
            "properties": dict(feature.properties),
        }
        for feature in records
        if feature.geometry is not None
    ]
