"""Stored tiles read onto tiles of any grid, zoom and CRS."""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import calculate_default_transform

from automap_tiles import raster
from automap_tiles.errors import AutomapError, InputError, NoOperation
from automap_tiles.formats.tiles._files import Cut, TileFiles
from automap_tiles.formats.tiles._rasters import blank, paste, without_buffer
from automap_tiles.grid import Bounds, Grid, GridLike, Pyramid, Tile, TileIndex, unit_parts
from automap_tiles.grid.operation import between
from automap_tiles.raster.lru import ByteLRU, share
from automap_tiles.storage import is_remote, object_stamps
from automap_tiles.vector import reproject_bounds

if TYPE_CHECKING:
    from automap_tiles.formats.protocols import RasterArray

# Decoded tiles kept per thread: neighbours of a tile are read again with the next one.
_KEEP_BYTES = 64 * 2**20

# Pixels around a window that GDAL's widest kernel (Lanczos, radius 3) may look at, and one more.
_KERNEL = 4

_FINEST_ZOOM = 30


class _Cache(threading.local):
    def __init__(self) -> None:
        self.tiles: ByteLRU[Any] = ByteLRU(share(_KEEP_BYTES))


_cache = _Cache()


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """What the pixels of stored tiles are."""

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
    """The decoded content of a tile, None when it is absent; kept while its file is the same.

    `part` tells apart what is decoded of it.
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
    tile: Tile,
    *,
    zoom_at: Callable[[GridLike], int],
    indexes: list[int],
    resampling: str,
) -> RasterArray:
    """Stored tiles on a tile, (band, y, x); masked where nothing is stored.

    `zoom_at` tells from which zoom a part of the tile is read. Raises `InputError` for a stored
    tile that cannot be read or has other bands.
    """
    everything = indexes == list(range(1, pixels.count + 1))
    # Few of the bands are decoded alone; more of them with all, which are kept for the next time.
    few = tuple(indexes) if 2 * len(indexes) <= pixels.count else ()

    def decode(content: bytes) -> RasterArray:
        data, count = raster.decode_bands(content, few or None)
        if count != pixels.count:
            raise InputError(f"has {count} bands, not {pixels.count}")
        return data

    def load(index: TileIndex) -> RasterArray | None:
        found: RasterArray | None = load_kept(files, index, decode, few)
        if found is not None and found.shape[-2:] != Tile(files.pyramid, index).shape:
            raise _of_another_shape(files, index, found.shape[-2:])
        if found is None or everything or few:
            return found
        return found[[band - 1 for band in indexes]]

    out = blank((len(indexes), *tile.shape), np.dtype(pixels.dtype), pixels.nodata)
    # Block by block of the single tiles: so a pixel does not depend on how the area is cut.
    parts = [(part, zoom_at(part.grid)) for part in unit_parts(tile)]
    if tile.pyramid.same_grid(files.pyramid) and {zoom for _, zoom in parts} == {tile.zoom}:
        _assemble(out, files.pyramid, files.overlapping(tile), load)
        return out
    for part, zoom in parts:
        source = _mosaic(files, part.grid, zoom, load, out)
        if source is not None:
            warped = raster.warp(source, part.grid, resampling=resampling, nodata=pixels.nodata)
            target = out[:, part.tile_window[0], part.tile_window[1]]
            paste(target, warped[:, part.unit_window[0], part.unit_window[1]], 0, 0)
    return out


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
    """Put stored tiles side by side; whether there were any."""
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
    """The stored pixels around a grid; None when none are stored there."""
    bounds = source_bounds(grid, files.pyramid)
    window = None if bounds is None else pixel_window(files.pyramid, zoom, bounds, grid.shape)
    if window is None:
        return None
    rows, cols = window
    data = blank((len(like), len(rows), len(cols)), like.dtype, like.fill_value.item())
    if not _assemble(data, files.pyramid, _cuts(files.pyramid, zoom, rows, cols), load):
        return None
    x_size, y_size = files.pyramid.pixel_size(zoom)
    edge = files.pyramid.bounds
    corner = Affine.translation(edge.left + cols.start * x_size, edge.top - rows.start * y_size)
    transform = corner @ Affine.scale(x_size, -y_size)
    return raster.Raster(data, Grid(files.pyramid.crs, transform, (len(rows), len(cols))))


def source_bounds(grid: GridLike, pyramid: Pyramid) -> Bounds | None:
    """The box of a grid in the CRS of a pyramid; None where that cannot express it.

    Raises `NoOperation` when no way leads there from anywhere.
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

    Columns run on over the antimeridian of a global pyramid. None when there are none.
    """
    x_size, y_size = pyramid.pixel_size(zoom)
    height, width = pyramid.pixel_shape(zoom)
    edge = pyramid.bounds
    # kernels grow with the number of source pixels for each target pixel
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


def _cuts(pyramid: Pyramid, zoom: int, rows: range, cols: range) -> Iterator[Cut]:
    """Tiles, without their buffers, that touch a window of pixels, and where they lie in it."""
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
    """The stored tiles of a zoom that share area with a tile of any grid."""
    bounds = source_bounds(tile, pyramid)
    if bounds is None:
        return
    x_size, y_size = pyramid.pixel_size(zoom)
    edge = pyramid.bounds
    height, width = pyramid.pixel_shape(zoom)
    # a millionth of a pixel: tiles that share an edge only do not count
    rows = range(
        max(0, math.floor((edge.top - bounds.top) / y_size + 1e-6)),
        min(height, math.ceil((edge.top - bounds.bottom) / y_size - 1e-6)),
    )
    first = math.floor((bounds.left - edge.left) / x_size + 1e-6)
    last = math.ceil((bounds.right - edge.left) / x_size - 1e-6)
    if not pyramid.is_global:
        first, last = max(0, first), min(width, last)
    if rows and last > first:
        seen = {cut.tile.index for cut in _cuts(pyramid, zoom, rows, range(first, last))}
        yield from sorted(seen)


@lru_cache(maxsize=4096)
def matching_zoom(pyramid: Pyramid, grid: Grid, method: str, precision: int) -> int:
    """The zoom of a pyramid whose pixels are as fine as a grid's, as mapchete finds it.

    `gdal` compares with the mean pixel that GDAL suggests for the grid's box in the pyramid's
    CRS, `min` with the smallest of the four corner pixels; sizes are rounded to `precision`
    decimals. Raises `InputError` where the grid lies outside of the pyramid's CRS.
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


