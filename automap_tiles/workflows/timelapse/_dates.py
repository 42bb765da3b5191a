"""The dates of a place, in sequence, as they are displayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import shapely

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
"""Stored value of a reflectance of 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DateShown:
    """The data of one date."""

    name: str
    """Of the date: `2018-04-21`."""
    values: Array
    """(band, y, x)."""
    seen: Bools
    """(y, x) valid data."""
    clear: Bools
    """(y, x) valid and not masked."""

    @property
    def hidden(self) -> float:
        """Percentage of pixels that are masked or without data."""
        return 100.0 * (1.0 - float(self.clear.mean()))


class ShownDates(Protocol):
    """Dates of one place on one grid."""

    @property
    def grid(self) -> Grid: ...

    @property
    def credit(self) -> str:
        """Attribution of the data."""
        ...

    @property
    def scale(self) -> float:
        """Stored number for a value of 1."""
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
    """Whether masked pixels are displayed."""

    scale = WHOLE

    @cached_property
    def _frame(self) -> NativeFrame:
        lattice = lattice_of(self.reader.scenes, self.reader.reading)
        box = box_of(self.boundary, lattice) or _reach(self.reader, lattice)
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


def box_of(boundary: str | None, lattice: Lattice) -> Bounds | None:
    """Box of the boundary on a lattice."""
    if boundary is None:
        return None
    shape = read_geometry(boundary, lattice.crs)
    if shape.is_empty:
        raise ConfigError("has no shapes", key="boundary", found=boundary)
    return Bounds(*shape.bounds)


def _reach(reader: ScenesReader, lattice: Lattice) -> Bounds:
    """The extent of all scenes on a lattice."""
    band = reader.bands[0]
    grids = [grid for scene in reader.scenes if (grid := scene.band(band).grid) is not None]
    boxes = [lattice.extent(grid) for grid in dict.fromkeys(grids)]
    found = [box for box in boxes if box is not None]
    if found:
        return hull(found)
    shapes = [scene.footprint or outline(lattice.grid((range(1), range(1))))
              for scene in reader.scenes]  # fmt: skip
    whole = reproject_geometry(shapely.union_all(shapes), LON_LAT, lattice.crs)
    return Bounds(*whole.bounds)


def hull(boxes: Iterable[Bounds]) -> Bounds:
    """The bounding box of boxes in one CRS, at least one."""
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return Bounds(min(lefts), min(bottoms), max(rights), max(tops))
