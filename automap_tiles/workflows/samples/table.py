"""Sample points in a CSV file.

Columns `X` and `Y` in EPSG:4326 and one column per year, named by four digits; other columns are
ignored. Columns are separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError
from automap_tiles.parsing import parse_number
from automap_tiles.scenes.select import Period
from automap_tiles.workflows.samples._fields import (
    check_cells,
    delimiter_of,
    missing_field,
    read_text,
)

_YEAR = re.compile(r"\d{4}")
_REMEDY = "X,Y,2018 (or longitude,latitude,2018) in the first line: longitude, latitude, class"


@dataclass(frozen=True, kw_only=True)
class Points:
    """Rows of a CSV file."""

    x: NDArray[np.float64]
    """Longitude, degrees."""
    y: NDArray[np.float64]
    """Latitude, degrees."""
    labels: Sequence[Any]
    """Content of the class column."""
    field: str
    """Name of that column."""
    nearest_to: str | None = None
    """The requested year or time, if another column was used."""


def read_points(
    path: str | Path, *, class_field: str | None, year: int | None, period: Period | None
) -> Points:
    """Read a CSV file.

    The classes are those of `class_field`, else of the year nearest to `year` or to the middle of
    the `period`; of two equally near years the later one. Raises `ConfigError`.
    """
    try:
        text = read_text(path, "--samples")
    except FileNotFoundError as error:
        raise ConfigError("does not exist", path, key="--samples") from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", path, key="--samples") from error
    lines = text.splitlines()
    if not lines:
        raise ConfigError("is empty", path, key="--samples", remedy=_REMEDY)
    reader = csv.reader(lines, delimiter=delimiter_of(lines[0]))
    names = [name.strip() for name in next(reader)]
    x, y = (_column(names, name, path) for name in ("X", "Y"))
    label = _label_column(names, path, class_field, year, period)
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    for line, row in rows:
        check_cells(row[len(names) :], (path, line, "--samples"), names)
    if not rows:
        raise ConfigError("holds no samples", path, key="--samples")
    return Points(
        x=np.array([_coordinate(row, x, (path, line, "X", 180.0)) for line, row in rows]),
        y=np.array([_coordinate(row, y, (path, line, "Y", 90.0)) for line, row in rows]),
        labels=[row[label] if label < len(row) else "" for _, row in rows],
        field=names[label],
        nearest_to=_asked(names[label], class_field, year, period),
    )


def _asked(
    name: str, class_field: str | None, year: int | None, period: Period | None
) -> str | None:
    """The request, if the column of another year was used; None otherwise."""
    if class_field is not None or not _YEAR.fullmatch(name):
        return None
    if year is not None:
        return None if int(name) == year else str(year)
    if period is None or (period.first is None and period.last is None):
        return None
    first, last = period.first or period.last, period.last or period.first
    if first is None or last is None or first.year <= int(name) <= last.year:
        return None
    return str(period)


def nearest_year(years: Sequence[int], period: Period) -> int:
    """The year whose middle is nearest to that of a period; of two the later one."""
    first, last = period.first or period.last, period.last or period.first
    if first is None or last is None:
        return max(years)
    middle = (first.toordinal() + last.toordinal()) / 2
    return min(years, key=lambda year: (abs(date(year, 7, 2).toordinal() - middle), -year))


_SPELT = {"X": ("X", "LONGITUDE", "LON", "LONG", "LNG"), "Y": ("Y", "LATITUDE", "LAT")}
"""Names of the coordinate columns, in any case; the first one present is used."""


def _column(names: Sequence[str], name: str, path: str | Path) -> int:
    for spelt in _SPELT[name]:
        exact = [number for number, each in enumerate(names) if each == spelt]
        either = exact or [number for number, each in enumerate(names) if each.upper() == spelt]
        if len(either) == 1:
            return either[0]
        if either:
            break
    problem = f"no column {name}" if not either else f"more than one column {spelt}"
    raise ConfigError(f"has {problem}", path, 1, "--samples", ", ".join(names), _REMEDY)


def _label_column(
    names: Sequence[str],
    path: str | Path,
    class_field: str | None,
    year: int | None,
    period: Period | None,
) -> int:
    if class_field is not None:
        if class_field not in names:
            raise missing_field(path, class_field, names)
        return _only(names, class_field, path)
    years = {int(name): number for number, name in enumerate(names) if _YEAR.fullmatch(name)}
    if not years:
        raise ConfigError(
            "has no column of a year, named by four digits",
            path,
            1,
            "--samples",
            ", ".join(names),
            f"{_REMEDY}; or --class-field with the name of the column of classes",
        )
    if year is not None:
        nearest = min(years, key=lambda each: (abs(each - year), -each))
        return _only(names, names[years[nearest]], path)
    if period is not None:
        return _only(names, names[years[nearest_year(list(years), period)]], path)
    if len(years) > 1:
        found = ", ".join(map(str, sorted(years)))
        raise ConfigError("has columns of several years", path, 1, "--year", found, "--year 2018")
    return _only(names, names[next(iter(years.values()))], path)


def _only(names: Sequence[str], name: str, path: str | Path) -> int:
    """Index of the class column; raises `ConfigError` if two have that name."""
    if names.count(name) > 1:
        raise ConfigError(
            f"has more than one column {name}", path, 1, "--samples", ", ".join(names),
            "a name of its own for each column",
        )  # fmt: skip
    return names.index(name)


def _coordinate(
    row: Sequence[str], column: int, where: tuple[str | Path, int, str, float]
) -> float:
    path, line, name, limit = where
    text = row[column].strip() if column < len(row) else ""
    value = parse_number(text)
    if value is None or not abs(value) <= limit:
        raise ConfigError(
            f"is not a {'longitude' if name == 'X' else 'latitude'} in degrees",
            path,
            line,
            name,
            text,
            f"{name} from {-limit:g} to {limit:g}, EPSG:4326",
        )
    return value
