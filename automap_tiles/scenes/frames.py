"""Target frames of scenes: a window of the sensor's native grid, or a tile.

Resampling is done in fixed parts, blocks of the lattice or unit blocks of the pyramid, so that no
pixel depends on the requested window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine

from automap_tiles import raster
from automap_tiles.grid import Grid, Tile, unit_parts
from automap_tiles.raster import Raster
from automap_tiles.scenes.lattice import (
    Lattice,
    Window,
    blocks,
    intersection,
    slices,
    window_around,
)

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Picture = np.ma.MaskedArray[Any, Any]
Slices = tuple[slice, slice]
Compute = Callable[[Window], Array]
"""Computes the array (y, x) of a window of a lattice."""


@dataclass(frozen=True, kw_only=True)
class FrameSource:
    """One file, and what to read from it."""

    href: str
    grid: Grid
    indexes: tuple[int, ...]
    nodata: float | None
    """Overrides the file's own nodata value; None: use the file's."""
    shift: tuple[float, float] = (0.0, 0.0)
    """(x, y) in units of its CRS by which the true position differs from the file's
    georeference."""

    @property
    def is_moved(self) -> bool:
        return self.shift != (0.0, 0.0)


@dataclass(frozen=True)
class NativeFrame:
    """A window of a lattice."""

    lattice: Lattice
    window: Window

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.window[0]), len(self.window[1])

    @property
    def grid(self) -> Grid:
        return self.lattice.grid(self.window)

    def part_of(self, grid: Grid) -> tuple[NativeFrame, Slices] | None:
        """The part covered by a grid, and its slices in this frame; None if outside."""
        box = self.lattice.extent(grid)
        if box is None:
            return None
        reach = self.lattice.window(box, (1, 1))
        if self.lattice.offset(grid, self.lattice.factor(grid)) is not None:
            reach = _own_window(self.lattice, grid)
        shared = intersection(self.window, reach)
        if shared is None:
            return None
        return NativeFrame(self.lattice, shared), slices(shared, self.window)

    def read(self, source: FrameSource, resampling: str, wanted: Bools | None = None) -> Picture:
        """(band, y, x) of a file; pixels of coarser bands are repeated.

        Values with no `wanted` (y, x) pixel around are arbitrary; None: all are wanted.
        """
        factor = self.lattice.factor(source.grid)
        offset = None if source.is_moved else self.lattice.offset(source.grid, factor)
        if offset is None:
            return _in_parts(self, source, resampling)
        own = Lattice.of(source.grid)
        window, cut = _coarser(self.window, offset, factor)
        pixels = raster.read(
            source.href,
            own.grid(window),
            indexes=source.indexes,
            nodata=source.nodata,
            wanted=_by_coarser(wanted, window, factor, cut),
        )
        return pixels if factor == 1 else _repeated(pixels, factor, cut)

    def read_into(
        self, source: FrameSource, out: Array, wanted: Bools
    ) -> tuple[Array, Bools] | None:
        """Like `raster.read_into`; None for a file with another grid or pixel size."""
        offset = None if source.is_moved else self.lattice.offset(source.grid)
        if offset is None:
            return None
        window, _ = _coarser(self.window, offset, 1)
        own = Lattice.of(source.grid).grid(window)
        return raster.read_into(
            source.href,
            own,
            out,
            indexes=source.indexes,
            nodata=source.nodata,
            wanted=wanted,
        )

    def bring(self, lattice: Lattice, compute: Compute) -> Array:
        """(y, x) computed on another lattice, upsampled by repetition or by nearest neighbour."""
        grid = Grid(lattice.crs, lattice.transform, (1, 1))
        factor = self.lattice.factor(grid)
        offset = self.lattice.offset(grid, factor)
        if offset is None:
            return _brought(self, lattice, compute)
        window, cut = _coarser(self.window, offset, factor)
        array = compute(window)
        return array if factor == 1 else np.ascontiguousarray(_repeat(array, factor)[cut])

    def parts(self) -> Iterator[tuple[Grid, Slices, Slices]]:
        """Fixed blocks: (grid, slices in this frame, slices in the block)."""
        for block in blocks(self.window):
            shared = intersection(block, self.window)
            if shared is not None:
                yield (
                    self.lattice.grid(block),
                    slices(shared, self.window),
                    slices(shared, block),
                )


@dataclass(frozen=True)
class TileFrame:
    """A tile onto which every scene is warped."""

    tile: Tile

    @property
    def shape(self) -> tuple[int, int]:
        return self.tile.shape

    @property
    def grid(self) -> Grid:
        return self.tile.grid

    def part_of(self, grid: Grid) -> tuple[TileFrame, Slices] | None:
        """The whole tile, or None if a grid does not intersect it."""
        lattice = Lattice.of(grid)
        window = window_around(lattice, self.tile)
        if window is None or intersection(window, _window_of(grid)) is None:
            return None
        height, width = self.shape
        return self, (slice(0, height), slice(0, width))

    def read(self, source: FrameSource, resampling: str, wanted: Bools | None = None) -> Picture:  # noqa: ARG002
        """(band, y, x) of a file, in full, as any pixel may be needed by resampling."""
        if source.is_moved:
            return _in_parts(self, source, resampling)
        return raster.read(
            source.href,
            self.tile,
            indexes=source.indexes,
            resampling=resampling,
            nodata=source.nodata,
        )

    def bring(self, lattice: Lattice, compute: Compute) -> Array:
        """(y, x) computed on a lattice, by nearest neighbour."""
        return _brought(self, lattice, compute)

    def parts(self) -> Iterator[tuple[Grid, Slices, Slices]]:
        """Unit blocks: (grid, slices in the tile, slices in the block)."""
        for part in unit_parts(self.tile):
            yield part.grid, part.tile_window, part.unit_window


Frame = NativeFrame | TileFrame


def _in_parts(frame: Frame, source: FrameSource, resampling: str) -> Picture:
    """Read a file with another grid or a shift, in fixed blocks."""
    pieces = [
        (
            here,
            raster.read(
                source.href,
                _moved_back(grid, source),
                indexes=source.indexes,
                resampling=resampling,
                nodata=source.nodata,
            )[:, *there],
        )
        for grid, here, there in frame.parts()
    ]
    first = pieces[0][1]
    data = np.zeros((len(first), *frame.shape), dtype=first.dtype)
    mask = np.ones(data.shape, dtype=bool)
    for here, piece in pieces:
        data[:, *here] = np.ma.getdata(piece)
        mask[:, *here] = np.ma.getmaskarray(piece)
    return np.ma.MaskedArray(data, mask=mask)


def _moved_back(grid: Grid, source: FrameSource) -> Grid:
    """The grid's pixels in the coordinates of a shifted file, so that one resampling suffices."""
    if not source.is_moved:
        return grid
    x, y = source.shift
    if grid.crs != source.grid.crs:
        x, y = _turned(grid, source)
    return Grid(grid.crs, Affine.translation(-x, -y) @ grid.transform, grid.shape)


