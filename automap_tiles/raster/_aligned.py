"""Sources aligned with the target grid: a plain windowed read, no warp.

GDAL's warper would return the same pixels, whatever the resampling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rasterio.windows import Window

from automap_tiles.grid import Grid, UnitPart
from automap_tiles.raster._coordinates import wraps_longitudes
from automap_tiles.raster._target import Target, parts_of, rows_of

TOLERANCE = 1e-6
"""Largest offset (pixels) between the two grids at any corner of the region read."""


@dataclass(frozen=True, slots=True)
class AlignedPiece:
    """A rectangle of the target and its window in the source, clipped to the source's extent."""

    rows: slice
    cols: slice
    window: Window | None
    """None when the rectangle is outside the source."""
    inner_rows: slice
    """Rows of the target that the window fills; the others are outside the source."""
    inner_cols: slice


def aligned_pieces(source: Grid, target: Target) -> list[AlignedPiece] | None:
    """The windows to read, or None when the grids are not aligned."""
    if source.crs != target.crs or not _same_pixels(source, target) or wraps_longitudes(source):
        return None
    pieces = []
    for first, last in _regions(parts_of(target)):
        offset = _offset(source, first, last)
        if offset is None:
            return None
        rows = slice(first.tile_window[0].start, last.tile_window[0].stop)
        cols = slice(first.tile_window[1].start, last.tile_window[1].stop)
        pieces.append(_piece(source, rows, cols, offset))
    return pieces


def _same_pixels(source: Grid, target: Target) -> bool:
    ours, theirs = target.transform, source.transform
    if (theirs.b, theirs.d) != (0, 0) or theirs.a <= 0 or theirs.e >= 0:
        return False
    # The offsets of two corners are decisive; this check rules most sources out cheaply.
    return abs(ours.a - theirs.a) <= 1e-6 * ours.a and abs(ours.e - theirs.e) <= -1e-6 * ours.e


def _regions(parts: list[UnitPart]) -> Iterator[tuple[UnitPart, UnitPart]]:
    """First and last part of each rectangle between crossings of the antimeridian."""
    runs = list(rows_of(parts))
    by_cols: dict[int, tuple[UnitPart, UnitPart]] = {}
    for run in runs:
        start = run[0].tile_window[1].start
        first = by_cols[start][0] if start in by_cols else run[0]
        by_cols[start] = (first, run[-1])
    yield from by_cols.values()


def _offset(source: Grid, first: UnitPart, last: UnitPart) -> tuple[int, int] | None:
    """(row, col) of the first pixel in the source; None when it is not a whole number."""
    start = _pixel(source, first.grid, first.unit_window[0].start, first.unit_window[1].start)
    stop = _pixel(source, last.grid, last.unit_window[0].stop, last.unit_window[1].stop)
    for value in (*start, *stop):
        if not abs(value - round(value)) <= TOLERANCE:
            return None
    rows = last.tile_window[0].stop - first.tile_window[0].start
    cols = last.tile_window[1].stop - first.tile_window[1].start
    if (round(stop[0]) - round(start[0]), round(stop[1]) - round(start[1])) != (rows, cols):
        return None
    return round(start[0]), round(start[1])


def _pixel(source: Grid, grid: Grid, row: int, col: int) -> tuple[float, float]:
    x, y = grid.transform @ (col, row)
    return (y - source.transform.f) / source.transform.e, (
        x - source.transform.c
    ) / source.transform.a


def _piece(source: Grid, rows: slice, cols: slice, offset: tuple[int, int]) -> AlignedPiece:
    top, left = max(offset[0], 0), max(offset[1], 0)
    bottom = min(offset[0] + rows.stop - rows.start, source.height)
    right = min(offset[1] + cols.stop - cols.start, source.width)
    if bottom <= top or right <= left:
        return AlignedPiece(rows, cols, None, rows, cols)
    first_row, first_col = rows.start + top - offset[0], cols.start + left - offset[1]
    return AlignedPiece(
        rows,
        cols,
        Window(left, top, right - left, bottom - top),
        slice(first_row, first_row + bottom - top),
        slice(first_col, first_col + right - left),
    )
