"""Reads scenes as a stack of dates, on the sensor's grid around a tile or on the tile itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from automap_tiles.grid import Grid, Tile
from automap_tiles.missions import COMMON, Scene
from automap_tiles.notes import tell
from automap_tiles.raster.memory import empty_again
from automap_tiles.scenes import _off_grid
from automap_tiles.scenes._pixels import judged_together, part_of, parts_of, read_scene
from automap_tiles.scenes._values import clear
from automap_tiles.scenes.frames import Frame, NativeFrame, TileFrame
from automap_tiles.scenes.lattice import Lattice, choose, window_around
from automap_tiles.scenes.masks import (
    OWN_LAYERS,
    FlagSource,
    MaskRule,
)
from automap_tiles.scenes.reflectance import band_grid
from automap_tiles.scenes.select import Overpass, overpasses
from automap_tiles.scenes.stack import Stack, empty_stack

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
GridMode = Literal["native", "tile"]
_STRIP = 256
WHOLE = 10_000
"""Value of reflectance 1 in integer stacks."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Options for reading scenes, the same for every tile."""

    bands: tuple[str, ...] = COMMON
    mask: MaskRule | None = field(default_factory=MaskRule)
    """None: only pixels without data are excluded."""
    resampling: str = "nearest"
    """Resampling of scenes that are shifted or on another grid."""
    grid: GridMode = "native"
    resolution: float | None = None
    """Pixel size of the stack in units of the scenes' CRS; None: that of the finest band."""
    whole: bool = False
    """Integers of 1/10000 (int16) in place of float32: half the memory, twice as fast."""
    cloud_distance: float | None = None
    """Largest measured distance to the nearest cloud or shadow, metres; None: do not measure it."""

    @property
    def making(self) -> FlagSource:
        """The source of the mask's flags."""
        return OWN_LAYERS if self.mask is None else self.mask.making

    @property
    def files(self) -> tuple[str, ...]:
        """Bands that are opened: those requested, and those needed for masks."""
        return tuple(dict.fromkeys((*self.bands, *self.making.bands)))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int16 if self.whole else np.float32)

    @property
    def scale(self) -> float:
        return float(WHOLE) if self.whole else 1.0


def lattice_of(scenes: Sequence[Scene], reading: Reading) -> Lattice:
    """The grid that most scenes share, for the finest of the bands or the requested resolution.

    Scenes on other grids (of another UTM zone, for instance) are resampled onto it. Raises
    `InputError` if there are no scenes, or if one has none of the bands.
    """
    finest = (
        min(
            (band_grid(scene, scene.band(band)) for band in reading.bands),
            key=lambda grid: grid.transform.a,
        )
        for scene in scenes
    )
    return choose(finest, reading.resolution)


def shared_lattice(scenes: Sequence[Scene], reading: Reading) -> Lattice | None:
    """The common grid of the dates; None if they are warped onto the tile.

    The latter is used on request and, with a note, if scenes lie too far apart for one grid. Raises
    like `lattice_of`.
    """
    if reading.grid == "tile":
        return None
    lattice = lattice_of(scenes, reading)
    far = _off_grid.off_grid_scenes(lattice, scenes, reading)
    tell(*_off_grid.notes_of(far))
    return None if far else lattice


def frame_of(target: Tile | Grid, lattice: Lattice | None) -> Frame | None:
    """Where a tile is read: a window of the lattice, or without one the tile itself."""
    if lattice is None:
        if isinstance(target, Grid):
            own = Lattice.of(target)
            return NativeFrame(own, (range(target.height), range(target.width)))
        return TileFrame(target)
    window = window_around(lattice, target)
    return None if window is None else NativeFrame(lattice, window)


def read_stack(
    scenes: Sequence[Scene],
    target: Tile | Grid,
    bands: Sequence[str] = COMMON,
    mask: MaskRule | None = None,
    resampling: str = "nearest",
    grid: GridMode = "native",
) -> Stack:
    """A stack of all scenes around a tile or grid; see `Reading` for the parameters.

    Raises `InputError` for a file that cannot be read.
    """
    reading = Reading(bands=tuple(bands), mask=mask, resampling=resampling, grid=grid)
    lattice = shared_lattice(scenes, reading)
    return read_dates(overpasses(scenes), frame_of(target, lattice), reading, target=target)


def iter_scenes(
    scenes: Sequence[Scene],
    target: Tile | Grid,
    bands: Sequence[str] = COMMON,
    mask: MaskRule | None = None,
    resampling: str = "nearest",
    grid: GridMode = "native",
) -> Iterator[Stack]:
    """Like `read_stack`, one date at a time; dates without a valid pixel are skipped."""
    reading = Reading(bands=tuple(bands), mask=mask, resampling=resampling, grid=grid)
    lattice = shared_lattice(scenes, reading)
    yield from iter_dates(overpasses(scenes), frame_of(target, lattice), reading)


