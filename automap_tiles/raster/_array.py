"""Arrays of pixels with their grid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from automap_tiles.grid import Grid, Tile, UnitPart
from automap_tiles.grid.operation import between
from automap_tiles.raster._aligned import aligned_pieces
from automap_tiles.raster._gather import gather, plan
from automap_tiles.raster._mode import breaks_ties_of_its_own
from automap_tiles.raster._target import Target, parts_of
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.kernel_window import kernel_window
from automap_tiles.raster.nodata import as_value, equals, fill_value, masked, unused_value
from automap_tiles.raster.warp import as_dtype, resampling_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Raster:
    """Pixels and their grid; a process returns one when its grid is not the tile's."""

    data: np.ma.MaskedArray[Any, Any] | NDArray[Any]
    """(band, y, x), or (y, x) for a single band; the mask is True where there is no data."""
    grid: Grid
    anchor: Affine | None = None
    """Transform of the infinite grid that `grid` is a window of: warping several windows of it
    gives bit-identical pixels. None: `grid` stands alone."""

    def __post_init__(self) -> None:
        if self.data.ndim == 2:
            object.__setattr__(self, "data", self.data[np.newaxis])
        if self.data.ndim != 3 or self.data.shape[1:] != tuple(self.grid.shape):
            raise ValueError(
                f"an array of shape {self.data.shape} is not (band, *{tuple(self.grid.shape)})"
            )


def warp(
    raster: Raster, target: Target, *, resampling: str = "nearest", nodata: float | None = None
) -> np.ma.MaskedArray[Any, Any]:
    """The raster on a tile or grid, (band, y, x), of the same dtype.

    Pixels are nodata if they are masked, equal `nodata` or are NaN; the result holds nodata, or 0
    without one, under its mask. A valid result that happens to equal nodata is changed to the next
    value, as in GDAL. Raises `InputError` for an unknown resampling.
    """
    kind = resampling_of(resampling)
    if resampling == "nearest" or aligned_pieces(raster.grid, target) is not None:
        # Where the grids are the same, the nearest neighbour is the pixel itself.
        return _picked(raster, target, nodata)
    values = np.ascontiguousarray(np.ma.getdata(raster.data))
    out = np.empty((len(values), *target.shape), dtype=values.dtype)
    mask = np.zeros(out.shape, dtype=bool)
    _warp_blocks(raster, (values, _invalid(raster.data, nodata)), target, kind, (out, mask))
    return masked(out, mask, nodata)


def _picked(raster: Raster, target: Target, nodata: float | None) -> np.ma.MaskedArray[Any, Any]:
    """Nearest neighbours.

    Nodata is passed along as the mask: values are not changed, so none can become nodata.
    """
    values = np.ascontiguousarray(np.ma.getdata(raster.data))
    fill = fill_value(nodata, values.dtype)
    invalid: Mask | None = None
    if as_value(nodata, values.dtype) is None:
        invalid = _invalid(raster.data, nodata)
    else:
        values = _with_nodata(raster.data, fill)

    def window(_: int | None, part: Window) -> tuple[NDArray[Any], Mask | None]:
        rows, cols = part.toslices()
        # The index counts within the window, whose rows must lie side by side.
        pixels = np.ascontiguousarray(values[:, rows, cols])
        return pixels, None if invalid is None else np.ascontiguousarray(invalid[:, rows, cols])

    out = np.empty((len(values), *target.shape), dtype=values.dtype)
    mask = np.zeros(out.shape, dtype=bool)
    gather(plan([raster.grid], target, _no_overview), out, mask, [fill] * len(values), window)
    found = None if invalid is not None else equals(out, nodata)
    if found is None:
        return masked(out, mask, nodata)
    return np.ma.MaskedArray(out, found, fill_value=fill)


def _with_nodata(
    data: np.ma.MaskedArray[Any, Any] | NDArray[Any], fill: np.generic
) -> NDArray[Any]:
    """The pixels with nodata where they are masked or NaN; copied only if that changes them."""
    values = np.ascontiguousarray(np.ma.getdata(data))
    mask = np.ma.getmask(data)
    for wrong in (mask, np.isnan(values) if values.dtype.kind == "f" else np.ma.nomask):
        if wrong is not np.ma.nomask and wrong.any():
            values = np.where(wrong, fill, values)
    return values


def times_picked(grid: Grid, target: Target) -> NDArray[np.int32]:
    """(y, x) count of target pixels whose nearest neighbour each pixel of a grid is."""
    times = np.zeros(grid.shape, dtype=np.int32)
    for piece in plan([grid], target, _no_overview):
        if piece.window is None or piece.index is None:
            continue
        part = times[piece.window.toslices()]
        index = piece.index if piece.outside is None else piece.index[~piece.outside]
        part += np.bincount(index.reshape(-1), minlength=part.size).reshape(part.shape)
    return times


