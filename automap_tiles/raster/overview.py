"""Overview tiles: a tile from the four tiles of the next zoom, or from the tile above.

Nearest, average, minimum, maximum and mode of 2 x 2 pixels are computed here, with the same results
as GDAL's warper per band; all other resampling methods go through GDAL, one unit block at a time,
so that the pixels do not depend on the metatiling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject

from automap_tiles.errors import AutomapError
from automap_tiles.raster._downsampling import SHRINKERS
from automap_tiles.raster.env import ensure_env
from automap_tiles.raster.nodata import as_value, equals, masked
from automap_tiles.raster.rows import row_blocks
from automap_tiles.raster.warp import as_dtype, resampling_of

Array = NDArray[Any]
Masked = np.ma.MaskedArray[Any, Any]
Mask = NDArray[np.bool_]
_Shrinker = Callable[[Array, Mask], tuple[Array, Mask]]
"""Halves (band, y, x) with its mask of pixels without data; returns the same for the result."""

# Any CRS: only equality on both sides matters.
_ANY_CRS = CRS.from_epsg(3857)
# Integers, so that pixel positions are not rounded; and away from the origin, because GDAL takes
# steps of 1 and -1 from (0, 0) for missing georeferencing.
_PIXELS = Affine(1, 0, 1024, 0, -1, 1024)


def shrink(
    mosaic: Masked,
    shape: tuple[int, int],
    *,
    resampling: str,
    nodata: float | None,
    unit_size: int = 256,
) -> Masked:
    """Halve an array (band, 2 height, 2 width) to (band, *shape).

    Only valid pixels count; a pixel without any is masked. A valid result that happens to equal
    nodata is changed to the next value, as in GDAL, so that it stays valid. `unit_size` is the edge
    of a unit block of the result in pixels. Raises `ValueError` for a mosaic of another shape.
    """
    kind = resampling_of(resampling)
    height, width = shape
    if mosaic.shape[1:] != (2 * height, 2 * width):
        raise ValueError(f"a mosaic of {mosaic.shape[1:]} pixels does not shrink to {shape}")
    shrinker = SHRINKERS.get(kind)
    if shrinker is not None:
        return _in_blocks(shrinker, mosaic, shape, nodata)
    return _by_units(mosaic, shape, 0.5, kind, nodata, unit_size)


def is_local(resampling: str) -> bool:
    """Whether a pixel depends only on the 2 x 2 pixels below it.

    Tiles can then be shrunk separately.
    """
    return resampling_of(resampling) in SHRINKERS


def enlarge(
    parent: Masked,
    shape: tuple[int, int],
    *,
    quadrant: tuple[int, int],
    resampling: str,
    nodata: float | None,
    unit_size: int = 256,
) -> Masked:
    """Double the quadrant (row, column; 0 or 1) of an array (band, y, x) to (band, *shape).

    `unit_size` is the edge of a unit block of both in pixels: kernels do not cross the parent's
    block. Raises `ValueError` if the parent has no such quadrant.
    """
    kind = resampling_of(resampling)
    rows, cols = (
        _quarter(size, wanted, number)
        for size, wanted, number in zip(parent.shape[1:], shape, quadrant, strict=True)
    )
    if kind is Resampling.nearest:
        part = parent[:, rows, cols]
        invalid = _invalid(part, nodata)
        data = np.ma.getdata(part).repeat(2, axis=1).repeat(2, axis=2)
        mask = invalid.repeat(2, axis=1).repeat(2, axis=2)
        window = slice(None), slice(0, shape[0]), slice(0, shape[1])
        return masked(data[window], mask[window], nodata)
    around_rows, around_cols = (
        _whole_blocks(part, size, unit_size)
        for part, size in zip((rows, cols), parent.shape[1:], strict=True)
    )
    around = parent[:, around_rows, around_cols]
    around_shape = 2 * around.shape[1], 2 * around.shape[2]
    doubled = _by_units(around, around_shape, 2.0, kind, nodata, unit_size)
    first_row = 2 * (rows.start - around_rows.start)
    first_col = 2 * (cols.start - around_cols.start)
    cut = doubled[:, first_row : first_row + shape[0], first_col : first_col + shape[1]]
    return np.ma.MaskedArray(cut.data.copy(), cut.mask.copy(), fill_value=cut.fill_value)


def _quarter(size: int, wanted: int, number: int) -> slice:
    """Pixels of the parent under a child; the second child ends where the parent does."""
    needed = -(-wanted // 2)
    start = 0 if number == 0 else size - needed
    if number not in (0, 1) or start < 0 or needed > size:
        raise ValueError(f"{size} pixels have no quadrant {number} of {wanted} enlarged pixels")
    return slice(start, start + needed)


def _whole_blocks(part: slice, size: int, unit_size: int) -> slice:
    """The unit blocks that a part of the parent touches, clipped to the parent."""
    start = part.start // unit_size * unit_size
    stop = -(-part.stop // unit_size) * unit_size
    return slice(start, min(stop, size))


def _in_blocks(
    shrinker: _Shrinker, mosaic: Masked, shape: tuple[int, int], nodata: float | None
) -> Masked:
    """Band by band and a few rows at a time, so that every operation finds them in the cache."""
    values, missing = np.ma.getdata(mosaic), np.ma.getmaskarray(mosaic)
    out = np.empty((len(values), *shape), dtype=values.dtype)
    mask = np.empty(out.shape, dtype=bool)
    for band in range(len(out)):
        for rows in row_blocks(shape, 2 * values.itemsize):
            part = slice(band, band + 1), slice(2 * rows.start, 2 * rows.stop)
            invalid = _or_nodata(values[part], missing[part], nodata)
            found = shrinker(values[part], invalid)
            out[band, rows], mask[band, rows] = found[0][0], found[1][0]
    return masked(out, mask, nodata)


def _invalid(data: Masked, nodata: float | None) -> Mask:
    return _or_nodata(np.ma.getdata(data), np.ma.getmaskarray(data), nodata)


def _or_nodata(values: Array, mask: Mask, nodata: float | None) -> Mask:
    found = equals(values, nodata)
    if found is not None:
        mask = mask | found
    if values.dtype.kind == "f":
        mask = mask | np.isnan(values)
    return mask


def _by_units(
    data: Masked,
    shape: tuple[int, int],
    scale: float,
    kind: Resampling,
    nodata: float | None,
    unit_size: int,
) -> Masked:
    """Resample through GDAL in blocks of `unit_size` pixels on the coarser side."""
    ensure_env()
    out_unit = unit_size if scale < 1 else 2 * unit_size
    out = np.empty((data.shape[0], *shape), dtype=data.dtype)
    mask = np.empty(out.shape, dtype=bool)
    values, invalid = np.ma.getdata(data), _invalid(data, nodata)
    for rows, cols in _windows(shape, out_unit):
        source = slice(None), _scaled(rows, scale), _scaled(cols, scale)
        view = slice(None), rows, cols
        size = rows.stop - rows.start, cols.stop - cols.start
        for band in range(len(out)):
            found, mask[view][band] = _resampled(
                values[source][band], invalid[source][band], scale, kind, nodata, size
            )
            out[view][band] = as_dtype(found, mask[view][band], out.dtype)
    return masked(out, mask, nodata)


def _windows(shape: tuple[int, int], size: int) -> Iterator[tuple[slice, slice]]:
    for row in range(0, shape[0], size):
        for col in range(0, shape[1], size):
            yield (
                slice(row, min(row + size, shape[0])),
                slice(col, min(col + size, shape[1])),
            )


def _scaled(window: slice, scale: float) -> slice:
    return slice(int(window.start / scale), int(window.stop / scale))


def _resampled(
    values: Array,
    invalid: Mask,
    scale: float,
    kind: Resampling,
    nodata: float | None,
    shape: tuple[int, int],
) -> tuple[Array, Mask]:
    """One band of one block, resampled by GDAL's warper."""
    marker: Any = as_value(nodata, values.dtype)
    if marker is None:
        # If no value is free to mark nodata, NaN does, in a type that represents all others
        # exactly.
        values, marker = values.astype(np.float64), np.float64(np.nan)
    out = np.full(shape, marker, dtype=values.dtype)
    try:
        reproject(
            np.where(invalid, marker, values),
            out,
            src_transform=_PIXELS,
            src_crs=_ANY_CRS,
            src_nodata=marker,
            dst_transform=_PIXELS @ Affine.scale(1 / scale),
            dst_crs=_ANY_CRS,
            dst_nodata=marker,
            resampling=kind,
        )
    except ValueError as error:
        raise AutomapError(
            f"{kind.name} is not a resampling method for overviews: {error}"
        ) from error
    found = equals(out, float(marker))
    return out, np.zeros(shape, dtype=bool) if found is None else found