def read_dates(
    dates: Sequence[Overpass],
    frame: Frame | None,
    reading: Reading,
    *,
    target: Tile | Grid,
    max_valid: int | None = None,
    order: Sequence[int] | None = None,
) -> Stack:
    """Dates on a frame; only those with a valid pixel are kept.

    With `max_valid` every pixel gets at most this many dates, the first ones in `order` (indexes
    into `dates`; default: unchanged), and reading stops once all pixels have them.
    """
    here = [] if frame is None else _here(dates, frame, reading, order)
    if frame is None or not here:
        grid = target.grid if isinstance(target, Tile) else target
        nothing = empty_stack(reading.bands, grid, reading.dtype, reading.scale)
        return nothing if frame is None else _on(nothing, frame)
    stack = _Growing(len(here), frame, reading)
    counts = np.zeros(frame.shape, dtype=np.int32)
    for place in here:
        room = None if max_valid is None else counts < max_valid
        if room is not None and not room.any():
            break
        added = stack.add(place, dates[place], room)
        if added is not None and max_valid is not None:
            counts += added
    return stack.done(dates)


def iter_dates(dates: Sequence[Overpass], frame: Frame | None, reading: Reading) -> Iterator[Stack]:
    """One single-date stack after the other, for series that do not fit in memory."""
    if frame is None:
        return
    for place in _here(dates, frame, reading, None):
        stack = _Growing(1, frame, reading)
        if stack.add(place, dates[place], None) is not None:
            yield stack.done(dates)


class _Growing:
    """A stack that is filled date by date."""

    def __init__(self, dates: int, frame: Frame, reading: Reading) -> None:
        shape = frame.shape
        self.frame, self.reading = frame, reading
        self.values = empty_again((dates, len(reading.bands), *shape), reading.dtype)
        self.valid = np.empty((dates, *shape), dtype=bool)
        self.distance: Array | None = None
        if reading.cloud_distance is not None:
            self.distance = np.full((dates, *shape), reading.cloud_distance, dtype=np.float32)
        self.members: Array | None = None
        self.places: list[int] = []
        self.ids: list[tuple[str, ...]] = []

    def add(self, place: int, date: Overpass, room: Bools | None) -> Bools | None:
        """Read a date; returns its valid pixels, or None if there are none and it is skipped."""
        number = len(self.places)
        values = self.values[number]
        valid: Bools = self.valid[number]
        valid[:] = False
        distance = None if self.distance is None else self.distance[number]
        ids: list[str] = []
        parts = parts_of(date, self.frame, self.reading)
        room, codes = judged_together(parts, self.frame, self.reading, room)
        for part in parts:
            scene = part[0]
            before = valid.copy() if ids else None
            out = values, valid, distance
            if read_scene(part, self.reading, out, room, codes.get(scene.id)):
                if before is not None:
                    self._add_member(number, valid & ~before, len(ids))
                ids.append(scene.id)
        if not ids:
            return None
        clear(values, valid)
        self.places.append(place)
        self.ids.append(tuple(ids))
        return valid

    def _add_member(self, number: int, samples: Bools, member: int) -> None:
        """Record which samples of a date are not from its first scene."""
        if self.members is None:
            self.members = np.zeros(self.valid.shape, dtype=np.uint16)
        self.members[number][samples] = member

    def done(self, dates: Sequence[Overpass]) -> Stack:
        number = len(self.places)
        stack = Stack(
            values=self.values[:number],
            valid=self.valid[:number],
            bands=self.reading.bands,
            times=tuple(dates[place].time for place in self.places),
            scene_ids=tuple(self.ids),
            indexes=tuple(self.places),
            grid=self.frame.grid,
            scale=self.reading.scale,
            cloud_distance=None if self.distance is None else self.distance[:number],
            members=None if self.members is None else self.members[:number],
        )
        return _on(stack, self.frame)


def _on(stack: Stack, frame: Frame) -> Stack:
    """The stack with the frame that it was read on."""
    shape = frame.shape
    values, valid = stack.values, stack.valid
    if values.shape[-2:] != shape:
        values = np.empty((0, values.shape[1], *shape), dtype=values.dtype)
        valid = np.empty((0, *shape), dtype=bool)
    stack = replace(stack, values=values, valid=valid, grid=frame.grid)
    if isinstance(frame, NativeFrame):
        return replace(stack, lattice=frame.lattice, window=frame.window)
    return stack


def _here(
    dates: Sequence[Overpass], frame: Frame, reading: Reading, order: Sequence[int] | None
) -> list[int]:
    """Indexes of the dates that intersect the frame."""
    places = range(len(dates)) if order is None else order
    return [
        place
        for place in places
        if any(part_of(scene, frame, reading) is not None for scene in dates[place].scenes)
    ]


def strips(frame: Frame | None, reading: Reading, dates: int, limit: int) -> Iterator[Frame | None]:
    """Split a native frame into strips of rows whose stacks take about `limit` bytes.

    Other frames stay whole. Strips are aligned to multiples of `_STRIP` rows if that many fit:
    files are stored in blocks, which would otherwise be decoded twice.
    """
    if not isinstance(frame, NativeFrame):
        yield frame
        return
    rows, cols = frame.window
    # one byte for valid, two for the scene index
    sample = len(reading.bands) * reading.dtype.itemsize + 3
    sample += 4 if reading.cloud_distance is not None else 0
    row_bytes = dates * len(cols) * sample
    step = max(16, limit // max(1, row_bytes))
    step -= step % _STRIP if step > _STRIP else 0
    start = rows.start
    while start < rows.stop:
        stop = start - start % step + step
        yield NativeFrame(frame.lattice, (range(start, min(stop, rows.stop)), cols))
        start = stop