def _turned(grid: Grid, source: FrameSource) -> tuple[float, float]:
    """The shift of a file in the CRS of a grid, at its centre."""
    from rasterio.warp import transform

    bounds = grid.bounds
    middle = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    xs, ys = transform(grid.crs, source.grid.crs, [middle[0]], [middle[1]])
    xs, ys = transform(
        source.grid.crs, grid.crs, [xs[0] + source.shift[0]], [ys[0] + source.shift[1]]
    )
    return xs[0] - middle[0], ys[0] - middle[1]


def _brought(frame: Frame, lattice: Lattice, compute: Compute) -> Array:
    """Computed around each part and resampled from there; zero outside."""
    out: Array | None = None
    for grid, here, there in frame.parts():
        window = window_around(lattice, grid)
        if window is None:
            continue
        array = compute(window)
        if out is None:
            out = np.zeros(frame.shape, dtype=array.dtype)
        moved = raster.warp(Raster(_as_numbers(array), lattice.grid(window)), grid)
        out[here] = np.ma.getdata(moved)[0][there].astype(array.dtype)
    return np.zeros(frame.shape, dtype=bool) if out is None else out


def _as_numbers(array: Array) -> Array:
    return array.astype(np.uint8) if array.dtype == bool else array


def _window_of(grid: Grid) -> Window:
    """A grid as a window of its own lattice."""
    return range(grid.height), range(grid.width)


def _own_window(lattice: Lattice, grid: Grid) -> Window:
    """The window of an aligned grid."""
    factor = lattice.factor(grid)
    row, col = lattice.offset(grid, factor) or (0, 0)
    return range(row, row + grid.height * factor), range(col, col + grid.width * factor)


def _coarser(window: Window, offset: tuple[int, int], factor: int) -> tuple[Window, Slices]:
    """The coarse pixels that cover a window, and its slices in them after upsampling."""
    ranges: list[range] = []
    cuts: list[slice] = []
    for own, start in zip(window, offset, strict=True):
        first = (own.start - start) // factor
        last = -(-(own.stop - start) // factor)
        cut = own.start - start - first * factor
        ranges.append(range(first, last))
        cuts.append(slice(cut, cut + len(own)))
    return (ranges[0], ranges[1]), (cuts[0], cuts[1])


def _by_coarser(wanted: Bools | None, window: Window, factor: int, cut: Slices) -> Bools | None:
    """Coarse pixels (y, x) of a window of which any part is wanted."""
    if wanted is None or factor == 1:
        return wanted
    height, width = (len(span) for span in window)
    finer = np.zeros((height * factor, width * factor), dtype=bool)
    finer[cut] = wanted
    parts = finer.reshape(height, factor, width, factor)
    found: Bools = np.logical_or.reduce(parts, axis=(1, 3))
    return found


def _repeated(pixels: Picture, factor: int, cut: Slices) -> Picture:
    data, mask = np.ma.getdata(pixels), np.ma.getmaskarray(pixels)
    return np.ma.MaskedArray(
        np.ascontiguousarray(_repeat(data, factor)[:, *cut]),
        mask=np.ascontiguousarray(_repeat(mask, factor)[:, *cut]),
    )


def _repeat(array: Array, factor: int) -> Array:
    return array.repeat(factor, axis=-2).repeat(factor, axis=-1)
