"""Match a tile to the pixels of a pyramid with another grid, zoom or CRS."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import rasterio
from rasterio.warp import calculate_default_transform

from automap_tiles.errors import AutomapError, InputError, NoOperation
from automap_tiles.formats.tiles._files import Cut
from automap_tiles.grid import Bounds, Grid, GridLike, Pyramid, Tile, TileIndex
from automap_tiles.grid.operation import between
from automap_tiles.vector import reproject_bounds

# Radius of GDAL's widest kernel (Lanczos, 3), plus one pixel.
_KERNEL = 4

_FINEST_ZOOM = 30


def source_bounds(grid: GridLike, pyramid: Pyramid) -> Bounds | None:
    """The bounding box of a grid in the CRS of a pyramid; None where that is undefined.

    Raises `NoOperation` if there is no transformation.
    """
    try:
        bounds = reproject_bounds(grid.bounds, grid.crs, pyramid.crs)
    except NoOperation:
        raise
    except AutomapError:
        return None
    return bounds if all(map(math.isfinite, bounds)) else None


def pixel_window(
    pyramid: Pyramid, zoom: int, bounds: Bounds, shape: tuple[int, int]
) -> tuple[range, range] | None:
    """Rows and columns of pixels of a zoom that a grid of a shape may be resampled from.

    Columns continue across the antimeridian of a global pyramid. None if there are none.
    """
    x_size, y_size = pyramid.pixel_size(zoom)
    height, width = pyramid.pixel_shape(zoom)
    edge = pyramid.bounds
    # kernels grow with the number of source pixels per target pixel
    y_margin = _KERNEL * max(1.0, bounds.height / y_size / shape[0]) + 1
    x_margin = _KERNEL * max(1.0, bounds.width / x_size / shape[1]) + 1
    rows = range(
        max(0, math.floor((edge.top - bounds.top) / y_size - y_margin)),
        min(height, math.ceil((edge.top - bounds.bottom) / y_size + y_margin)),
    )
    first = math.floor((bounds.left - edge.left) / x_size - x_margin)
    last = math.ceil((bounds.right - edge.left) / x_size + x_margin)
    if not pyramid.is_global:
        first, last = max(0, first), min(width, last)
    cols = range(first, last)
    return (rows, cols) if rows and cols else None


def cuts(pyramid: Pyramid, zoom: int, rows: range, cols: range) -> Iterator[Cut]:
    """Tiles, without their buffers, that touch a window of pixels, and their positions in it."""
    bare = pyramid.replace(pixelbuffer=0)
    edge = bare.tile_size * bare.metatiling
    world = bare.pixel_shape(zoom)[1]
    last_col = bare.matrix_shape(zoom)[1] - 1
    turns = range(cols.start // world, (cols.stop - 1) // world + 1)
    for row in range(rows.start // edge, (rows.stop - 1) // edge + 1):
        for turn in turns:
            start, stop = max(cols.start - turn * world, 0), min(cols.stop - turn * world, world)
            for col in range(start // edge, min((stop - 1) // edge, last_col) + 1):
                tile = Tile(bare, TileIndex(zoom, row, col))
                y, x = row * edge - rows.start, col * edge + turn * world - cols.start
                yield Cut(tile, slice(y, y + tile.shape[0]), slice(x, x + tile.shape[1]))


def touched(pyramid: Pyramid, tile: GridLike, zoom: int) -> Iterator[TileIndex]:
    """The stored tiles of a zoom that overlap a tile of any grid."""
    bounds = source_bounds(tile, pyramid)
    if bounds is None:
        return
    x_size, y_size = pyramid.pixel_size(zoom)
    edge = pyramid.bounds
    height, width = pyramid.pixel_shape(zoom)
    # a millionth of a pixel: tiles that only share an edge do not count
    rows = range(
        max(0, math.floor((edge.top - bounds.top) / y_size + 1e-6)),
        min(height, math.ceil((edge.top - bounds.bottom) / y_size - 1e-6)),
    )
    first = math.floor((bounds.left - edge.left) / x_size + 1e-6)
    last = math.ceil((bounds.right - edge.left) / x_size - 1e-6)
    if not pyramid.is_global:
        first, last = max(0, first), min(width, last)
    if rows and last > first:
        seen = {cut.tile.index for cut in cuts(pyramid, zoom, rows, range(first, last))}
        yield from sorted(seen)


@lru_cache(maxsize=4096)
def matching_zoom(pyramid: Pyramid, grid: Grid, method: str, precision: int) -> int:
    """The zoom of a pyramid whose pixel size matches a grid's, by mapchete's methods.

    `gdal` compares with the mean pixel size that GDAL suggests for the grid's box in the pyramid's
    CRS, `min` with the smallest of the four corner pixels; sizes are rounded to `precision`
    decimals. Raises `InputError` if the grid is outside the domain of the pyramid's CRS.
    """
    if method not in ("gdal", "min"):
        raise InputError(f"unknown matching_method {method!r}; known are gdal and min")
    size = (_suggested_size if method == "gdal" else _smallest_corner)(pyramid, grid)
    wanted = round(size, precision)
    for zoom in range(_FINEST_ZOOM + 1):
        if round(pyramid.pixel_size(zoom)[0], precision) <= wanted:
            return zoom
    return _FINEST_ZOOM


def _suggested_size(pyramid: Pyramid, grid: Grid) -> float:
    if grid.crs == pyramid.crs:
        return float(grid.transform.a)
    height, width = grid.shape
    with rasterio.Env(CHECK_WITH_INVERT_PROJ=True):
        transform, _, _ = between(
            grid.crs,
            pyramid.crs,
            lambda: calculate_default_transform(grid.crs, pyramid.crs, width, height, *grid.bounds),
        )
    return float(transform.a)


def _smallest_corner(pyramid: Pyramid, grid: Grid) -> float:
    left, bottom, right, top = grid.bounds
    x, y = grid.transform.a, -grid.transform.e
    sizes = []
    for box in (
        Bounds(left, top - y, left + x, top),
        Bounds(left, bottom, left + x, bottom + y),
        Bounds(right - x, bottom, right, bottom + y),
        Bounds(right - x, top - y, right, top),
    ):
        found = source_bounds(Grid.from_bounds(box, (1, 1), grid.crs), pyramid)
        if found is not None:
            sizes += [found.width, found.height]
    if not sizes:
        raise InputError("the tile lies outside of the tile directory's pyramid")
    return min(sizes)
