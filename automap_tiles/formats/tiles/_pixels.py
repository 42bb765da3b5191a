"""Read stored tiles onto tiles of any grid, zoom and CRS."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from automap_tiles import raster
from automap_tiles.errors import InputError
from automap_tiles.formats.tiles._arrays import blank, paste, without_buffer
from automap_tiles.formats.tiles._decoding import Decoder
from automap_tiles.formats.tiles._files import Cut, TileFiles
from automap_tiles.formats.tiles._matching import cuts, pixel_window, source_bounds
from automap_tiles.grid import Grid, GridLike, Pyramid, Tile, TileIndex, unit_parts
from automap_tiles.raster.lru import ByteLRU, share
from automap_tiles.raster.tiff import Stamp, stamp_of

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

# Decoded tiles cached per thread: neighbours of a tile are read again with the next one.
_KEEP_BYTES = 64 * 2**20


class _Cache(threading.local):
    def __init__(self) -> None:
        self.tiles: ByteLRU[Any] = ByteLRU(share(_KEEP_BYTES))


_cache = _Cache()


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """Bands and dtype of stored tiles."""

    count: int
    """Number of bands."""
    dtype: str
    nodata: float | None


def load_kept(
    files: TileFiles,
    index: TileIndex,
    decode: Callable[[bytes], Any],
    part: tuple[int, ...] = (),
) -> Any:
    """The decoded content of a tile, None if it is absent; cached until its file changes.

    `part` distinguishes what is decoded from it.
    """
    key = files.key(index)
    url = files.storage.url(key)
    stamp = _stamp(url)
    place = (url, stamp, part)
    found = _cache.tiles.get(place)
    if found is not None:
        return found
    try:
        content = files.storage.get(key)
    except FileNotFoundError:
        return None
    try:
        found = decode(content)
    except InputError as error:
        raise InputError(error.message, url) from error
    _cache.tiles.put(place, found, getattr(found, "nbytes", 20 * len(content)))
    return found


def read_pixels(
    files: TileFiles,
    pixels: PixelFormat,
    decoder: Decoder,
    tile: Tile,
    *,
    zoom_at: Callable[[GridLike], int],
    indexes: list[int],
    resampling: str,
) -> RasterArray:
    """Stored tiles on a tile, (band, y, x); masked where nothing is stored.

    `zoom_at` gives the zoom that a part of the tile is read from. Raises `InputError` for a stored
    tile that cannot be read or has other bands.
    """
    everything = indexes == list(range(1, pixels.count + 1))
    # A few bands are decoded alone; otherwise all are decoded and cached.
    few = tuple(indexes) if 2 * len(indexes) <= pixels.count else ()

    def decode(content: bytes, stored: Tile) -> RasterArray:
        data, count = decoder.decode(content, stored, few or None)
        if count != pixels.count:
            raise InputError(f"has {count} bands, not {pixels.count}")
        return data

    def load(index: TileIndex) -> RasterArray | None:
        stored = Tile(files.pyramid, index)
        found: RasterArray | None = load_kept(
            files, index, lambda content: decode(content, stored), few
        )
        if found is not None and found.shape[-2:] != stored.shape:
            raise _of_another_shape(files, index, found.shape[-2:])
        if found is None or everything or few:
            return found
        return found[[band - 1 for band in indexes]]

    # Per unit block of the single tiles, so that a pixel does not depend on the tiling.
    parts = [(part, zoom_at(part.grid)) for part in unit_parts(tile)]
    zooms = {zoom for _, zoom in parts}
    is_own = tile.pyramid.same_grid(files.pyramid) and zooms == {tile.zoom}
    cut = _only_whole(files, tile) if is_own else None
    alone = None if cut is None else load(cut.tile.index)
    if cut is not None and alone is not None and alone.dtype == np.dtype(pixels.dtype):
        return _own(without_buffer(alone, files.pyramid, cut.tile), pixels.nodata)
    out = blank((len(indexes), *tile.shape), np.dtype(pixels.dtype), pixels.nodata)
    if is_own:
        _assemble(out, files.pyramid, files.overlapping(tile), load)
        return out
    for part, zoom in parts:
        source = _mosaic(files, part.grid, zoom, load, out)
        if source is not None:
            warped = raster.warp(source, part.grid, resampling=resampling, nodata=pixels.nodata)
            target = out[:, part.tile_window[0], part.tile_window[1]]
            paste(target, warped[:, part.unit_window[0], part.unit_window[1]], 0, 0)
    return out


def _only_whole(files: TileFiles, tile: Tile) -> Cut | None:
    """The stored tile with exactly the pixels of a tile; None if there is no such tile."""
    cuts_here = list(files.overlapping(tile))
    whole = tuple(slice(0, size) for size in tile.shape)
    return cuts_here[0] if [cut[1:] for cut in cuts_here] == [whole] else None


def _own(kept: RasterArray, nodata: float | None) -> RasterArray:
    """A copy of cached content, as `blank` and `paste` would make it."""
    data, mask = np.ma.getdata(kept).copy(), np.ma.getmaskarray(kept).copy()
    return np.ma.MaskedArray(data, mask, fill_value=0 if nodata is None else nodata)


def _of_another_shape(files: TileFiles, index: TileIndex, found: tuple[int, ...]) -> InputError:
    height, width = Tile(files.pyramid, index).shape
    return InputError(
        f"has {found[1]} x {found[0]} pixels, and tiles of a {files.pyramid} have {width} x "
        f"{height} here; say how they were cut: metatiling, tile_size, pixelbuffer",
        files.storage.url(files.key(index)),
    )


def _assemble(
    out: RasterArray,
    pyramid: Pyramid,
    cuts: Iterator[Cut],
    load: Callable[[TileIndex], RasterArray | None],
) -> bool:
    """Paste stored tiles side by side; returns whether there were any."""
    found = False
    for cut in cuts:
        stored = load(cut.tile.index)
        if stored is not None:
            paste(out, without_buffer(stored, pyramid, cut.tile), cut.rows.start, cut.cols.start)
            found = True
    return found


def _mosaic(
    files: TileFiles,
    grid: Grid,
    zoom: int,
    load: Callable[[TileIndex], RasterArray | None],
    like: RasterArray,
) -> raster.Raster | None:
    """The stored pixels around a grid; None if none are stored there."""
    bounds = source_bounds(grid, files.pyramid)
    window = None if bounds is None else pixel_window(files.pyramid, zoom, bounds, grid.shape)
    if window is None:
        return None
    rows, cols = window
    data = blank((len(like), len(rows), len(cols)), like.dtype, like.fill_value.item())
    if not _assemble(data, files.pyramid, cuts(files.pyramid, zoom, rows, cols), load):
        return None
    x_size, y_size = files.pyramid.pixel_size(zoom)
    edge = files.pyramid.bounds
    corner = Affine.translation(edge.left + cols.start * x_size, edge.top - rows.start * y_size)
    transform = corner @ Affine.scale(x_size, -y_size)
    return raster.Raster(data, Grid(files.pyramid.crs, transform, (len(rows), len(cols))))


def _stamp(url: str) -> Stamp | None:
    try:
        return stamp_of(os.stat(url))  # noqa: PTH116 - this runs for every tile
    except OSError:
        return None
