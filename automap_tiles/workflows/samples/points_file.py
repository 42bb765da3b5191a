"""Files of points whose class somebody will look up, and the mark of those that were not drawn.

Points that were chosen because a model is unsure of them make it better. As a reference they would
tell how good it is where it is worst, so they are marked, and `automap assess` refuses them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.workflows.samples._fields import delimiter_of

MARK = "suggested"
"""Field that says why a point was suggested; empty of points that were not."""

_CLASS = "class"
"""Field that somebody fills in."""

_SUFFIXES = (".csv", ".geojson", ".json")
_TABLES = (".csv", ".tsv", ".txt")


def check_points_name(path: Path) -> None:
    """Refuse a name that does not say what to write, and a file with somebody's work in it.

    Raises `ConfigError`.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            "is neither CSV nor GeoJSON",
            path,
            key="--out",
            remedy="a name ending in .csv or .geojson",
        )
    if filled := _count_filled(str(path), _CLASS):
        raise ConfigError(
            "holds points whose class somebody has looked up, which would be lost",
            path,
            key="--out",
            found=f"{filled} with a class",
            remedy="another name, or move the file away",
        )


def write_points_file(
    path: Path,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    more: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write points by longitude and latitude, with an empty field `class` and more of them."""
    from automap_tiles.storage import open_storage

    check_points_name(path)
    make = _csv if path.suffix.lower() == ".csv" else _geojson
    content = make(x.tolist(), y.tolist(), more or {})
    open_storage(str(path.absolute().parent)).put(path.name, content)


def count_suggested(path: str) -> int:
    """How many points of a file are marked as suggested; 0 for a file that cannot be read.

    Whoever reads it for good says what is wrong with it.
    """
    return _count_filled(path, MARK)


def _count_filled(path: str, field: str) -> int:
    """How many points of a file have something in a field."""
    try:
        table = Path(path).suffix.lower() in _TABLES
        found = _cells_of_table(path, field) if table else _cells(path, field)
    except (OSError, UnicodeDecodeError, InputError):
        return 0
    return sum(one is not None and bool(str(one).strip()) for one in found)


def _cells_of_table(path: str, field: str) -> list[object]:
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    if not lines:
        return []
    rows = csv.DictReader(lines, delimiter=delimiter_of(lines[0]))
    name = next((one for one in rows.fieldnames or () if one.strip().lower() == field), None)
    return [] if name is None else [row[name] for row in rows]


def _cells(path: str, field: str) -> list[object]:
    from automap_tiles import vector

    info = vector.describe(path)
    name = next((one for one in info.properties if one.lower() == field), None)
    if name is None:
        return []
    features = vector.read_features(path, None, info.crs, clip=False)
    return [feature["properties"][name] for feature in features]


def _csv(x: Sequence[float], y: Sequence[float], more: Mapping[str, Sequence[str]]) -> bytes:
    lines = [",".join(["id", "X", "Y", "class", *more])]
    columns = zip(*more.values(), strict=True) if more else [()] * len(x)
    for number, (lon, lat, others) in enumerate(zip(x, y, columns, strict=True), start=1):
        lines.append(",".join([str(number), f"{lon:.8f}", f"{lat:.8f}", "", *others]))
    return ("\n".join(lines) + "\n").encode()


def _geojson(x: Sequence[float], y: Sequence[float], more: Mapping[str, Sequence[str]]) -> bytes:
    from rasterio.crs import CRS

    from automap_tiles import vector

    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": (round(lon, 8), round(lat, 8))},
            "properties": {
                "id": number + 1,
                "class": None,
                **{name: values[number] for name, values in more.items()},
            },
        }
        for number, (lon, lat) in enumerate(zip(x, y, strict=True))
    ]
    properties = {"id": "int", "class": "str", **dict.fromkeys(more, "str")}
    schema = {"geometry": "Point", "properties": properties}
    return vector.encode_features(
        features, driver="GeoJSON", schema=schema, crs=CRS.from_epsg(4326)
    )
