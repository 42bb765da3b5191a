"""Read a raster source onto a grid."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from automap_tiles.errors import InputError, NoOperation
from automap_tiles.grid import Grid
from automap_tiles.raster._aligned import AlignedPiece, aligned_pieces
from automap_tiles.raster._band_groups import AlikeBands, alike_bands, own_value, take_over
from automap_tiles.raster._coordinates import PixelTransformer
from automap_tiles.raster._gather import gather, plan
from automap_tiles.raster._retries import with_retries
from automap_tiles.raster._target import Target
from automap_tiles.raster.datasets import OpenSource, open_source, reading, require_bands
from automap_tiles.raster.env import is_networked
from automap_tiles.raster.nodata import as_value, equals, fill_value
from automap_tiles.raster.rows import row_blocks
from automap_tiles.raster.source import Georeferencing, RasterInfo
from automap_tiles.raster.warp import WarpOrder, assemble, resampling_of, warp_block

NEAREST_OVERVIEW_FROM = 8.0
"""Decimation from which nearest neighbours are taken from an overview.

Below, full-resolution pixels are picked, as in mapchete; beyond, that would read 64 pixels for each
one kept.
"""


@dataclass(frozen=True, slots=True)
class _Order:
    """One read request, resolved and validated."""

    source: OpenSource
    target: Target
    indexes: tuple[int, ...]
    dtype: np.dtype[Any]
    """Dtype of the result: holds the values of every band read."""
    one_dtype: bool
    """Whether all bands read have this dtype themselves."""
    nodatavals: tuple[float | None, ...]
    """One per band read."""
    fill: tuple[Any, ...]
    """Values under the mask, one per band read."""
    resampling: str
    wanted: NDArray[np.bool_] | None = None
    """(y, x) of the target: where pixels are wanted; None: everywhere."""

    @property
    def info(self) -> RasterInfo:
        return self.source.info

    @property
    def covered(self) -> bool:
        """Whether pixels with values other than nodata may be masked."""
        return self.info.has_mask or self.resampling != "nearest"

    @property
    def alike(self) -> tuple[AlikeBands, ...]:
        """The bands in groups of one dtype and nodata value."""
        return alike_bands(self.info, self.indexes, self.nodatavals)


def read(
    path: str | Path,
    target: Target,
    *,
    indexes: Sequence[int] | None = None,
    resampling: str = "nearest",
    nodata: float | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> np.ma.MaskedArray[Any, Any]:
    """Pixels (band, y, x) of a source on a tile or grid; the mask is True where there is no data.

    `indexes` are band numbers from 1 (default: all). `nodata` overrides the source's own values,
    which may differ between bands; NaN is always nodata too. The dtype is the source's, or the
    smallest that holds all bands; masked pixels hold the nodata value, or 0 if there is none. If
    the source is aligned with the target, pixels in blocks where nothing is `wanted` (y, x) may be
    0. Raises `InputError` for a file that cannot be opened or read, a band that does not exist,
    integers that no common dtype represents, a source without a CRS or with one that cannot be
    transformed to the target's, or an unknown resampling.
    """
    name = os.fspath(path)

    def attempt() -> np.ma.MaskedArray[Any, Any]:
        return _read(replace(_order(name, target, indexes, resampling, nodata), wanted=wanted))

    return with_retries(name, attempt) if is_networked(name) else attempt()


def _read(order: _Order) -> np.ma.MaskedArray[Any, Any]:
    target = order.target
    shape = (len(order.indexes), *target.shape)
    out = np.empty(shape, dtype=order.dtype)
    missing = np.zeros(shape, dtype=bool)
    try:
        _fill(order, out, missing)
    except NoOperation as error:
        raise InputError(str(error), order.info.path) from error
    return _masked(order, out, missing)


def read_into(
    path: str | Path,
    grid: Grid,
    out: NDArray[Any],
    *,
    indexes: Sequence[int],
    nodata: float | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """Like `read`, into an array (band, y, x) of the same item size as the source's dtype.

    Returns the array viewed as the source's dtype, and (y, x) True where a band has no data; such
    pixels keep the source's values, and blocks where nothing is `wanted` (y, x) are 0. Returns
    None, without reading, when the grid is not aligned with the source.
    """
    name = os.fspath(path)

    def attempt() -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
        return _read_into(_order(name, grid, indexes, "nearest", nodata), grid, out, wanted)

    return with_retries(name, attempt) if is_networked(name) else attempt()


def _read_into(
    order: _Order, grid: Grid, out: NDArray[Any], wanted: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    info = order.info
    if info.georeferencing is not Georeferencing.TRANSFORM or info.has_mask:
        return None
    if order.dtype.itemsize != out.itemsize or order.dtype.kind == "c" or not order.one_dtype:
        return None
    pieces = aligned_pieces(info.grid, grid)
    if pieces is None:
        return None
    pixels = out.view(order.dtype)
    missing = np.zeros(grid.shape, dtype=bool)
    for piece in pieces:
        inner = pixels[:, piece.inner_rows, piece.inner_cols]
        if piece.window is None or inner.shape != pixels.shape:
            pixels[:] = 0
            missing[:] = True
        if piece.window is not None:
            inside = missing[piece.inner_rows, piece.inner_cols]
            inside[:] = False
            with reading(info):
                order.source.read(
                    order.indexes,
                    piece.window,
                    inner,
                    None if wanted is None else wanted[piece.inner_rows, piece.inner_cols],
                    once=True,
                )
            _add_missing(order, inner, inside)
    return pixels, missing


def _add_missing(order: _Order, pixels: NDArray[Any], missing: NDArray[np.bool_]) -> None:
    """Set (y, x) where any band (band, y, x) equals nodata."""
    is_float = order.dtype.kind == "f"
    for plane, declared in zip(pixels, order.nodatavals, strict=True):
        value = as_value(declared, plane.dtype)
        for rows in row_blocks(plane.shape, plane.itemsize):
            if value is not None:
                missing[rows] |= plane[rows] == value
            if is_float:
                missing[rows] |= np.isnan(plane[rows])


def _order(
    path: str | Path,
    target: Target,
    indexes: Sequence[int] | None,
    resampling: str,
    nodata: float | None,
) -> _Order:
    source = open_source(path)
    info = source.info
    resampling_of(resampling)
    require_bands(source)
    if info.crs is None:
        raise InputError("has no coordinate reference system", info.path)
    bands = tuple(range(1, info.count + 1)) if indexes is None else tuple(indexes)
    for band in bands:
        if not 1 <= band <= info.count:
            raise InputError(f"has bands 1 to {info.count}, not {band}", info.path)
    values = tuple(info.nodatavals[band - 1] if nodata is None else nodata for band in bands)
    kinds = [info.dtypes[band - 1] for band in bands] or [info.dtypes[0]]
    if one_dtype := len(set(kinds)) == 1:
        dtype = np.dtype(kinds[0])
    else:
        dtype = np.result_type(*kinds)
        values = tuple(map(own_value, values, kinds))
    fill = tuple(fill_value(value, dtype) for value in values)
    return _Order(source, target, bands, dtype, one_dtype, values, fill, resampling)


def _fill(order: _Order, out: NDArray[Any], missing: NDArray[np.bool_]) -> None:
    if order.info.georeferencing is Georeferencing.TRANSFORM:
        windows = aligned_pieces(order.info.grid, order.target)
        if windows is not None:
            _fill_aligned(order, windows, out, missing)
            return
        if order.resampling == "nearest":
            _fill_nearest(order, out, missing)
            return
    _fill_warped(order, out, missing)


def _fill_aligned(
    order: _Order, pieces: list[AlignedPiece], out: NDArray[Any], missing: NDArray[np.bool_]
) -> None:
    for piece in pieces:
        inner = slice(None), piece.inner_rows, piece.inner_cols
        outer = slice(None), piece.rows, piece.cols
        if piece.window is None or inner != outer:
            for band, value in enumerate(order.fill):
                out[band][outer[1:]] = value
            missing[outer] = True
        if piece.window is not None:
            wanted = None if order.wanted is None else order.wanted[inner[1:]]
            pixels, masked = _read_window(order, None, piece.window, wanted)
            out[inner] = pixels
            missing[inner] = False if masked is None else masked


def _fill_nearest(order: _Order, out: NDArray[Any], missing: NDArray[np.bool_]) -> None:
    info = order.info
    grids = [info.grid, *(overview_grid(info, factor) for factor in info.overviews)]
    pieces = plan(grids, order.target, partial(_level, info, NEAREST_OVERVIEW_FROM))
    gather(pieces, out, missing, order.fill, partial(_read_window, order))


def _fill_warped(order: _Order, out: NDArray[Any], missing: NDArray[np.bool_]) -> None:
    alike = order.alike
    if len(alike) <= 1:
        for bands in alike:
            _warp_alike(order, bands, out, missing)
        return
    for bands in alike:
        pixels = np.empty((len(bands.places), *out.shape[1:]), dtype=bands.dtype)
        gaps = np.zeros(pixels.shape, dtype=bool)
        _warp_alike(order, bands, pixels, gaps)
        take_over(out, bands, pixels, order.info)
        missing[list(bands.places)] = gaps


def _warp_alike(
    order: _Order, bands: AlikeBands, out: NDArray[Any], missing: NDArray[np.bool_]
) -> None:
    warp_order = WarpOrder(
        indexes=bands.indexes,
        resampling=resampling_of(order.resampling),
        nodata=bands.nodata,
    )

    def block(grid: Grid) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        level = _level(order.info, 2.0, grid)
        source = order.source if level is None else open_source(order.info.path, level)
        with reading(order.info, level):
            return warp_block(source, grid, warp_order, level)

    assemble(order.target, out, missing, block, (order.info.path, order.source.stamp, warp_order))


def _read_window(
    order: _Order, level: int | None, window: Window, wanted: NDArray[np.bool_] | None = None
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    source = order.source if level is None else open_source(order.info.path, level)
    info, indexes = order.info, list(order.indexes)
    with reading(info, level):
        pixels = _pixels(order, source, window, wanted)
        if not info.has_mask:
            return pixels, None
        masked = source.dataset.read_masks(indexes, window=window) == 0
    for band, index in enumerate(indexes):
        if not info.masked_bands[index - 1]:
            masked[band] = False
    return pixels, masked


def _pixels(
    order: _Order, source: OpenSource, window: Window, wanted: NDArray[np.bool_] | None
) -> NDArray[Any]:
    """Pixels (band, y, x) of a window, whatever the dtypes of the bands."""
    if order.one_dtype:
        out = None
        if wanted is not None:
            out = np.empty((len(order.indexes), *wanted.shape), dtype=order.dtype)
        return source.read(order.indexes, window, out, wanted)
    out = np.empty((len(order.indexes), window.height, window.width), dtype=order.dtype)
    for bands in order.alike:
        take_over(out, bands, source.read(bands.indexes, window), order.info)
    return out


def _level(info: RasterInfo, least: float, grid: Grid) -> int | None:
    """The coarsest overview that is still as fine as the grid; None for full resolution."""
    if not info.overviews or info.georeferencing is not Georeferencing.TRANSFORM:
        return None
    decimation = PixelTransformer(grid, info.grid).decimation()
    if decimation < least:
        return None
    # Overviews of odd sizes are not exact multiples: 1 % off does not require a finer one.
    fitting = [n for n, factor in enumerate(info.overviews) if factor <= decimation * 1.01]
    return fitting[-1] if fitting else None


def overview_grid(info: RasterInfo, factor: int) -> Grid:
    """The pixel grid of an overview: its size is rounded up, its bounds are the source's."""
    height, width = (-(-size // factor) for size in info.shape)
    scale = info.transform.scale(info.shape[1] / width, info.shape[0] / height)
    return Grid(info.crs, info.transform @ scale, (height, width))


def _masked(
    order: _Order, out: NDArray[Any], missing: NDArray[np.bool_]
) -> np.ma.MaskedArray[Any, Any]:
    """Mask pixels equal to nodata, and NaN always."""
    declared = {repr(value): value for value in order.nodatavals}
    every = len(declared) == 1
    for number, nodata in enumerate(declared.values() if every else order.nodatavals):
        bands = slice(None) if every else number
        found = equals(out[bands], nodata)
        if found is not None:
            missing[bands] |= found
    covered = order.covered
    if order.dtype.kind in "fc" and (wrong := np.isnan(out)).any():
        missing |= wrong
        covered = True
    if covered:
        for band, value in enumerate(order.fill):
            np.copyto(out[band], value, where=missing[band])
    return np.ma.MaskedArray(out, mask=missing, fill_value=order.fill[0] if order.fill else None)
