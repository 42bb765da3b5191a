"""The dates of a place, one after the other, as they are shown."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely

from automap_tiles import raster
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.grid import Bounds, Grid
from automap_tiles.missions import LON_LAT, mission_of, outline
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reading import iter_dates, lattice_of
from automap_tiles.scenes.reflectance import coarser
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.vector import read_geometry, reproject_geometry

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

WHOLE = 10_000.0
"""Value of a reflectance of 1."""
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]([01]\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


@dataclass(frozen=True, kw_only=True, eq=False)
class DateShown:
    """What one date shows."""

    name: str
    """Of the date: `2018-04-21`."""
    values: Array
    """(band, y, x)."""
    seen: Bools
    """(y, x): there is data."""
    clear: Bools
    """(y, x): and nothing hides the ground."""

    @property
    def hidden(self) -> float:
        """Per cent of the picture that is hidden or without data."""
        return 100.0 * (1.0 - float(self.clear.mean()))


class ShownDates(Protocol):
    """Dates of one place on one grid."""

    @property
    def grid(self) -> Grid: ...

    @property
    def credit(self) -> str:
        """Whose data it is."""
        ...

    @property
    def scale(self) -> float:
        """Stored number of a value of 1."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[DateShown]:
        """By time; raises `InputError`."""
        ...


@dataclass(frozen=True, kw_only=True)
class SceneDates:
    """Dates of a satellite."""

    reader: ScenesReader
    boundary: str | None
    size: int
    with_hidden: bool
    """Whether what is hidden is shown as it was."""

    scale = WHOLE

    @cached_property
    def _frame(self) -> NativeFrame:
        lattice = lattice_of(self.reader.scenes, self.reader.reading)
        box = _box(self.boundary, lattice) or _reach(self.reader, lattice)
        window = lattice.window(box, (-0.01, -0.01))
        factor = max(1, -(-max(len(span) for span in window) // self.size))
        lattice = coarser(lattice, factor)
        window = lattice.window(box, (-0.01, -0.01))
        if not all(window):
            raise InputError("no scene reaches the area", self.reader.place)
        return NativeFrame(lattice, window)

    @property
    def grid(self) -> Grid:
        return self._frame.grid

    @property
    def credit(self) -> str:
        scenes = self.reader.scenes
        years = sorted({scene.time.year for scene in scenes})
        said = f"{years[0]}" if len(years) == 1 else f"{years[0]}-{years[-1]}"
        return mission_of(scenes[0].sensor).credit.format(years=said)

    def __len__(self) -> int:
        return len(self.reader.dates)

    def __iter__(self) -> Iterator[DateShown]:
        width = self._frame.lattice.pixel[0]
        native = lattice_of(self.reader.scenes, self.reader.reading).pixel[0]
        told = self.reader.reading
        reading = replace(
            told,
            whole=True,
            resampling=told.resampling if width < 1.5 * native else "average",
        )
        for date in self.reader.dates:
            raise_if_stopped()
            clear = next(iter(iter_dates([date], self._frame, reading)), None)
            shown = clear
            if self.with_hidden:
                unmasked = replace(reading, mask=None)
                shown = next(iter(iter_dates([date], self._frame, unmasked)), None)
            nothing = np.zeros(self._frame.shape, dtype=bool)
            empty = np.zeros((len(reading.bands), *nothing.shape), dtype=reading.dtype)
            yield DateShown(
                name=date.time.astimezone(UTC).date().isoformat(),
                values=empty if shown is None else shown.values[0],
                seen=nothing if shown is None else shown.valid[0],
                clear=nothing if clear is None else clear.valid[0],
            )


@dataclass(frozen=True, kw_only=True)
class FileDates:
    """Rasters with dates in their names; all is clear that has data."""

    files: tuple[tuple[str, str], ...]
    """(name of the date, path), by time."""
    bands: tuple[str, ...]
    boundary: str | None
    size: int

    credit = ""
    scale = 1.0

    @cached_property
    def grid(self) -> Grid:
        first = raster.inspect(self.files[0][1]).grid
        lattice = Lattice.of(first)
        box = _box(self.boundary, lattice) or first.bounds
        window = lattice.window(box, (-0.01, -0.01))
        factor = max(1, -(-max(len(span) for span in window) // self.size))
        lattice = coarser(lattice, factor)
        return lattice.grid(lattice.window(box, (-0.01, -0.01)))

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[DateShown]:
        for name, path in self.files:
            raise_if_stopped()
            own = raster.inspect(path).grid
            method = "average" if self.grid.transform.a > 1.5 * own.transform.a else "nearest"
            pixels = raster.read(path, self.grid, indexes=self._indexes(path), resampling=method)
            seen = ~np.logical_or.reduce(np.ma.getmaskarray(pixels))
            yield DateShown(name=name, values=np.ma.getdata(pixels), seen=seen, clear=seen)

    def _indexes(self, path: str) -> tuple[int, ...]:
        info = raster.inspect(path)
        said = {name: place for place, name in enumerate(info.descriptions, 1) if name}
        found = [said.get(name) or (int(name) if name.isdigit() else None) for name in self.bands]
        if None in found and self.bands == ("red", "green", "blue") and not said:
            return (1, 2, 3) if info.count >= 3 else (1,)
        for name, index in zip(self.bands, found, strict=True):
            if index is None or not 1 <= index <= info.count:
                raise ConfigError(
                    f"{path} has no such band",
                    key="bands",
                    found=name,
                    remedy=", ".join(said) or f"1 to {info.count}",
                )
        return tuple(index for index in found if index is not None)


def dated_files(pattern: str) -> tuple[tuple[str, str], ...]:
    """(date, path) of the files of a pattern, by date; raises `InputError` for one without."""
    found: list[tuple[str, str]] = []
    for path in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - absolute ones too
        name = date_in(Path(path).name) or date_in(Path(path).parent.name)
        if name is None:
            raise InputError("no date in its name, such as 2018-04-21 or 20180421", path)
        found.append((name, path))
    if not found:
        raise InputError("no file is named so", pattern)
    return tuple(sorted(found))


def date_in(name: str) -> str | None:
    """The day, month or year in a name, as `2018-04-21`, `2018-04`, `2018`; None without one."""
    for day in _DAY.finditer(name):
        try:
            return datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    month = next((each for each in _MONTH.finditer(name) if 1 <= int(each[2]) <= 12), None)
    if month is not None:
        return f"{month[1]}-{month[2]}"
    year = _YEAR.search(name)
    return None if year is None else year[1]


def _box(boundary: str | None, lattice: Lattice) -> Bounds | None:
    """Of the boundary on a lattice."""
    if boundary is None:
        return None
    shape = read_geometry(boundary, lattice.crs)
    if shape.is_empty:
        raise ConfigError("has no shapes", key="boundary", found=boundary)
    return Bounds(*shape.bounds)


def _reach(reader: ScenesReader, lattice: Lattice) -> Bounds:
    """All that the scenes reach, on a lattice."""
    band = reader.bands[0]
    grids = [grid for scene in reader.scenes if (grid := scene.band(band).grid) is not None]
    boxes = [lattice.extent(grid) for grid in dict.fromkeys(grids)]
    found = [box for box in boxes if box is not None]
    if found:
        lefts, bottoms, rights, tops = zip(*found, strict=True)
        return Bounds(min(lefts), min(bottoms), max(rights), max(tops))
    shapes = [scene.footprint or outline(lattice.grid((range(1), range(1))))
              for scene in reader.scenes]  # fmt: skip
    whole = reproject_geometry(shapely.union_all(shapes), LON_LAT, lattice.crs)
    return Bounds(*whole.bounds)
