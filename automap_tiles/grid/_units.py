"""Division of a tile into unit blocks, the atoms of all resampling.

The results of GDAL's approximating transformer and its kernels depend slightly on the window
requested. Resampling in whole unit blocks, which are the single tiles of the pyramid, gives the
same pixels whatever the metatiling and pixel buffer of the requesting tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from affine import Affine

from automap_tiles.grid._grid import Grid
from automap_tiles.grid._tile import Tile
from automap_tiles.grid.pyramid import Pyramid


@dataclass(frozen=True, slots=True)
class UnitPart:
    """The part of a tile that lies on one unit block."""

    grid: Grid
    """The whole unit block."""
    key: tuple[int, int, int]
    """(zoom, row, col) of the unit block; outside the matrix where a buffer leaves a local grid."""
    tile_window: tuple[slice, slice]
    """Rows and columns in the tile's array."""
    unit_window: tuple[slice, slice]
    """Rows and columns in the unit block."""

    @property
    def is_whole(self) -> bool:
        """Whether the part is the whole block."""
        rows, cols = self.unit_window
        return (rows.stop - rows.start, cols.stop - cols.start) == self.grid.shape


def unit_parts(tile: Tile) -> Iterator[UnitPart]:
    """The parts of a tile, row by row; columns beyond the antimeridian are wrapped around."""
    size = tile.pyramid.tile_size
    first_row, first_col = tile.pixel_offset
    height, width = tile.shape
    unit_cols = tile.pyramid.pixel_shape(tile.zoom)[1] // size
    for row, rows_tile, rows_unit in _pieces(first_row, height, size):
        for col, cols_tile, cols_unit in _pieces(first_col, width, size):
            unit_col = col % unit_cols if tile.pyramid.is_global else col
            yield UnitPart(
                _unit_grid(tile.pyramid, tile.zoom, row, unit_col),
                (tile.zoom, row, unit_col),
                (rows_tile, cols_tile),
                (rows_unit, cols_unit),
            )


def _pieces(start: int, length: int, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Cut a run of pixels at multiples of `size`: (block, slice of the run, slice of the block)."""
    position = start
    while position < start + length:
        block = position // size
        stop = min((block + 1) * size, start + length)
        yield (
            block,
            slice(position - start, stop - start),
            slice(position - block * size, stop - block * size),
        )
        position = stop


def _unit_grid(pyramid: Pyramid, zoom: int, row: int, col: int) -> Grid:
    """Same order of operations as for a tile, so that the results are bit-identical."""
    x_size, y_size = pyramid.pixel_size(zoom)
    left = round(pyramid.bounds.left + col * (x_size * pyramid.tile_size), 20)
    top = round(pyramid.bounds.top - row * (y_size * pyramid.tile_size), 20)
    transform = Affine(x_size, 0, left, 0, -y_size, top)
    return Grid(pyramid.crs, transform, (pyramid.tile_size, pyramid.tile_size))
