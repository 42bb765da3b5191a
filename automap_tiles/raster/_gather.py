"""Nearest neighbours by indexing into a window that is read once for all bands.

GDAL's warper repeats transformation and lookup for each dataset; here the source indexes are
computed once per source grid and target, and shared by all bands, dates and files on that grid.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from automap_tiles.grid import Grid, UnitPart
from automap_tiles.raster._coordinates import Floats, PixelTransformer
from automap_tiles.raster._target import Target, parts_of, rows_of
from automap_tiles.raster.lru import ByteLRU, share

CACHE_BYTES = 64 * 2**20
"""Source indexes cached per thread: 256 tiles of 256 x 256 pixels."""

WINDOW_PIXELS = 2**21
"""Source pixels of a band read at once; larger windows are read in pieces."""

STRIP_PIXELS = 2**18
"""Target pixels of a strip of a plain grid."""

ROUNDING = 1e-10
"""Offset in source pixels that GDAL adds before truncation (`GWKNearestThread`)."""

SeparateLevel = Callable[[Grid], int | None]
"""Which overview of the source is used for a unit block; None is full resolution."""

ReadWindow = Callable[[int | None, Window], tuple[NDArray[Any], NDArray[np.bool_] | None]]
"""(level, window) -> pixels (band, y, x), and where the source's mask says there is no data."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of the target and the indexes of its pixels in one window of the source."""

    rows: slice
    cols: slice
    level: int | None
    """Overview of the source; None is full resolution."""
    window: Window | None
    """Window of the source (or its overview) in pixels; None outside the source."""
    index: NDArray[np.int32] | None
    """Per target pixel, the index into the flattened window; 0 outside the source."""
    outside: NDArray[np.bool_] | None
    """Target pixels outside the source; None when there are none."""

    @property
    def size(self) -> int:
        """Bytes."""
        arrays = (self.index, self.outside)
        return 200 + sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, slots=True)
class _Places:
    """Integer source pixels of a rectangle of the target."""

    rows: slice
    cols: slice
    y: NDArray[np.int32]
    x: NDArray[np.int32]
    outside: NDArray[np.bool_] | None

    def part(self, rows: slice, cols: slice) -> _Places:
        """A smaller rectangle, given in rows and columns of this one."""
        outside = None if self.outside is None else self.outside[rows, cols]
        return _Places(
            slice(self.rows.start + rows.start, self.rows.start + rows.stop),
            slice(self.cols.start + cols.start, self.cols.start + cols.stop),
            self.y[rows, cols],
            self.x[rows, cols],
            outside if outside is None or outside.any() else None,
        )


class _Cache(threading.local):
    def __init__(self) -> None:
        self.plans: ByteLRU[tuple[Piece, ...]] = ByteLRU(share(CACHE_BYTES))


_cache = _Cache()


def plan(sources: Sequence[Grid], target: Target, level: SeparateLevel) -> tuple[Piece, ...]:
    """The pieces of a target; kept per thread for the next file on the same grid.

    `sources` are the grid of the source followed by those of its overviews.
    """
    key = (tuple(sources), target)
    known = _cache.plans.get(key)
    if known is None:
        known = tuple(_pieces(sources, target, level))
        _cache.plans.put(key, known, sum(piece.size for piece in known))
    return known


def gather(
    pieces: Sequence[Piece],
    out: NDArray[Any],
    missing: NDArray[np.bool_],
    fill: Sequence[Any],
    read_window: ReadWindow,
) -> None:
    """Fill `out` (band, y, x), and set `missing` where the source has no pixel.

    `fill` has the value for such pixels, one per band. `missing` must be all False on entry.
    """
    for piece in pieces:
        view = out[:, piece.rows, piece.cols]
        hole = missing[:, piece.rows, piece.cols]
        if piece.window is None or piece.index is None:
            for band, value in enumerate(fill):
                view[band] = value
            hole[:] = True
            continue
        pixels, masked = read_window(piece.level, piece.window)
        _pick(pixels, piece.index, view)
        if masked is not None:
            _pick(masked, piece.index, hole)
        if piece.outside is not None:
            for band, value in enumerate(fill):
                np.copyto(view[band], value, where=piece.outside)
            hole |= piece.outside


