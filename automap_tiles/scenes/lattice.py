"""The lattice: the unbounded native pixel grid of a sensor, of which tiles read windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from affine import Affine
from rasterio.crs import CRS

from automap_tiles.errors import GridError, InputError
from automap_tiles.grid import Bounds, Grid, Tile, unit_parts
from automap_tiles.raster import kernel_window
from automap_tiles.vector import reproject_bounds

# Fraction of a pixel by which grids may differ and still count as aligned.
_ALIGNED = 1e-3

BLOCK = 256
"""Edge in pixels of the fixed blocks in which scenes on other grids are resampled."""

Window = tuple[range, range]
"""Rows and columns, counted from the lattice's origin; may be negative."""


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """Pixels of one size in one CRS, covering the whole plane."""

    crs: CRS
    transform: Affine
    """North up; rows and columns count from its corner."""

    @classmethod
    def of(cls, grid: Grid, resolution: float | None = None) -> Lattice:
        """The lattice of a grid, or one of coarser or finer pixels with the same corner."""
        transform = grid.transform
        if not grid.is_north_up:
            raise InputError("a scene whose pixels are not north up cannot be read on its own grid")
        if resolution is not None:
            transform = Affine(resolution, 0, transform.c, 0, -resolution, transform.f)
        return cls(crs=grid.crs, transform=transform)

    @property
    def pixel(self) -> tuple[float, float]:
        """(width, height) of a pixel in CRS units."""
        return self.transform.a, -self.transform.e

    def moved(self, shift: tuple[float, float]) -> Lattice:
        """The lattice shifted by (x, y) in units of the CRS, with the same rows and columns."""
        if shift == (0.0, 0.0):
            return self
        return Lattice(crs=self.crs, transform=Affine.translation(*shift) @ self.transform)

    def grid(self, window: Window) -> Grid:
        """A window as a grid; equal corners give bitwise equal coordinates in any window."""
        rows, cols = window
        corner = Affine.translation(cols.start, rows.start)
        return Grid(self.crs, self.transform @ corner, (len(rows), len(cols)))

    def window(self, bounds: Bounds, margin: tuple[float, float] = (0.0, 0.0)) -> Window:
        """Rows and columns that cover a box, widened by (y, x) pixels."""
        width, height = self.pixel
        left, top = self.transform.c, self.transform.f
        return (
            range(
                math.floor((top - bounds.top) / height - margin[0]),
                math.ceil((top - bounds.bottom) / height + margin[0]),
            ),
            range(
                math.floor((bounds.left - left) / width - margin[1]),
                math.ceil((bounds.right - left) / width + margin[1]),
            ),
        )

    def offset(self, grid: Grid, factor: int = 1) -> tuple[int, int] | None:
        """(row, col) of a grid's first pixel; None if it is not aligned with the lattice.

        `factor`: lattice pixels per edge of a grid pixel.
        """
        own, theirs = self.transform, grid.transform
        if grid.crs != self.crs or (theirs.b, theirs.d) != (0, 0):
            return None
        for first, last in ((own.a, theirs.a), (own.e, theirs.e)):
            # over the whole grid, not over one pixel
            if abs(first * factor - last) * max(grid.shape) > _ALIGNED * abs(first):
                return None
        row, col = (theirs.f - own.f) / own.e, (theirs.c - own.c) / own.a
        if abs(row - round(row)) > _ALIGNED or abs(col - round(col)) > _ALIGNED:
            return None
        return round(row), round(col)

    def factor(self, grid: Grid) -> int:
        """Lattice pixels per edge of a grid pixel, rounded, at least 1."""
        return max(1, round(grid.transform.a / self.transform.a))

    def extent(self, grid: Grid) -> Bounds | None:
        """Bounding box of a grid in the CRS of the lattice; None if it cannot be transformed."""
        return _box_in(grid.bounds, grid.crs, self.crs)


def check_upright(grid: Grid, path: str) -> None:
    """Raise `InputError` that names a file whose pixels do not run east and south."""
    if not grid.is_north_up:
        raise InputError("its pixels are not north up: gdalwarp brings them onto such a grid", path)


def choose(grids: Iterable[Grid], resolution: float | None = None) -> Lattice:
    """The lattice shared by most of these grids; the finest one in case of a tie.

    Raises `InputError` if there are none.
    """
    lattices: list[tuple[Lattice, int]] = []
    for grid in grids:
        for number, (lattice, count) in enumerate(lattices):
            if lattice.offset(grid) is not None:
                lattices[number] = lattice, count + 1
                break
        else:
            lattices.append((Lattice.of(grid), 1))
    if not lattices:
        raise InputError("there are no scenes to take a grid from")
    best, _ = min(lattices, key=lambda pair: (-pair[1], pair[0].pixel))
    if resolution is None:
        return best
    return Lattice.of(Grid(best.crs, best.transform, (1, 1)), resolution)


def window_around(lattice: Lattice, target: Tile | Grid) -> Window | None:
    """The pixels needed to resample a tile or grid with any kernel.

    Covers the full support of every unit block that the tile intersects. None if the target cannot
    be transformed to the lattice's CRS.
    """
    grids = [part.grid for part in unit_parts(target)] if isinstance(target, Tile) else [target]
    found = [kernel_window.kernel_window(lattice.crs, lattice.transform, grid) for grid in grids]
    windows = [window for window in found if window is not None]
    if not windows:
        return None
    rows, cols = zip(*windows, strict=True)
    return _hull(rows), _hull(cols)


def _box_in(bounds: Bounds, source: CRS, target: CRS) -> Bounds | None:
    try:
        box = reproject_bounds(bounds, source, target)
    except GridError:
        return None
    return box if all(map(math.isfinite, box)) and box.width > 0 and box.height > 0 else None


def _hull(ranges: Iterable[range]) -> range:
    several = list(ranges)
    return range(min(each.start for each in several), max(each.stop for each in several))


def intersection(window: Window, other: Window) -> Window | None:
    """The common pixels; None if there are none."""
    (rows, cols), (other_rows, other_cols) = window, other
    shared = (
        range(max(rows.start, other_rows.start), min(rows.stop, other_rows.stop)),
        range(max(cols.start, other_cols.start), min(cols.stop, other_cols.stop)),
    )
    return shared if shared[0] and shared[1] else None


def widened(window: Window, pixels: int) -> Window:
    """The window with this many more pixels on every side."""
    rows, cols = window
    return (
        range(rows.start - pixels, rows.stop + pixels),
        range(cols.start - pixels, cols.stop + pixels),
    )


def slices(window: Window, within: Window) -> tuple[slice, slice]:
    """Slices of a window in the array of a larger one."""
    (rows, cols), (outer_rows, outer_cols) = window, within
    return (
        slice(rows.start - outer_rows.start, rows.stop - outer_rows.start),
        slice(cols.start - outer_cols.start, cols.stop - outer_cols.start),
    )


def blocks(window: Window, size: int = BLOCK) -> Iterator[Window]:
    """The fixed blocks of the lattice that a window intersects, row by row."""
    rows, cols = window
    for row in range(rows.start // size, (rows.stop - 1) // size + 1):
        for col in range(cols.start // size, (cols.stop - 1) // size + 1):
            yield (
                range(row * size, (row + 1) * size),
                range(col * size, (col + 1) * size),
            )
