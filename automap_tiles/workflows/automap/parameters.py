"""The validated parameters of a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.analysis.composites.methods import (
    VALID_COUNT,
    check_methods,
    check_provenance,
    method,
)
from automap_tiles.analysis.indices import INDICES
from automap_tiles.errors import ConfigError, without_signatures
from automap_tiles.missions import common_bands, parse_satellites
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import OWN_LAYERS, FlagSource, parse_flags
from automap_tiles.scenes.prepared import PREPARED_INDICES
from automap_tiles.scenes.select import Period
from automap_tiles.storage import REMOTE_SCHEMES, Address
from automap_tiles.workflows.automap._target_grid import TargetGrid
from automap_tiles.workflows.automap.boundary import boundary_area
from automap_tiles.workflows.automap.order import CompositeOrder, DownloadOrder

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

EARLIEST = date(1984, 1, 1)
"""Landsat 5 started acquiring in March of that year."""
_BUCKET = re.compile(r"\w+://[^/?#]+(/[^?#]*)?")
"""An address with a bucket and without a query."""
DEFAULT_STATISTICS = ("median",)
DEFAULT_PROVENANCE = (VALID_COUNT,)


class Mode(StrEnum):
    """Where a run ends; each mode includes the previous ones, in this order."""

    DOWNLOAD = "download"
    COMPOSITE = "composite"
    CLASSIFICATION = "classification"

    def includes(self, step: Mode) -> bool:
        """Whether a run of this mode includes a step."""
        return list(Mode).index(self) >= list(Mode).index(step)


@dataclass(frozen=True, kw_only=True)
class RunParameters:
    """Validated parameters of a run."""

    mode: Mode
    satellites: frozenset[str]
    """`2`, `5`, `7`, `8`, `9`."""
    period: Period
    """Both ends are set."""
    area: BaseGeometry
    """Longitude and latitude; the union of all shapes of the boundary file."""
    source: str
    """Folder, archive, STAC file, address of a STAC API or name of a catalogue."""
    output: Address
    """Local folder, or one in an object store."""
    statistics: tuple[str, ...] = DEFAULT_STATISTICS
    provenance: tuple[str, ...] = DEFAULT_PROVENANCE
    """Names of `PROVENANCE`, in the order of the bands after the statistics."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """Flags that exclude a pixel from a composite."""
    making: FlagSource = OWN_LAYERS
    """Source of a scene's flags when it is prepared."""
    require_mask: bool = False
    """Whether scenes without the requested mask are rejected."""
    brdf: bool = False
    """Whether scenes are corrected to nadir view."""
    coregister: bool = False
    """Whether the dates of a composite are co-registered."""
    seamless: bool = False
    """Whether the scenes of a composite are radiometrically harmonised."""
    target: TargetGrid | None = None
    """The grid of composites; None: that of most of their scenes."""
    max_cloud_cover: float | None = None
    """Per cent of a scene."""
    description: str = ""
    only: frozenset[str] | None = None
    """Restrict the run to scenes with these ids; None: all selected ones."""


def parameters_of(order: DownloadOrder) -> RunParameters:
    """Validate an order; raises `ConfigError`, `MissingExtra`."""
    output = _output(order.output)
    parse_flags(order.mask)
    coregister = seamless = False
    target = None
    names: tuple[str, ...] = DEFAULT_STATISTICS
    sources: tuple[str, ...] = DEFAULT_PROVENANCE
    if isinstance(order, CompositeOrder):
        names = parse_statistics(order.statistics)
        sources = parse_provenance(order.provenance, names)
        coregister, seamless = order.coregister, order.seamless
        target = parse_grid(order.crs, order.resolution)
    found = RunParameters(
        mode=Mode(order.workflow),
        satellites=satellites_of(order.satellites),
        period=parse_dates(order.start, order.end),
        area=boundary_area(order.boundary),
        source=order.input,
        output=output,
        statistics=names,
        provenance=sources,
        mask=order.mask,
        making=_making(order),
        require_mask=order.require_mask,
        brdf=order.brdf,
        coregister=coregister,
        seamless=seamless,
        target=target,
        max_cloud_cover=order.max_cloud_cover,
        description=order.description,
    )
    for satellite in sorted(found.satellites):
        check_bands(found.statistics, satellite)
    return found