def _pick(pixels: NDArray[Any], index: NDArray[np.int32], out: NDArray[Any]) -> None:
    flat = pixels.reshape(len(pixels), -1)
    # Blocks of rows whose index stays in the CPU cache while all bands are gathered.
    step = max(1, 2**16 // index.shape[1])
    for start in range(0, len(index), step):
        block = index[start : start + step].astype(np.intp)
        for band, values in enumerate(flat):
            part = out[band, start : start + step]
            if part.flags.c_contiguous:
                np.take(values, block, out=part, mode="clip")
            else:
                part[:] = values.take(block, mode="clip")


def _pieces(sources: Sequence[Grid], target: Target, level: SeparateLevel) -> Iterator[Piece]:
    for run in rows_of(parts_of(target)):
        levels = [level(part.grid) for part in run]
        start = 0
        for stop in range(1, len(run) + 1):
            if stop == len(run) or levels[stop] != levels[start]:
                chosen = levels[start]
                source = sources[0 if chosen is None else chosen + 1]
                for strip in _strips(run[start:stop]):
                    yield from _cut(_places(strip, source), chosen)
                start = stop


def _strips(run: list[UnitPart]) -> Iterator[list[UnitPart]]:
    """A run of parts, split into strips when the block is much larger than a tile."""
    rows_tile, rows_unit = run[0].tile_window[0], run[0].unit_window[0]
    width = sum(part.tile_window[1].stop - part.tile_window[1].start for part in run)
    step = max(1, STRIP_PIXELS // width)
    if len(run) > 1 or step >= rows_tile.stop - rows_tile.start:
        yield run
        return
    part = run[0]
    for start in range(0, rows_tile.stop - rows_tile.start, step):
        stop = min(start + step, rows_tile.stop - rows_tile.start)
        yield [
            UnitPart(
                part.grid,
                part.key,
                (slice(rows_tile.start + start, rows_tile.start + stop), part.tile_window[1]),
                (slice(rows_unit.start + start, rows_unit.start + stop), part.unit_window[1]),
            )
        ]


def _places(run: list[UnitPart], source: Grid) -> _Places:
    found = [_unit_places(part, source) for part in run]
    y, x, outside = (np.concatenate(arrays, axis=1) for arrays in zip(*found, strict=True))
    cols = slice(run[0].tile_window[1].start, run[-1].tile_window[1].stop)
    return _Places(run[0].tile_window[0], cols, y, x, outside if outside.any() else None)


def _unit_places(
    part: UnitPart, source: Grid
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Source row and column of each pixel, as GDAL's nearest neighbour decides."""
    height, width = source.shape
    rows, cols = part.unit_window
    transformer = PixelTransformer(part.grid, source)
    x, y = transformer.along_rows(rows)
    x, y = x[:, cols], y[:, cols]
    if x.min() >= 0 and y.min() >= 0 and x.max() < width - 1 and y.max() < height - 1:
        outside = np.zeros(x.shape, dtype=bool)
    else:
        _retry_edge(transformer, x, y, part)
        inside = _inside(x, y, source)
        outside = ~inside
        x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
    col, row = (x + ROUNDING).astype(np.int32), (y + ROUNDING).astype(np.int32)
    np.minimum(col, width - 1, out=col)
    np.minimum(row, height - 1, out=row)
    return row, col, outside


def _inside(x: Floats, y: Floats, source: Grid) -> NDArray[np.bool_]:
    height, width = source.shape
    inside: NDArray[np.bool_] = (
        (x >= 0) & (y >= 0) & (x + ROUNDING <= width) & (y + ROUNDING <= height)
    )
    return inside


def _retry_edge(transformer: PixelTransformer, x: Floats, y: Floats, part: UnitPart) -> None:
    """Transform pixels exactly that are less than a pixel outside the source.

    GDAL does so too, to keep the approximation from opening gaps between adjacent scenes.
    """
    height, width = transformer.source.shape
    near = (x > -1) & (y > -1) & (x < width + 1) & (y < height + 1)
    near &= ~_inside(x, y, transformer.source)
    rows, cols = np.nonzero(near)
    if len(rows):
        first_row, first_col = part.unit_window[0].start, part.unit_window[1].start
        x[near], y[near] = transformer.exact(cols + first_col + 0.5, rows + first_row + 0.5)


def _cut(places: _Places, level: int | None) -> Iterator[Piece]:
    """One piece, or several where the window is too large to be read at once."""
    box = _box(places)
    if box is None:
        yield Piece(places.rows, places.cols, level, None, None, None)
        return
    top, bottom, left, right = box
    height, width = bottom - top, right - left
    if height * width <= WINDOW_PIXELS or places.y.size == 1:
        index = (places.y - top) * width
        index += places.x - left
        if places.outside is not None:
            index[places.outside] = 0
        window = Window(left, top, width, height)
        yield Piece(places.rows, places.cols, level, window, index, places.outside)
        return
    for rows, cols in _halves(places.y.shape, by_rows=height >= width):
        yield from _cut(places.part(rows, cols), level)


def _box(places: _Places) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) of the source pixels; None when all lie outside."""
    y, x = places.y, places.x
    if places.outside is not None:
        if places.outside.all():
            return None
        inside = ~places.outside
        y, x = y[inside], x[inside]
    return int(y.min()), int(y.max()) + 1, int(x.min()), int(x.max()) + 1


def _halves(shape: tuple[int, ...], *, by_rows: bool) -> list[tuple[slice, slice]]:
    height, width = shape
    if (by_rows and height > 1) or width == 1:
        middle = height // 2
        return [(slice(0, middle), slice(0, width)), (slice(middle, height), slice(0, width))]
    middle = width // 2
    return [(slice(0, height), slice(0, middle)), (slice(0, height), slice(middle, width))]
