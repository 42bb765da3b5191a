"""Time series of a place: the values of every date at a point or in an area."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.analysis.indices import INDICES, spectral_index
from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds, Grid
from automap_tiles.missions import COMMON, LON_LAT
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice, intersection
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.reading import Reading, iter_dates, lattice_of
from automap_tiles.scenes.select import Overpass, overpasses
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.vector import burn, reproject_geometry
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene
    from automap_tiles.scenes.stack import Stack

_MOST_PIXELS = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One date of a series."""

    time: datetime
    satellite: str
    scenes: tuple[str, ...]
    """Ids of the scenes with valid pixels here."""
    valid: float
    """Fraction of valid pixels, 0 to 1."""
    values: tuple[float | None, ...]
    """Mean over the valid pixels, in the order of the names; None without any."""

    def to_json(self) -> Json:
        return {
            "time": self.time.isoformat(),
            "satellite": self.satellite,
            "scenes": list(self.scenes),
            "valid": self.valid,
            "values": list(self.values),
        }


def series(
    scenes: Sequence[Scene],
    place: BaseGeometry,
    names: Sequence[str],
    mask: MaskRule | None = None,
) -> tuple[Moment, ...]:
    """Dates that cover a place, by time, separately for each satellite.

    `place` is in longitude and latitude: a point stands for the pixel that contains it, an area for
    those with their centre inside, or all that it touches if there is none. `names` are bands
    (common names) and indices. `mask` None uses all pixels with data. Raises `ConfigError` for an
    unknown name or a place that is too large, `InputError` for a file that cannot be read.
    """
    return in_order(moments_of(scenes, place, names, mask))


def moments_of(
    scenes: Sequence[Scene],
    place: BaseGeometry,
    names: Sequence[str],
    mask: MaskRule | None = None,
) -> Iterator[Moment]:
    """The dates of a series as they are read, satellite by satellite."""
    bands = needed_bands(names)
    for satellite in sorted({scene.satellite for scene in scenes}):
        own = [scene for scene in scenes if scene.satellite == satellite]
        yield from _of_satellite(own, place, names, Reading(bands=bands, mask=mask))


def in_order(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """By time, then by satellite."""
    return tuple(sorted(moments, key=lambda moment: (moment.time, moment.satellite)))


def needed_bands(names: Sequence[str]) -> tuple[str, ...]:
    """Bands required by the names, in the order of `COMMON`; raises `ConfigError`."""
    wanted: set[str] = set()
    for name in names:
        if name in COMMON:
            wanted.add(name)
        elif name in INDICES and set(INDICES[name].bands) <= set(COMMON):
            wanted |= set(INDICES[name].bands)
        else:
            known = [index for index in INDICES if set(INDICES[index].bands) <= set(COMMON)]
            raise ConfigError(
                "is neither a band nor an index",
                key="values",
                found=name,
                remedy=f"one of {', '.join((*COMMON, *known))}",
            )
    if not wanted:
        raise ConfigError("names nothing", key="values", remedy="ndvi")
    return tuple(band for band in COMMON if band in wanted)


def to_csv(moments: Sequence[Moment], names: Sequence[str]) -> str:
    """Lines of time, satellite, scenes, valid fraction and values; missing ones are empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["time", "satellite", "scenes", "valid", *names])
    for moment in moments:
        values = ["" if value is None else f"{value:.6g}" for value in moment.values]
        row = [moment.time.isoformat(), moment.satellite, "+".join(moment.scenes)]
        table.writerow([*row, f"{moment.valid:.4g}", *values])
    return text.getvalue()


def _of_satellite(
    scenes: Sequence[Scene], place: BaseGeometry, names: Sequence[str], reading: Reading
) -> Iterator[Moment]:
    windows: list[_Window] = []
    for date in overpasses(scenes):
        raise_if_stopped()
        window = _window(windows, lattice_of(date.scenes, reading), place)
        if not _in_sight(date, window.frame):
            continue
        stacks = list(iter_dates([date], window.frame, reading))
        yield _moment(date, stacks[0] if stacks else None, window.inside, names)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Window:
    """The place on the scenes' own grid."""

    frame: NativeFrame
    inside: np.ndarray[Any, Any]
    """(y, x) pixels that belong to the place."""


def _window(known: list[_Window], lattice: Lattice, place: BaseGeometry) -> _Window:
    """On the grid of a date: near the edge of a UTM zone a place has pixels of two grids.

    On the grid of the other zone a neighbouring pixel would be read. `known`: windows of earlier
    dates, to which new ones are added.
    """
    corner = Grid(lattice.crs, lattice.transform, (1, 1))
    for window in known:
        if window.frame.lattice.offset(corner) is not None:
            return window
    shape = reproject_geometry(place, LON_LAT, lattice.crs)
    frame = _frame(lattice, shape)
    known.append(_Window(frame=frame, inside=_inside(shape, frame.grid)))
    return known[-1]


def _frame(lattice: Lattice, shape: BaseGeometry) -> NativeFrame:
    left, bottom, right, top = shape.bounds
    rows, cols = lattice.window(Bounds(left, bottom, right, top))
    # the box of a point has no size, and may lie on the edge of a pixel
    window = (
        range(rows.start, max(rows.stop, rows.start + 1)),
        range(cols.start, max(cols.stop, cols.start + 1)),
    )
    if len(window[0]) * len(window[1]) > _MOST_PIXELS:
        raise ConfigError(
            f"has {len(window[0])} × {len(window[1])} pixels, which is too much for a series",
            key="place",
            remedy="automap run makes maps",
        )
    return NativeFrame(lattice, window)


def _inside(shape: BaseGeometry, grid: Grid) -> np.ndarray[Any, Any]:
    """(y, x) pixels that belong to the place."""
    inside = burn([shape], grid)
    return inside if inside.any() else burn([shape], grid, all_touched=True)


def _in_sight(date: Overpass, frame: NativeFrame) -> bool:
    """Whether any scene's files cover the place."""
    for scene in date.scenes:
        grids = [file.grid for file in scene.bands.values() if file.grid is not None]
        found = frame.part_of(grids[0]) if grids else None
        if not grids or (found and intersection(found[0].window, frame.window)):
            return True
    return False


def _moment(
    date: Overpass, stack: Stack | None, inside: np.ndarray[Any, Any], names: Sequence[str]
) -> Moment:
    values: list[float | None] = [None] * len(names)
    share = 0.0
    ids: tuple[str, ...] = tuple(scene.id for scene in date.scenes)
    if stack is not None:
        counts = stack.valid[0] & inside
        share = float(counts.sum() / inside.sum())
        ids = stack.scene_ids[0]
        bands = {name: stack.band(name)[0] for name in stack.bands}
        for number, name in enumerate(names):
            plane = bands[name] if name in bands else spectral_index(name, bands)
            chosen = np.ma.MaskedArray(plane, mask=np.ma.getmaskarray(plane) | ~counts).compressed()
            values[number] = float(chosen.mean(dtype=np.float64)) if chosen.size else None
    return Moment(
        time=date.time,
        satellite=date.scenes[0].satellite,
        scenes=ids,
        valid=share,
        values=tuple(values),
    )