def _output(text: str) -> Address:
    """The folder; raises `ConfigError` now rather than after the first scene.

    An object store's permissions are checked when the lock is written, also before the first scene.
    Raises `MissingExtra`.
    """
    address = Address.of(text)
    if address.is_remote:
        if not _BUCKET.fullmatch(address.text):
            raise ConfigError(
                "names no bucket", key="output", found=text, remedy="s3://bucket/folder"
            )
        address.as_folder()  # checks that its extra is installed
        return address
    if "://" in text:
        schemes = ", ".join(f"{scheme}://" for scheme in REMOTE_SCHEMES)
        raise ConfigError(
            "nothing here writes to such an address",
            key="output",
            found=without_signatures(text),
            remedy=f"a folder of this machine, or {schemes}",
        )
    output = Path(address.text)
    there = next(path for path in (output, *output.parents) if path.exists())
    if not there.is_dir():
        raise ConfigError("is not a folder", key="output", found=str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError("must not be written to", key="output", found=str(there))
    return address


def _making(order: DownloadOrder) -> FlagSource:
    masking = None if order.masker is None else Masking(name=order.masker)
    if masking is not None:
        masking.check([])  # checks that it is installed
    return FlagSource(masking=masking, project_shadow=order.project_shadow)


def satellites_of(value: str | int | Iterable[str | int]) -> frozenset[str]:
    """A set of satellites: `2578`, `8572`, `2,landsat`, `[2, 'landsat']`, or a list of these.

    Raises `ConfigError` for unknown ones, and if there are none.
    """
    items: list[str | int] = []
    for item in [value] if isinstance(value, str | int) else value:
        items += re.findall(r"[\w-]+", item) if isinstance(item, str) else [item]
    found = parse_satellites(items)
    if not found:
        raise ConfigError("names no satellite", key="satellites", found=value, remedy="2578")
    return found


def parse_dates(start: str | date, end: str | date, today: date | None = None) -> Period:
    """Time range of a run, both days included; `today` is the date in UTC.

    Raises `ConfigError` if end is not after start, end is in the future, or start is before 1984.
    """
    first, last = parse_day("start", start), parse_day("end", end)
    for error in date_problems(first, last, today or datetime.now(UTC).date()):
        raise error
    return Period(first=first, last=last)


def date_problems(first: date | None, last: date | None, today: date) -> Iterator[ConfigError]:
    """All problems with the ends of a time range; None: that end is not known."""
    if first is not None and last is not None and last <= first:
        yield ConfigError(f"must be after the start, {first}", key="end", found=str(last))
    if last is not None and last > today:
        yield ConfigError("must not be in the future", key="end", found=str(last))
    if first is not None and first < EARLIEST:
        yield ConfigError(f"must not be before {EARLIEST}", key="start", found=str(first))


def parse_day(key: str, value: str | date) -> date:
    """An ISO date; `key` is the option's name. Raises `ConfigError`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise ConfigError(
            "is not an ISO date", key=key, found=value, remedy="such as 2018-04-01"
        ) from error


def parse_statistics(value: str | Sequence[str]) -> tuple[str, ...]:
    """Names of statistics without duplicates, in order: `median,std`; raises `ConfigError`."""
    names = _names(value)
    try:
        check_methods(names)
    except ValueError as error:
        raise ConfigError(str(error), key="statistics", found=_text(value)) from error
    return names


def check_bands(statistics: Sequence[str], satellite: str) -> None:
    """Raise `ConfigError` if a satellite lacks a band required by the indices or a statistic."""
    there = common_bands(satellite)
    needs = {name: INDICES[name].bands for name in PREPARED_INDICES}
    needs |= {name: method(name).needs for name in statistics}
    for name, bands in needs.items():
        missing = [band for band in bands if band not in there]
        if missing:
            raise ConfigError(
                f"{name} needs {', '.join(missing)}, and {satellite} has {', '.join(there)}",
                key="satellites" if name in PREPARED_INDICES else "statistics",
                found=satellite if name in PREPARED_INDICES else name,
            )


def parse_provenance(value: str | Sequence[str], statistics: Sequence[str]) -> tuple[str, ...]:
    """Names of provenance bands without duplicates: `valid_count,day_of_year`.

    Raises `ConfigError`.
    """
    names = _names(value)
    try:
        check_provenance(names, statistics)
    except ValueError as error:
        raise ConfigError(str(error), key="provenance", found=_text(value)) from error
    return names


def parse_grid(crs: str | None, resolution: float | None) -> TargetGrid | None:
    """The grid that composites shall have, None: that of most scenes; raises `ConfigError`."""
    return TargetGrid.of(crs, resolution)


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    """The items of a list, or of a comma-separated text, without duplicates."""
    listed = [value] if isinstance(value, str) else value
    words = [word.strip().lower() for text in listed for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if word))
