"""Scenes as a stack of dates, on the sensor's own grid around a tile or on the tile itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from affine import Affine

from automap_tiles.grid import Grid, Tile
from automap_tiles.missions import COMMON, BandFile, Scene
from automap_tiles.notes import tell
from automap_tiles.raster.memory import empty_again
from automap_tiles.scenes import _apart
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes._overpass import Part, verdict
from automap_tiles.scenes._values import clear, convert, convert_by_angle, convert_times
from automap_tiles.scenes.frames import Frame, FrameSource, NativeFrame, Slices, TileFrame
from automap_tiles.scenes.lattice import Lattice, choose, window_around
from automap_tiles.scenes.masks import (
    OWN_LAYERS,
    Codes,
    FlagSource,
    MaskRule,
    cloud_distance,
    judged,
    rules_out,
)
from automap_tiles.scenes.nadir import factor_at
from automap_tiles.scenes.reflectance import band_grid, sun_zenith
from automap_tiles.scenes.select import Overpass, overpasses
from automap_tiles.scenes.stack import Stack, empty_stack

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
GridMode = Literal["native", "tile"]
_STRIP = 256
WHOLE = 10_000
"""Value of a reflectance of 1 in stacks of whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How scenes are read; the same for every tile."""

    bands: tuple[str, ...] = COMMON
    mask: MaskRule | None = field(default_factory=MaskRule)
    """None: only pixels without data do not count."""
    resampling: str = "nearest"
    """Of scenes that lie on another grid than they are read on, or are moved."""
    grid: GridMode = "native"
    resolution: float | None = None
    """Pixel size of the stack in units of the scenes' CRS; None: that of the finest band."""
    whole: bool = False
    """Whole numbers of 1/10000 (int16) in place of float32: half the memory, twice the speed."""
    cloud_distance: float | None = None
    """Metres up to which the distance to the next cloud or shadow is measured; None: not at all."""

    @property
    def making(self) -> FlagSource:
        """How the flags of the mask are made."""
        return OWN_LAYERS if self.mask is None else self.mask.making

    @property
    def files(self) -> tuple[str, ...]:
        """Bands that are opened: those that are read, and those that masks are made of."""
        return tuple(dict.fromkeys((*self.bands, *self.making.bands)))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int16 if self.whole else np.float32)

    @property
    def scale(self) -> float:
        return float(WHOLE) if self.whole else 1.0


