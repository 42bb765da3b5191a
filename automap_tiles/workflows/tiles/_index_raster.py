"""A raster index of tiles: one pixel per position of the matrix, 1 where a tile exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from affine import Affine

from automap_tiles.grid import TileIndex
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles

_BLOCK = 512
"""Edge of a block in pixels; blocks without tiles are sparse."""


def write_raster(directory: StoredTiles, tiles: list[TileIndex], path: Path) -> None:
    """Write a GeoTIFF of the tiles, all of one zoom.

    Memory is that of one block. The last row and column of pixels may extend beyond the pyramid, as
    metatiles do.
    """
    import rasterio
    from rasterio.windows import Window

    pyramid = directory.pyramid.replace(pixelbuffer=0)
    zoom = tiles[0].zoom
    rows, cols = pyramid.matrix_shape(zoom)
    width, height = pyramid.metatile_size(zoom)
    bounds = pyramid.bounds
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=cols,
        count=1,
        dtype="uint8",
        nodata=0,
        crs=pyramid.crs,
        transform=Affine(width, 0, bounds.left, 0, -height, bounds.top),
        tiled=True,
        blockxsize=_BLOCK,
        blockysize=_BLOCK,
        compress="deflate",
        sparse_ok=True,
    ) as sink:
        for row, col, block in _blocks(tiles, (rows, cols)):
            sink.write(block, 1, window=Window(col, row, block.shape[1], block.shape[0]))


def _blocks(
    tiles: Iterable[TileIndex], shape: tuple[int, int]
) -> Iterator[tuple[int, int, np.ndarray[tuple[int, int], np.dtype[np.uint8]]]]:
    """First row and column of each block that contains tiles, and its pixels."""
    groups: dict[tuple[int, int], list[TileIndex]] = {}
    for index in tiles:
        groups.setdefault((index.row // _BLOCK, index.col // _BLOCK), []).append(index)
    for (down, across), members in sorted(groups.items()):
        top, left = down * _BLOCK, across * _BLOCK
        size = (min(_BLOCK, shape[0] - top), min(_BLOCK, shape[1] - left))
        block = np.zeros(size, np.uint8)
        for index in members:
            block[index.row - top, index.col - left] = 1
        yield top, left, block
