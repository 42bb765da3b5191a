"""A sample of a raster's pixels, read before its first tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine

from automap_tiles import raster
from automap_tiles.grid import Grid
from automap_tiles.raster import Georeferencing
from automap_tiles.vector import ground_size

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

_ACROSS = 5
"""Windows along each side: 25 windows cost 25 blocks of a file, however large it is."""
_WINDOW = 32
"""Pixels along the edge of a window."""


@dataclass(frozen=True, kw_only=True)
class PixelSample:
    """Some pixels of a raster, as they are stored, and how large they are."""

    pixels: RasterArray
    """(band, pixel); the mask is True where there is no data."""
    pixel: float | None
    """Ground size (m) of a pixel in the middle; None: unknown."""


def sample_file(url: str) -> PixelSample:
    """Sample evenly spaced windows of a raster file; raises `InputError`."""
    info = raster.inspect(url)
    if info.georeferencing is not Georeferencing.TRANSFORM or info.crs is None:
        return PixelSample(pixels=_flat([]), pixel=None)
    grid = info.grid
    found = [raster.read(url, window) for window in _windows(grid)]
    return PixelSample(pixels=_flat(found), pixel=ground_size(grid))


def sample_tiles(tiles: Iterable[tuple[RasterArray, Grid]]) -> PixelSample:
    """Combine samples from the middle of tiles, each with the grid of the whole tile."""
    found, size = [], None
    for pixels, grid in tiles:
        size = ground_size(grid) if size is None else size
        found.append(pixels)
    return PixelSample(pixels=_flat(found), pixel=size)


def sample_window(grid: Grid) -> Grid:
    """The window of a tile that is sampled."""
    rows, cols = (_middle(length) for length in grid.shape)
    return _window(grid, rows, cols)


def _windows(grid: Grid) -> Iterator[Grid]:
    rows, cols = (_starts(length) for length in grid.shape)
    for row in rows:
        for col in cols:
            height, width = (min(_WINDOW, length) for length in grid.shape)
            yield _window(grid, range(row, row + height), range(col, col + width))


def _starts(length: int) -> list[int]:
    """First pixels of windows along a side, evenly spaced and away from the edges."""
    if length <= _ACROSS * _WINDOW:
        return list(range(0, max(1, length - _WINDOW + 1), _WINDOW))
    step = length / _ACROSS
    return [int((number + 0.5) * step - _WINDOW / 2) for number in range(_ACROSS)]


def _middle(length: int) -> range:
    start = max(0, (length - _WINDOW) // 2)
    return range(start, min(length, start + _WINDOW))


def _window(grid: Grid, rows: range, cols: range) -> Grid:
    corner = Affine.translation(cols.start, rows.start)
    return Grid(grid.crs, grid.transform @ corner, (len(rows), len(cols)))


def _flat(found: list[RasterArray]) -> RasterArray:
    """(band, pixel) of all windows."""
    if not found:
        return np.ma.MaskedArray(np.zeros((0, 0)))
    rows = [(np.ma.getdata(each), np.ma.getmaskarray(each)) for each in found]
    pixels, masks = (
        np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
        for parts in zip(*rows, strict=True)
    )
    return np.ma.MaskedArray(pixels, mask=masks)