def lattice_of(scenes: Sequence[Scene], reading: Reading) -> Lattice:
    """The grid that most scenes share: of the finest of the bands, or of the resolution asked for.

    Scenes on other grids (of another UTM zone, for instance) are resampled onto it. Raises
    `InputError` when there are no scenes, or one has none of the bands.
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
    """The grid that dates are read on; None when they are warped onto the tile.

    That is where it is asked for, and, which is told, where scenes lie too far apart for one grid.
    Raises as `lattice_of` does.
    """
    if reading.grid == "tile":
        return None
    lattice = lattice_of(scenes, reading)
    far = _apart.too_far(lattice, scenes, reading)
    for note in _apart.notes_of(far):
        tell(note)
    return None if far else lattice


def frame_of(target: Tile | Grid, lattice: Lattice | None) -> Frame | None:
    """What a tile is read on: a window of the lattice, or without one the tile itself."""
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
    """As `read_stack`, one date at a time; dates without a valid pixel are left out."""
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

    With `max_valid` every pixel gets at most so many dates, the first ones in `order` (places in
    `dates`; default: as they are), and what lies behind is not read once all have them.
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
    """One stack of one date after the other, for what does not fit in memory."""
    if frame is None:
        return
    for place in _here(dates, frame, reading, None):
        stack = _Growing(1, frame, reading)
        if stack.add(place, dates[place], None) is not None:
            yield stack.done(dates)


class _Growing:
    """A stack while it is filled, date by date."""

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
        """Read a date; its valid pixels, or None when there are none and it is left out."""
        number = len(self.places)
        values = self.values[number]
        valid: Bools = self.valid[number]
        valid[:] = False
        distance = None if self.distance is None else self.distance[number]
        ids: list[str] = []
        parts = _parts(date, self.frame, self.reading)
        room, codes = _judged(parts, self.frame, self.reading, room)
        for part in parts:
            scene = part[0]
            before = valid.copy() if ids else None
            out = values, valid, distance
            if _read_scene(part, self.reading, out, room, codes.get(scene.id)):
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
        """Note that samples of a date are not from its first scene."""
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
    """Places of the dates that reach the frame."""
    places = range(len(dates)) if order is None else order
    return [
        place
        for place in places
        if any(_part(scene, frame, reading) is not None for scene in dates[place].scenes)
    ]


def _parts(date: Overpass, frame: Frame, reading: Reading) -> list[Part]:
    """The scenes of a date that reach a frame, each with the part of it."""
    found = ((scene, _part(scene, frame, reading)) for scene in date.scenes)
    return [(scene, *part) for scene, part in found if part is not None]


def _judged(
    parts: Sequence[Part], frame: Frame, reading: Reading, room: Bools | None
) -> tuple[Bools | None, Mapping[str, Codes]]:
    """Where pixels are still taken, and what is known of the masks, where scenes may overlap."""
    if len(parts) < 2 or reading.mask is None:
        return room, {}
    found = verdict(parts, frame.shape, reading.mask)
    if found is None:
        return room, {}
    free = ~found.ruled_out
    return (free if room is None else room & free), found.codes


def _part(scene: Scene, frame: Frame, reading: Reading) -> tuple[Frame, Slices] | None:
    """The part of a frame that a scene reaches, by the grid of its first band."""
    grid = band_grid(scene, scene.band(reading.bands[0]))
    if scene.shift != (0.0, 0.0):
        transform = Affine.translation(*scene.shift) @ grid.transform
        grid = Grid(grid.crs, transform, grid.shape)
    return frame.part_of(grid)


def _read_scene(
    where: Part,
    reading: Reading,
    out: tuple[Array, Bools, Array | None],
    room: Bools | None,
    codes: Codes | None,
) -> bool:
    """Fill in what a scene adds to its date; whether it adds anything.

    `codes`: what is known already of its mask.
    """
    scene, part, (rows, cols) = where
    values, valid = out[0][:, rows, cols], out[1][rows, cols]
    counts = ~valid
    if room is not None:
        counts &= room[rows, cols]
    if reading.mask is not None and counts.any():
        own = judged(scene, part, reading.mask) if codes is None else codes
        if own is not None:
            counts &= ~rules_out(own)
    if not counts.any():
        return False
    is_first = not valid.any()
    target = values if is_first else np.empty(values.shape, dtype=values.dtype)
    _read_bands(scene, part, reading, target, counts)
    if not is_first:
        np.copyto(values, target, where=counts)
    if out[2] is not None and reading.cloud_distance is not None:
        opening = 0.0 if reading.mask is None else reading.mask.opening
        metres = cloud_distance(scene, part, reading.cloud_distance, reading.making, opening)
        np.copyto(out[2][rows, cols], metres, where=counts)
    valid |= counts
    return bool(counts.any())


def _read_bands(scene: Scene, frame: Frame, reading: Reading, out: Array, counts: Bools) -> None:
    """All bands of a scene, file by file; pixels that lack one no longer count."""
    angles = sun_zenith(scene, frame)
    groups: dict[tuple[str, float | None], list[tuple[int, BandFile]]] = {}
    for place, name in enumerate(reading.bands):
        file = scene.band(name)
        nodata: float | None = None if file.scaling is None else file.scaling.nodata
        groups.setdefault((resolve(file.href, scene.access), nodata), []).append((place, file))
    for (href, nodata), members in groups.items():
        indexes = tuple(file.index for _, file in members)
        grid = band_grid(scene, members[0][1])
        source = FrameSource(
            href=href, grid=grid, indexes=indexes, nodata=nodata, shift=scene.shift
        )
        target = out, [place for place, _ in members]
        pixels, missing = _pixels(source, frame, reading, target, counts)
        counts &= ~missing
        for (place, file), plane in zip(members, pixels, strict=True):
            factor, add = _change(scene, reading.bands[place], frame)
            if angles is not None and file.scaling is not None and file.scaling.sun_elevation:
                times = reading.scale if factor is None else reading.scale * factor
                added = add * reading.scale
                counts &= convert_by_angle(plane, file.scaling, angles, out[place], times, added)
            elif factor is not None:
                convert_times(plane, file.scaling, factor, out[place], reading.scale, add)
            else:
                convert(plane, file.scaling, out[place], reading.scale)


def _change(scene: Scene, band: str, frame: Frame) -> tuple[Array | None, float]:
    """What reflectance is multiplied by (y, x), None for nothing, and what is added then."""
    factor = factor_at(scene, band, frame)
    tone = None if scene.tones is None else scene.tones.get(scene.instrument.band(band).name)
    if tone is None:
        return factor, 0.0
    gain, offset = tone
    return (np.full(frame.shape, gain) if factor is None else factor * gain), offset


def _pixels(
    source: FrameSource,
    frame: Frame,
    reading: Reading,
    target: tuple[Array, Sequence[int]],
    counts: Bools,
) -> tuple[Array, Bools]:
    """Numbers (band, y, x) of a file, and where (y, x) one of its bands has no data.

    Where they need not be resampled, they are read to where their reflectance will be, in places
    of an array, and parts of which nothing `counts` need not be read.
    """
    out, places = target
    first = places[0]
    if isinstance(frame, NativeFrame) and list(places) == [*range(first, first + len(places))]:
        found = frame.read_into(source, out[first : first + len(places)], counts)
        if found is not None:
            return found
    pixels = frame.read(source, reading.resampling, counts)
    missing: Bools = np.logical_or.reduce(np.ma.getmaskarray(pixels))
    return np.ma.getdata(pixels), missing


def strips(frame: Frame | None, reading: Reading, dates: int, limit: int) -> Iterator[Frame | None]:
    """A native frame in strips of rows whose stacks take about `limit` bytes; others whole.

    They are cut at multiples of `_STRIP` rows where there is room for so many: files are stored in
    blocks, which would be decoded twice elsewhere.
    """
    if not isinstance(frame, NativeFrame):
        yield frame
        return
    rows, cols = frame.window
    sample = len(reading.bands) * reading.dtype.itemsize + 3  # valid, and which scene it is from
    sample += 4 if reading.cloud_distance is not None else 0
    row_bytes = dates * len(cols) * sample
    step = max(16, limit // max(1, row_bytes))
    step -= step % _STRIP if step > _STRIP else 0
    start = rows.start
    while start < rows.stop:
        stop = start - start % step + step
        yield NativeFrame(frame.lattice, (range(start, min(stop, rows.stop)), cols))
        start = stop
