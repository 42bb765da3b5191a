"""The parameters of a run and their rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.analysis.indices import INDICES
from automap_tiles.analysis.methods import (
    VALID_COUNT,
    check_methods,
    check_provenance,
    method,
)
from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.missions import COMMON, common_bands, parse_satellites, satellite_name
from automap_tiles.scenes.masks import OWN_LAYERS, Making
from automap_tiles.scenes.prepared import PREPARED_INDICES
from automap_tiles.scenes.select import Period

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

EARLIEST = date(1984, 1, 1)
"""Landsat 5 began to see in March of that year."""
DEFAULT_STATISTICS = ("median",)
DEFAULT_PROVENANCE = (VALID_COUNT,)


class Mode(StrEnum):
    """Where a run ends; each contains the ones before it, in this order."""

    DOWNLOAD = "download"
    COMPOSITE = "composite"
    CLASSIFICATION = "classification"

    def includes(self, step: Mode) -> bool:
        """Whether a run of this mode goes through a step."""
        return list(Mode).index(self) >= list(Mode).index(step)


@dataclass(frozen=True, kw_only=True)
class RunParameters:
    """What a run is, checked."""

    mode: Mode
    satellites: frozenset[str]
    """`2`, `5`, `7`, `8`, `9`."""
    period: Period
    """Both ends are there."""
    area: BaseGeometry
    """Longitude and latitude; the union of all shapes of the boundary file."""
    source: str
    """Folder, archive, STAC file, address of a STAC API or name of a catalogue."""
    output: Path
    """Absolute."""
    statistics: tuple[str, ...] = DEFAULT_STATISTICS
    provenance: tuple[str, ...] = DEFAULT_PROVENANCE
    """Names of `PROVENANCE`, in the order of the bands behind the statistics."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """Flags that rule a pixel out of a composite."""
    making: Making = OWN_LAYERS
    """What the flags of a scene are made of when it is prepared."""
    require_mask: bool = False
    """Whether scenes are refused that have nothing to make the mask of."""
    max_cloud_cover: float | None = None
    """Per cent of a scene."""
    description: str = ""


def parse_mode(text: str) -> Mode:
    """A mode by its name; raises `ConfigError`."""
    try:
        return Mode(text.strip().lower())
    except ValueError as error:
        raise ConfigError(
            "unknown mode", key="mode", found=text, remedy=" or ".join(Mode)
        ) from error


def satellites_of(value: str | int | Iterable[str | int]) -> frozenset[str]:
    """A set of satellites: `2578`, `8572`, `2,landsat`, `[2, 'landsat']`, or a list of those.

    Raises `ConfigError` for an unknown one and for none at all.
    """
    items: list[str | int] = []
    for item in [value] if isinstance(value, str | int) else value:
        items += re.findall(r"[\w-]+", item) if isinstance(item, str) else [item]
    found = parse_satellites(items)
    if not found:
        raise ConfigError("names no satellite", key="satellites", found=value, remedy="2578")
    return found


def parse_dates(start: str | date, end: str | date, today: date | None = None) -> Period:
    """Time range of a run, both days included; `today` is that of UTC.

    Raises `ConfigError`: end not after start, end in the future, start before 1984.
    """
    first, last = _day("start", start), _day("end", end)
    if last <= first:
        raise ConfigError(f"must be after the start, {first}", key="end", found=str(last))
    if last > (today or datetime.now(UTC).date()):
        raise ConfigError("must not be in the future", key="end", found=str(last))
    if first < EARLIEST:
        raise ConfigError(f"must not be before {EARLIEST}", key="start", found=str(first))
    return Period(first=first, last=last)


def _day(key: str, value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise ConfigError(
            "is no ISO date", key=key, found=value, remedy="such as 2018-04-01"
        ) from error


def parse_statistics(value: str | Sequence[str]) -> tuple[str, ...]:
    """Names of statistics, each once, in their order: `median,std`; raises `ConfigError`."""
    names = _names(value)
    try:
        check_methods(names)
    except ValueError as error:
        raise ConfigError(str(error), key="statistics", found=value) from error
    for name in names:
        missing = [band for band in method(name).needs if band not in COMMON]
        if missing:
            raise ConfigError(
                f"{name} needs {', '.join(missing)}, and a run prepares {', '.join(COMMON)}",
                key="statistics",
                found=value,
            )
    return names


def check_bands(run: RunParameters, satellite: str) -> None:
    """Raise `ConfigError` where a satellite lacks a band of the indices or of a statistic."""
    there = common_bands(satellite)
    needs = {name: INDICES[name].bands for name in PREPARED_INDICES}
    needs |= {name: method(name).needs for name in run.statistics}
    for name, bands in needs.items():
        missing = [band for band in bands if band not in there]
        if missing:
            raise ConfigError(
                f"{name} needs {', '.join(missing)}, and {satellite_name(satellite)} has "
                f"{', '.join(there)}",
                key="satellites" if name in PREPARED_INDICES else "statistics",
                found=satellite if name in PREPARED_INDICES else name,
            )


def parse_provenance(value: str | Sequence[str], statistics: Sequence[str]) -> tuple[str, ...]:
    """Names of provenance bands, each once: `valid_count,day_of_year`; raises `ConfigError`."""
    names = _names(value)
    try:
        check_provenance(names, statistics)
    except ValueError as error:
        raise ConfigError(str(error), key="provenance", found=value) from error
    return names


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a list, or of a text with commas, each once."""
    listed = [value] if isinstance(value, str) else value
    words = [word.strip().lower() for text in listed for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if word))


def boundary_area(path: str | Path, key: str = "boundary") -> BaseGeometry:
    """The union of all shapes of a boundary file, longitude and latitude; `key` is the option's.

    Raises `ConfigError` when the file cannot be read or has no areas.
    """
    from shapely import union_all

    from automap_tiles.missions import LON_LAT
    from automap_tiles.scenes.catalogue.area import normalised
    from automap_tiles.vector import matching_parts, read_geometry

    try:
        union = read_geometry(str(path), LON_LAT)
    except AutomapError as error:
        raise ConfigError(str(error), key=key) from error
    area = union_all(list(matching_parts(union, "Polygon")))
    if area.is_empty:
        raise ConfigError("has no areas", key=key, found=str(path), remedy="polygons")
    try:
        return normalised(area)
    except InputError as error:
        raise ConfigError(
            "its coordinates are not longitudes and latitudes, as its CRS says",
            path,
            key=key,
            found=" ".join(f"{value:.10g}" for value in area.bounds),
            remedy="save it with the CRS that its coordinates are in, or in EPSG:4326: a GeoJSON "
            "that says none is in degrees",
        ) from error
