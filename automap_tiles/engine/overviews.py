"""Overview tiles, made from other zooms of the same output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles.engine import _neighbours
from automap_tiles.errors import ProcessError
from automap_tiles.formats import Tiled
from automap_tiles.formats.tiles import Cut, blank, paste
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.raster import overview
from automap_tiles.runtime import Process
from automap_tiles.runtime.zooms import BaseLevels

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray


def make_lower(
    process: Process, tile: Tile, stored: Callable[[Tile], Tiled | None]
) -> Tiled | None:
    """Shrink the one to four tiles below a tile; None when all are empty.

    `stored` returns a finished tile without its buffer. The buffer of a tile is made from the tiles
    below its neighbours.
    """
    if tile.pixelbuffer:
        return _lower_with_buffer(process, tile, stored)
    children = tile.children()
    found = {child.index: data for child in children if (data := stored(child)) is not None}
    if not found:
        return None
    lower, nodata = _baselevels(process).lower, process.writer.nodata
    if overview.is_local(lower) and all(size % 2 == 0 for c in children for size in c.shape):
        quarters = {
            index: overview.shrink(data.data, _halved(data.data), resampling=lower, nodata=nodata)
            for index, data in found.items()
        }
        shrunk = _mosaic(children, quarters, scale=2)
    else:
        shrunk = overview.shrink(
            _mosaic(children, {index: data.data for index, data in found.items()}),
            tile.shape,
            resampling=lower,
            nodata=nodata,
            unit_size=tile.pyramid.tile_size,
        )
    return _unless_empty(shrunk)


def make_higher(process: Process, tile: Tile) -> Tiled | None:
    """Enlarge a quarter of the tile above; None when that is empty.

    The buffer of a tile is made from the tiles above its neighbours.
    """
    if not tile.pixelbuffer:
        enlarged = _enlarged(process, tile, process.writer.read)
    else:
        # One parent is used for up to four of the tiles.
        read = cache(process.writer.read)
        enlarged = _pasted(
            _neighbours.beside(tile), tile.shape, lambda bare: _enlarged(process, bare, read)
        )
    return None if enlarged is None else _unless_empty(enlarged)


def _enlarged(
    process: Process, tile: Tile, read: Callable[[Tile], Tiled | None]
) -> RasterArray | None:
    parent = tile.parent()
    if parent is None or (data := read(parent)) is None:
        return None
    return overview.enlarge(
        data.data,
        tile.shape,
        quadrant=(tile.row - 2 * parent.row, tile.col - 2 * parent.col),
        resampling=_baselevels(process).higher,
        nodata=process.writer.nodata,
        unit_size=tile.pyramid.tile_size,
    )


def _lower_with_buffer(
    process: Process, tile: Tile, stored: Callable[[Tile], Tiled | None]
) -> Tiled | None:
    lower = _baselevels(process).lower
    wide = _neighbours.in_whole_blocks(tile, lower)
    height, width = wide.shape

    def pixels(below: Tile) -> RasterArray | None:
        found = stored(below)
        return None if found is None else found.data

    mosaic = _pasted(_neighbours.below(wide), (2 * height, 2 * width), pixels)
    if mosaic is None:
        return None
    shrunk = overview.shrink(
        mosaic,
        wide.shape,
        resampling=lower,
        nodata=process.writer.nodata,
        unit_size=tile.pyramid.tile_size,
    )
    top, left = (w - t for w, t in zip(wide.pixel_offset, tile.pixel_offset, strict=True))
    return _unless_empty(shrunk[:, -top : tile.height - top, -left : tile.width - left])


def _pasted(
    cuts: Iterable[Cut], shape: tuple[int, int], pixels: Callable[[Tile], RasterArray | None]
) -> RasterArray | None:
    """Mosaic of tiles, masked where there are none; None when there are none at all."""
    out: RasterArray | None = None
    for cut in cuts:
        found = pixels(cut.tile)
        if found is not None:
            if out is None:
                out = blank((len(found), *shape), found.dtype, found.fill_value.item())
            paste(out, found, cut.rows.start, cut.cols.start)
    return out


def _unless_empty(data: RasterArray) -> Tiled | None:
    return None if np.ma.getmaskarray(data).all() else Tiled(data)


def without_buffer(tile: Tile, data: Tiled) -> Tiled:
    """The same array without the pixel buffer of its tile."""
    top, bottom, left, right = tile.buffer_margins
    height, width = tile.shape
    return Tiled(data.data[..., top : height - bottom, left : width - right], data.tags)


def _halved(array: RasterArray) -> tuple[int, int]:
    return array.shape[-2] // 2, array.shape[-1] // 2


def _mosaic(
    children: list[Tile], found: Mapping[TileIndex, RasterArray], scale: int = 1
) -> RasterArray:
    """Mosaic of the children, shrunk by `scale`; absent ones are masked."""
    sample = next(iter(found.values()))
    first, last = children[0], children[-1]
    (height, width), (more_height, more_width) = (
        (child.shape[0] // scale, child.shape[1] // scale) for child in (first, last)
    )
    rows = height + (more_height if last.row > first.row else 0)
    cols = width + (more_width if last.col > first.col else 0)
    data = np.full((len(sample), rows, cols), sample.fill_value, dtype=sample.dtype)
    mask = np.ones(data.shape, dtype=bool)
    for child in children:
        if child.index in found:
            array = found[child.index]
            row = height if child.row > first.row else 0
            col = width if child.col > first.col else 0
            window = np.s_[:, row : row + array.shape[-2], col : col + array.shape[-1]]
            data[window] = array.data
            mask[window] = np.ma.getmaskarray(array)
    return np.ma.MaskedArray(data, mask, fill_value=sample.fill_value)


def _baselevels(process: Process) -> BaseLevels:
    if process.baselevels is None:
        raise ProcessError("overviews need baselevels")
    return process.baselevels