def folder_stamp(files: TileFiles) -> str:
    """Changes when tiles are added, replaced or removed below a local folder.

    Tiles are put in place by a rename, which changes the time of their folder; so only folders
    are looked at, not each tile. An object store is listed once, as far as `_MOST_OBJECTS`.
    """
    if is_remote(files.storage.root):
        return _objects_stamp(files)
    root = files.storage.url("")
    depth = files.layout.schema.count("/")
    if not Path(root).is_dir():
        return ""
    latest, number = 0, 0
    for folder in _folders(root, depth):
        latest = max(latest, Path(folder).stat().st_mtime_ns)
        number += 1
    return f"{latest} {number}"


_MOST_OBJECTS = 100_000  # a hundred requests, some seconds


def _objects_stamp(files: TileFiles) -> str:
    digest = hashlib.sha256()
    for url, stamp in sorted(object_stamps(files.storage.root, _MOST_OBJECTS).items()):
        digest.update(f"{url} {stamp}\n".encode())
    return digest.hexdigest()


def _folders(root: str, depth: int) -> Iterator[str]:
    """The folders that hold tiles: `depth` levels below the root."""
    if depth == 0:
        yield root
        return
    with os.scandir(root) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir():
                yield from _folders(entry.path, depth - 1)


def _stamp(url: str) -> tuple[int, int] | None:
    try:
        status = os.stat(url)  # noqa: PTH116 - this runs for every tile
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
