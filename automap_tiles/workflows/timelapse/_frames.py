"""Dates stored on disk, and the frames made from them."""

from __future__ import annotations

import math
import textwrap
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from automap_tiles.grid import METRES_PER_DEGREE, Grid
from automap_tiles.pictures.lettering import draw, letters, scale_bar
from automap_tiles.workflows.timelapse._dates import DateShown

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

_SAMPLED = 4096
"""Maximum number of pixels of a date from which the stretch is computed."""
_LOW, _HIGH = 2.0, 98.0
"""Percentiles."""
_NOTHING = 40
"""Grey level of pixels without data."""
_LEVEL = 1
"""zlib level: dates are read two or three times, and written once."""


@dataclass(eq=False)
class KeptDates:
    """The displayed dates in a temporary file; one or two are in memory at a time."""

    file: BinaryIO
    fills: bool
    """Whether masked pixels are filled from the previous date."""
    names: list[str] = field(default_factory=list)
    _places: list[tuple[int, int]] = field(default_factory=list)
    _samples: list[Array] = field(default_factory=list)
    _first: tuple[Array, Bools] | None = None
    """The first clear value of each pixel, and where there is one."""
    _shape: tuple[int, ...] = ()
    _dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.int16))

    def add(self, moment: DateShown) -> None:
        """Store a date; all have the same shape and dtype."""
        self._shape, self._dtype = moment.values.shape, moment.values.dtype
        seen = moment.clear if self.fills else moment.seen
        content = zlib.compress(moment.values.tobytes() + np.packbits(seen).tobytes(), _LEVEL)
        self._places.append((self.file.seek(0, 2), len(content)))
        self.file.write(content)
        self.names.append(moment.name)
        clear = moment.clear if moment.clear.any() else moment.seen
        values = moment.values[:, clear]
        self._samples.append(values[:, :: max(1, -(-values.shape[1] // _SAMPLED))].copy())
        if self.fills:
            self._note_first(moment)

    def limits(self) -> tuple[tuple[float, float], ...]:
        """2nd and 98th percentile of the clear pixels of all dates, per band."""
        values = np.concatenate(self._samples, axis=1)
        return tuple(
            (float(low), float(high))
            for low, high in np.percentile(values, [_LOW, _HIGH], axis=1).T
        )

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[Array, Bools]]:
        """Values (band, y, x) of each date and their validity (y, x), filled if requested."""
        before: tuple[Array, Bools] | None = None
        if self._first is not None:
            before = self._first[0].copy(), self._first[1].copy()
        for place in range(len(self)):
            values, seen = self._read(place)
            if before is not None:
                np.copyto(before[0], values, where=seen)
                values, seen = before
            yield values, seen

    def _read(self, place: int) -> tuple[Array, Bools]:
        start, size = self._places[place]
        self.file.seek(start)
        content = zlib.decompress(self.file.read(size))
        count = math.prod(self._shape) * self._dtype.itemsize
        values = np.frombuffer(content[:count], dtype=self._dtype).reshape(self._shape)
        bits = np.frombuffer(content[count:], dtype=np.uint8)
        pixels = math.prod(self._shape[1:])
        seen = np.unpackbits(bits, count=pixels).astype(bool).reshape(self._shape[1:])
        return values, seen

    def _note_first(self, moment: DateShown) -> None:
        if self._first is None:
            self._first = moment.values.copy(), moment.clear.copy()
            return
        values, known = self._first
        np.copyto(values, moment.values, where=moment.clear & ~known)
        known |= moment.clear


@dataclass(frozen=True, kw_only=True)
class FrameStyle:
    """Rendering of the dates, the same for all of them."""

    limits: tuple[tuple[float, float], ...]
    """Per band: values for black and white."""
    factor: int = 1
    """Integer enlargement of pixels."""
    grid: Grid
    caption: bool = True
    credit: str = ""

    def frame(self, values: Array, seen: Bools, name: str) -> Array:
        """(y, x, 3) bytes."""
        planes = [_stretched(plane, *limits)
                  for plane, limits in zip(values, self.limits, strict=True)]  # fmt: skip
        picture = np.stack(planes * (3 if len(planes) == 1 else 1), axis=-1)
        picture[~seen] = _NOTHING
        large = picture.repeat(self.factor, axis=0).repeat(self.factor, axis=1)
        if self.caption:
            self._draw(large, name)
        return large

    def _draw(self, picture: Array, name: str) -> None:
        height, width = picture.shape[:2]
        size = 2 if min(height, width) >= 400 else 1
        draw(picture, letters(name, size), "upper left", 6 * size)
        bar = scale_bar(pixel_metres(self.grid) / self.factor, width, size)
        draw(picture, bar, "lower left", 6 * size)
        room = width - bar.shape[1] - 24 * size
        lines = textwrap.wrap(self.credit, max(1, room // (6 * size)))
        if lines and room > 0:
            draw(picture, _paragraph(lines, size), "lower right", 6 * size)


@dataclass(eq=False)
class DrawnFrames:
    """The frames, rendered on iteration, which may be repeated."""

    kept: KeptDates
    look: FrameStyle
    _stream: Iterator[tuple[Array, Bools]] | None = None
    _place: int = -1
    _last: Array | None = None

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, number: int) -> Array:
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number < self._place or self._stream is None:
            self._stream, self._place = iter(self.kept), -1
        while self._place < number:
            values, seen = next(self._stream)
            self._place += 1
            if self._place == number:
                self._last = self.look.frame(values, seen, self.kept.names[number])
        if self._last is None:
            raise IndexError(number)
        return self._last


def pixel_metres(grid: Grid) -> float:
    """Width of a pixel on the ground, at the centre of a grid, metres."""
    from rasterio.warp import transform

    bounds = grid.bounds
    middle = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    ends = [middle[0] - grid.transform.a / 2, middle[0] + grid.transform.a / 2]
    longitudes, latitudes = transform(grid.crs, "EPSG:4326", ends, [middle[1], middle[1]])
    # a pixel on the antimeridian has its ends on both sides of it
    turned = (longitudes[1] - longitudes[0] + 180) % 360 - 180
    east = turned * math.cos(math.radians(latitudes[0]))
    return math.hypot(east, latitudes[1] - latitudes[0]) * METRES_PER_DEGREE


def _stretched(plane: Array, low: float, high: float) -> Array:
    part = (plane.astype(np.float32) - low) / max(high - low, 1e-12)
    return np.asarray(np.clip(part * 255 + 0.5, 0, 255)).astype(np.uint8)


def _paragraph(lines: Sequence[str], size: int) -> Bools:
    """Right-aligned lines of text."""
    drawn = [letters(line, size) for line in lines]
    wide = max(each.shape[1] for each in drawn)
    parts: list[Bools] = []
    for each in drawn:
        parts += [np.pad(each, ((0, 3 * size), (wide - each.shape[1], 0)))]
    return np.concatenate(parts)[: -3 * size]
