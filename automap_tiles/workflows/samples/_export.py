"""Write a table of samples to a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.errors import ConfigError

_DRIVERS = {".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


def check_name(path: Path) -> None:
    """Validate the suffix of a name; raises `ConfigError`."""
    if path.suffix.lower() not in (".csv", *_DRIVERS):
        raise ConfigError(
            "is neither CSV nor GeoJSON nor FlatGeobuf",
            path,
            key="--out",
            remedy="a name ending in .csv, .geojson or .fgb",
        )


def write_table(table: SampleTable, path: Path) -> None:
    """Write one row or point per sample: class, group and features.

    A CSV has X and Y in the CRS of the raster; GeoJSON and FlatGeobuf contain the CRS.
    """
    from automap_tiles.storage import open_storage

    check_name(path)
    driver = _DRIVERS.get(path.suffix.lower())
    content = _csv(table) if driver is None else _features(table, driver)
    open_storage(str(path.absolute().parent)).put(path.name, content)


def _csv(table: SampleTable) -> bytes:
    lines = [",".join(["X", "Y", "class", "group", *table.features])]
    columns = (table.x.tolist(), table.y.tolist(), table.classes.tolist(), table.groups.tolist())
    for (x, y, value, group), row in zip(zip(*columns, strict=True), table.values, strict=True):
        # the shortest text that gives the same float32 again
        values = [np.format_float_positional(each, trim="-") for each in row]
        lines.append(",".join([repr(x), repr(y), str(value), str(group), *values]))
    return ("\n".join(lines) + "\n").encode()


def _features(table: SampleTable, driver: str) -> bytes:
    from rasterio.crs import CRS

    from automap_tiles import vector

    columns = (table.x.tolist(), table.y.tolist(), table.classes.tolist(), table.groups.tolist())
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": (x, y)},
            "properties": {
                "class": value,
                "group": group,
                **dict(zip(table.features, row, strict=True)),
            },
        }
        for (x, y, value, group), row in zip(
            zip(*columns, strict=True), table.values.tolist(), strict=True
        )
    ]
    properties = {"class": "int", "group": "int", **dict.fromkeys(table.features, "float")}
    schema = {"geometry": "Point", "properties": properties}
    crs = CRS.from_user_input(table.crs)
    return vector.encode_features(features, driver=driver, schema=schema, crs=crs)
