"""One metatile of a pyramid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from affine import Affine

from automap_tiles.errors import GridError
from automap_tiles.grid._bounds import Bounds
from automap_tiles.grid._cached_attribute import cached_attribute
from automap_tiles.grid._grid import Grid
from automap_tiles.grid._index import TileIndex
from automap_tiles.grid._mapchete import TileWords

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely import Polygon

    from automap_tiles.grid.pyramid import Pyramid


class _Frame(NamedTuple):
    """The unbuffered extent of a tile."""

    bounds: Bounds
    shape: tuple[int, int]
    pixel_size: tuple[float, float]


@lru_cache(maxsize=4096)
def _frame(pyramid: Pyramid, index: TileIndex) -> _Frame:
    zoom, row, col = index
    rows, cols = pyramid.matrix_shape(zoom)
    if not (0 <= row < rows and 0 <= col < cols):
        raise GridError(f"tile {index} is outside the matrix of {rows} rows and {cols} columns")
    x_size, y_size = pyramid.pixel_size(zoom)
    x_span, y_span = pyramid.metatile_size(zoom)
    edge = pyramid.bounds
    top = round(edge.top - row * y_span, 20)
    left = round(edge.left + col * x_span, 20)
    bottom = max(top - y_span, edge.bottom)
    right = min(left + x_span, edge.right)
    shape = (round((top - bottom) / y_size), round((right - left) / x_size))
    return _Frame(Bounds(left, bottom, right, top), shape, (x_size, y_size))


@dataclass(frozen=True)
class Tile(TileWords):
    """A metatile with the pixel buffer of its pyramid.

    The short names besides `index`, `transform` and `pyramid` (`id`, `affine`, `tp`, …) are those
    that process files written for mapchete use (`TileWords`).
    """

    pyramid: Pyramid
    index: TileIndex

    def __post_init__(self) -> None:
        _ = self._frame  # refuses an index outside the matrix

    # Values derived from the two fields are cached: they are asked for many times per tile.

    @cached_attribute
    def _frame(self) -> _Frame:
        return _frame(self.pyramid, self.index)

    @property
    def zoom(self) -> int:
        return self.index.zoom

    @property
    def row(self) -> int:
        return self.index.row

    @property
    def col(self) -> int:
        return self.index.col

    @property
    def crs(self) -> CRS:
        return self.pyramid.crs

    @property
    def pixelbuffer(self) -> int:
        return self.pyramid.pixelbuffer

    @property
    def pixel_x_size(self) -> float:
        return self._frame.pixel_size[0]

    @property
    def pixel_y_size(self) -> float:
        return self._frame.pixel_size[1]

    @cached_attribute
    def buffer_margins(self) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) pixels of buffer; none beyond the poles of a global grid."""
        width = self.pyramid.pixelbuffer
        if not self.pyramid.is_global:
            return width, width, width, width
        first = self.row * self.pyramid.tile_size * self.pyramid.metatiling
        height = self._frame.shape[0]
        below = self.pyramid.pixel_shape(self.zoom)[0] - first - height
        return min(width, first), min(width, below), width, width

    @cached_attribute
    def bounds(self) -> Bounds:
        """The box with its buffer, CRS units; it may run over the antimeridian of a global grid."""
        frame = self._frame
        width = float(self.pyramid.pixelbuffer)
        left, bottom, right, top = frame.bounds
        if width:
            offset = frame.pixel_size[0] * width
            left, bottom, right, top = left - offset, bottom - offset, right + offset, top + offset
        if self.pyramid.is_global:
            top = min(top, self.pyramid.bounds.top)
            bottom = max(bottom, self.pyramid.bounds.bottom)
        return Bounds(left, bottom, right, top)

    @cached_attribute
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels with the buffer."""
        height, width = self._frame.shape
        top, bottom, left, right = self.buffer_margins
        return height + top + bottom, width + left + right

    @cached_attribute
    def transform(self) -> Affine:
        bounds = self.bounds
        return Affine(self.pixel_x_size, 0, bounds.left, 0, -self.pixel_y_size, bounds.top)

    @property
    def grid(self) -> Grid:
        return Grid(self.crs, self.transform, self.shape)

    @property
    def bbox(self) -> Polygon:
        """The box with its buffer as a polygon."""
        return self.bounds.polygon()

    @cached_attribute
    def pixel_offset(self) -> tuple[int, int]:
        """(row, col) of the first pixel, buffer included, on the pixel grid of the whole zoom.

        A column may be negative where the buffer runs over the antimeridian.
        """
        edge = self.pyramid.tile_size * self.pyramid.metatiling
        top, _, left, _ = self.buffer_margins
        return self.row * edge - top, self.col * edge - left

    def parent(self) -> Tile | None:
        """The tile of the zoom above that holds this one; None at zoom 0."""
        zoom, row, col = self.index
        if zoom == 0:
            return None
        return Tile(self.pyramid, TileIndex(zoom - 1, row // 2, col // 2))

    def children(self) -> list[Tile]:
        """The one to four tiles of the next zoom that fill this one."""
        return [Tile(self.pyramid, child) for child in child_indexes(self.pyramid, self.index)]

    def unbuffered(self) -> Tile:
        """The same tile without its pixel buffer."""
        return Tile(self.pyramid.replace(pixelbuffer=0), self.index)

    def intersecting(self, pyramid: Pyramid) -> list[Tile]:
        """The tiles of the same grid cut with another metatiling that share area with this one.

        Buffers are ignored. Raises `GridError` when the grids differ.
        """
        if not self.pyramid.same_grid(pyramid):
            raise GridError("tiles of different grids cannot be intersected")
        ours, theirs = self.pyramid.metatiling, pyramid.metatiling
        rows, cols = pyramid.matrix_shape(self.zoom)
        first_row, last_row = self.row * ours // theirs, ((self.row + 1) * ours - 1) // theirs
        first_col, last_col = self.col * ours // theirs, ((self.col + 1) * ours - 1) // theirs
        return [
            Tile(pyramid, TileIndex(self.zoom, row, col))
            for row in range(first_row, min(last_row + 1, rows))
            for col in range(first_col, min(last_col + 1, cols))
        ]

    def __str__(self) -> str:
        return str(self.index)


def child_indexes(pyramid: Pyramid, index: TileIndex) -> Iterator[TileIndex]:
    """Indexes of the tiles of the next zoom inside a tile, in Morton order."""
    zoom, row, col = index
    rows, cols = pyramid.matrix_shape(zoom + 1)
    for child_row in (2 * row, 2 * row + 1):
        for child_col in (2 * col, 2 * col + 1):
            if child_row < rows and child_col < cols:
                yield TileIndex(zoom + 1, child_row, child_col)
