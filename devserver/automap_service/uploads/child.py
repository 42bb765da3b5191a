"""Reads what somebody uploaded, once, in a process with hardly any rights; writes it anew.

Started by `reading.normalise` as `python -m automap_service.uploads.child`, with what it shall do
as JSON on its standard input; says what it found, or what is wrong, as JSON on its standard output.
"""

from __future__ import annotations

import csv
import json
import math
import os
import resource
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_service.uploads._geojson import rewrite
from automap_service.uploads.points import as_table, is_year
from automap_tiles.errors import AutomapError, ConfigError
from automap_tiles.notes import Subject

SECONDS = 30
"""Of a processor."""
_FILES = 64
_EARTH = 6371.0072
"""Radius of a sphere with the surface of the Earth, km."""
_LONGEST_LABEL = 100
_YEARS = 80
"""Columns of years; the first Landsat flew in 1972."""
_CLASSES = 1000
"""That are told of a file, of all its years."""


class _TooMuch(ConfigError):
    """More than an upload may hold."""


def main(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was found in the file `path`, which is written anew as `out`, or `error`."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_AS, (said["memory"], said["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (said["memory"], said["memory"]))
    read = {"boundaries": _boundary, "samples": _samples}[said["kind"]]
    try:
        return read(Path(said["path"]), Path(said["out"]), said["limits"])
    except ConfigError as error:
        kind = "too-large" if isinstance(error, _TooMuch) else "wrong"
        found = None if error.found is None else _plain(str(error.found), said["path"])
        line = "" if error.line is None else f"line {error.line}: "
        message = _plain(f"{line}{error.message}", said["path"])
        return {"error": message, "found": found or None, "remedy": error.remedy, "kind": kind}
    except AutomapError as error:
        return {"error": _plain(str(error), said["path"]), "kind": "wrong"}
    except (MemoryError, RecursionError):
        return {"error": "is too large, or too deeply nested", "kind": "too-large"}


def _boundary(path: Path, out: Path, limits: Mapping[str, float]) -> dict[str, Any]:
    import shapely
    from shapely.geometry import mapping

    from automap_tiles.notes import collecting
    from automap_tiles.workflows.automap.boundary import boundary_area

    ending, driver = _kind(path)
    if driver is None:
        raise ConfigError(
            "is neither GeoJSON nor GeoPackage nor FlatGeobuf", remedy="save it as GeoJSON"
        )
    with collecting() as notes:
        area = boundary_area(_safe(path, ending, driver))
    left_out = sum(note.count for note in notes if note.subject is Subject.FEATURES)
    vertices = int(shapely.get_num_coordinates(area))
    if vertices > limits["vertices"]:
        raise _TooMuch(f"has more than {limits['vertices']:,.0f} vertices", found=vertices)
    size = surface(mapping(area))
    if size > limits["km2"]:
        raise _TooMuch(f"is larger than {limits['km2']:,.0f} km²", found=f"{size:,.0f} km²")
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(area)}
    collection = {"type": "FeatureCollection", "features": [feature]}
    out.write_text(json.dumps(collection, allow_nan=False), encoding="utf-8")
    return {
        "km2": round(size, 3),
        "bounds": list(area.bounds),
        "vertices": vertices,
        **({"left_out": left_out} if left_out else {}),
    }


def _safe(path: Path, ending: str, driver: str) -> Path:
    """A vector file under its own ending, with fields of years alone; its own driver reads it."""
    named = path.with_suffix(ending)
    path.rename(named)
    if driver == "GeoJSON":
        rewrite(named, is_year)
    _check_driver(named, driver)
    return named