def _no_overview(grid: Grid) -> int | None:  # noqa: ARG001 - the array has none for any grid
    return None


def _invalid(data: np.ma.MaskedArray[Any, Any] | NDArray[Any], nodata: float | None) -> Mask:
    values = np.ma.getdata(data)
    invalid: Mask = np.array(np.ma.getmaskarray(data))
    found = equals(values, nodata)
    if found is not None:
        invalid |= found
    if values.dtype.kind == "f":
        invalid |= np.isnan(values)
    return invalid


def _warp_blocks(
    raster: Raster,
    source: tuple[NDArray[Any], Mask],
    target: Target,
    kind: Resampling,
    result: tuple[NDArray[Any], Mask],
) -> None:
    """Band by band, because each has its own mask and GDAL supports only one for all.

    Each unit block of a tile sees only the pixels around it.
    """
    values, invalid = source
    out, mask = result
    for part in parts_of(target):
        view = slice(None), *part.tile_window
        rows, cols, grid = slice(None), slice(None), raster.grid
        if isinstance(target, Tile):
            seen = _seen(raster, part.grid)
            if seen is None:
                out[view], mask[view] = 0, True
                continue
            rows, cols, grid = seen
        for band in range(len(values)):
            own = band, *part.tile_window
            if invalid[band, rows, cols].all():
                out[own], mask[own] = 0, True
                continue
            block = values[band, rows, cols], invalid[band, rows, cols]
            found = between(grid.crs, part.grid.crs, partial(_warped, *block, grid, part, kind))
            out[own], mask[own] = found


def _warped(
    values: NDArray[Any], invalid: Mask, grid: Grid, part: UnitPart, kind: Resampling
) -> tuple[NDArray[Any], Mask]:
    """One band on a part of a tile, and where there is no data."""
    height, width = part.grid.shape
    pixels, nodata = _with_marker(values, invalid, kind)
    with (
        _dataset(pixels, nodata, grid) as dataset,
        WarpedVRT(
            dataset,
            crs=part.grid.crs,
            transform=part.grid.transform,
            height=height,
            width=width,
            resampling=kind,
        ) as vrt,
    ):
        # GDAL leaves an array as it was where the source has nothing.
        found = np.full((height, width), nodata, dtype=pixels.dtype)
        vrt.read(1, out=found)
    found = found[part.unit_window]
    mask = equals(found, nodata)
    assert mask is not None
    return as_dtype(found, mask, values.dtype), mask


def _with_marker(
    values: NDArray[Any], invalid: Mask, kind: Resampling
) -> tuple[NDArray[Any], float]:
    """A band in which a value marks nodata, and that value.

    As float64 with NaN, which kernels cannot produce by themselves; for mode, whose result is one
    of the source values, as integers where GDAL's result would differ.
    """
    if breaks_ties_of_its_own(values.dtype, kind):
        # a table of 16 bits counts as one of 8 does, and has room where all of those occur
        wider = (values,) if values.itemsize > 1 else (values, values.astype(np.int16))
        for pixels in wider:
            unused = unused_value(pixels[~invalid])
            if unused is not None:
                return np.where(invalid, pixels.dtype.type(unused), pixels), unused
    return np.where(invalid, np.nan, values).astype(np.float64), np.nan


def _seen(raster: Raster, block: Grid) -> tuple[slice, slice, Grid] | None:
    """Rows, columns and grid of the window of a raster that a block sees; None if it sees none."""
    grid = raster.grid
    anchor = grid.transform if raster.anchor is None else raster.anchor
    window = kernel_window(grid.crs, anchor, block)
    if window is None:
        return None
    first = ~anchor @ (grid.transform.c, grid.transform.f)
    top, left = round(first[1]), round(first[0])
    rows = range(max(window[0].start, top), min(window[0].stop, top + grid.height))
    cols = range(max(window[1].start, left), min(window[1].stop, left + grid.width))
    if not rows or not cols:
        return None
    corner = Affine.translation(cols.start, rows.start)
    return (
        slice(rows.start - top, rows.stop - top),
        slice(cols.start - left, cols.stop - left),
        Grid(grid.crs, anchor @ corner, (len(rows), len(cols))),
    )


@contextmanager
def _dataset(values: NDArray[Any], nodata: float, grid: Grid) -> Iterator[Any]:
    """A band in memory."""
    ensure_env()
    height, width = values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            count=1,
            height=height,
            width=width,
            dtype=values.dtype.name,
            nodata=nodata,
            crs=grid.crs,
            transform=grid.transform,
        ) as writer:
            writer.write(values, 1)
        with memory.open() as dataset:
            yield dataset
