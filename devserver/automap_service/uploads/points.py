"""Samples that come as features of a vector file, as the table that all samples are kept as."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that programs of tables compute."""
_REMEDY = "points with a field for each year, such as 2018, that holds classes"
_LON_LAT = "EPSG:4326"


def as_table(path: Path, driver: str) -> tuple[Path, int]:
    """A CSV with X, Y and the fields of years, beside the file, and how many have no place.

    Raises `ConfigError`.
    """
    import fiona
    from fiona.errors import FionaError

    out = path.with_name("points.csv")
    try:
        with fiona.open(path, enabled_drivers=[driver]) as features:
            fields = [name for name in features.schema["properties"] if is_year(name)]
            if not fields:
                raise ConfigError("has no field of a year, named by four digits", remedy=_REMEDY)
            if not features.crs:
                raise ConfigError("does not say its CRS", remedy=f"save it in {_LON_LAT}")
            with out.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["X", "Y", *fields])
                writer.writerows(_rows(features, fields))
            placeless = sum(each.geometry is None for each in features)
    except (FionaError, OSError) as error:
        raise ConfigError(f"cannot be read as {driver}: {error}") from None
    return out, placeless


def _rows(features: Any, fields: Sequence[str]) -> Iterator[list[Any]]:
    from fiona.transform import transform_geom

    crs = features.crs_wkt
    for number, each in enumerate(features, start=1):
        if each.geometry is None:
            continue
        if each.geometry.type not in ("Point", "MultiPoint"):
            kind = each.geometry.type
            raise ConfigError("holds other shapes than points", found=kind, remedy=_REMEDY)
        place = transform_geom(crs, _LON_LAT, each.geometry)
        points = [place.coordinates] if place.type == "Point" else place.coordinates
        labels = [_class(each.properties[name], number) for name in fields]
        for point in points:
            yield [*point[:2], *labels]


def _class(value: Any, number: int) -> str:
    """Numbers that programs keep as 3.0 are the class 3."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ConfigError(
        f"feature {number} has a class that is neither a number nor a word", found=str(value)
    )


def is_year(name: str) -> bool:
    """Whether a column or field is of a year: four digits."""
    return len(name) == 4 and name.isascii() and name.isdigit()


def without_formulas(path: Path) -> Iterator[str]:
    """A CSV line by line, as it is given out: no cell is one that a program would compute."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            line = io.StringIO(newline="")
            csv.writer(line).writerow([_quoted(cell) for cell in row])
            yield line.getvalue()


def _quoted(cell: str) -> str:
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