def _kind(path: Path) -> tuple[str, str | None]:
    """(ending, driver) by the bytes of a file, whatever it is called; None: not a vector file."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"SQLite format 3\0"):
        return ".gpkg", "GPKG"
    if head.startswith(b"fgb\x03"):
        return ".fgb", "FlatGeobuf"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return ".geojson", "GeoJSON"
    return "", None


def _check_driver(path: Path, driver: str) -> None:
    """Raise `ConfigError` unless this driver alone reads the file: no other one is asked."""
    import fiona
    from fiona.errors import FionaError

    try:
        with fiona.open(path, enabled_drivers=[driver]):
            pass
    except (FionaError, ValueError, OSError):
        raise ConfigError(f"is not valid {driver}", remedy="save it as GeoJSON") from None


def _plain(text: str, path: str) -> str:
    """A text without the folder that the file lies in for now."""
    folder = str(Path(path).parent)
    kept = [part for part in text.split(": ") if not part.startswith(folder)]
    return ": ".join(kept).replace(folder, "")


def _samples(path: Path, out: Path, limits: Mapping[str, float]) -> dict[str, Any]:
    from automap_tiles.workflows.samples.table import read_points

    ending, driver = _kind(path)
    left_out = 0
    if driver is not None:
        path, left_out = as_table(_safe(path, ending, driver), driver)
    years = _years(path)
    if len(years) > _YEARS:
        raise _TooMuch(f"has more than {_YEARS} columns of years", found=len(years))
    tables = {year: read_points(path, class_field=None, year=year, period=None) for year in years}
    if not tables:  # for the words of the error
        read_points(path, class_field=None, year=None, period=None)
        raise ConfigError("has no column of a year, named by four digits")
    first = next(iter(tables.values()))
    if len(first.x) > limits["rows"]:
        raise _TooMuch(f"has more than {limits['rows']:,.0f} rows", found=len(first.x))
    x, y = first.x, first.y
    labels = {year: [_label(each) for each in table.labels] for year, table in tables.items()}
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["X", "Y", *years])
        writer.writerows(zip(x, y, *labels.values(), strict=True))
    return {
        "rows": len(first.x),
        "bounds": [float(end) for end in (x.min(), y.min(), x.max(), y.max())],
        **_classes({year: Counter(filter(None, each)) for year, each in labels.items()}),
        **({"left_out": left_out} if left_out else {}),
    }


def _classes(counted: Mapping[int, Counter[str]]) -> dict[str, Any]:
    """`classes` of each year with their points, and of how many more nothing is told."""
    total = sum(map(len, counted.values()))
    most = total if total <= _CLASSES else _CLASSES // len(counted)
    told = {
        str(year): dict(sorted(each.items(), key=_by_number)[:most])
        for year, each in counted.items()
    }
    more = total - sum(map(len, told.values()))
    return {"classes": told, "more_classes": more} if more else {"classes": told}


def _years(path: Path) -> list[int]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline(1 << 20)
    except UnicodeDecodeError:
        raise ConfigError("is not text in UTF-8", remedy="save it as CSV in UTF-8") from None
    names = next(csv.reader([line], delimiter=max(",;\t", key=line.count)), [])
    return sorted({int(name) for name in map(str.strip, names) if is_year(name)})


def _label(value: Any) -> str:
    text = "".join(each for each in str(value).strip() if each.isprintable())
    if len(text) > _LONGEST_LABEL:
        raise ConfigError(f"a class has more than {_LONGEST_LABEL} characters", found=text[:20])
    return text


def _by_number(item: tuple[str, int]) -> tuple[int, int, str]:
    name = item[0]
    return (0, int(name), "") if name.isdecimal() else (1, 0, name)


def surface(geometry: Mapping[str, Any]) -> float:
    """Of polygons in longitude and latitude, on a sphere with the Earth's surface, km²."""
    kind, rings = geometry["type"], geometry["coordinates"]
    if kind == "MultiPolygon":
        parts = ({"type": "Polygon", "coordinates": each} for each in rings)
        return sum(map(surface, parts))
    outer, *holes = (abs(_ring(ring)) for ring in rings)
    return outer - sum(holes)


def _ring(ring: Any) -> float:
    """Signed surface: the integral of the latitudes' sines along the longitudes."""
    total = 0.0
    for (left, low, *_), (right, high, *_) in zip(ring, [*ring[1:], ring[0]], strict=True):
        sines = math.sin(math.radians(low)) + math.sin(math.radians(high))
        total += math.radians(right - left) * sines / 2
    return total * _EARTH**2


def answer() -> None:
    """Do what stands on standard input."""
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))


if __name__ == "__main__":
    answer()
