"""Everything but nearest neighbours: GDAL's warper, one unit block at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.raster.lru import ByteLRU, share
from automap_tiles.raster.nodata import as_value, equals, fill_value
from automap_tiles.raster.source import Georeferencing, RasterInfo
from automap_tiles.raster.target import Target, parts_of

CACHE_BYTES = 64 * 2**20
"""Warped unit blocks kept per thread, for targets that share blocks through their buffers."""

Block = tuple[NDArray[Any], NDArray[np.bool_]]
"""Pixels (band, y, x) of a unit block, and where there is no data."""


class _Cache(threading.local):
    def __init__(self) -> None:
        self.blocks: ByteLRU[Block] = ByteLRU(share(CACHE_BYTES))


_cache = _Cache()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarpOrder:
    """What GDAL is asked for, apart from the grid."""

    indexes: tuple[int, ...]
    resampling: Resampling
    nodata: float | None
    """Value that counts as no data in every band of the source."""


def resampling_of(name: str) -> Resampling:
    """The resampling of a name; raises `InputError` when a warp has no such one."""
    try:
        found = Resampling[name]
    except KeyError:
        found = Resampling.gauss
    if found is Resampling.gauss:
        known = ", ".join(kind.name for kind in Resampling if kind is not Resampling.gauss)
        raise InputError(f"unknown resampling {name!r}; known are {known}")
    return found


def assemble(
    target: Target,
    out: NDArray[Any],
    missing: NDArray[np.bool_],
    block: Callable[[Grid], Block],
    key: Hashable,
) -> None:
    """Fill `out` and `missing` (band, y, x) from whole unit blocks.

    Blocks of which only a part is wanted are kept under `key` for the neighbours of the target.
    """
    for part in parts_of(target):
        if part.is_whole:
            pixels, gaps = block(part.grid)
        else:
            pixels, gaps = _kept_block(part.grid, block, key)
        view = slice(None), *part.tile_window
        cut = slice(None), *part.unit_window
        out[view], missing[view] = pixels[cut], gaps[cut]


def _kept_block(grid: Grid, block: Callable[[Grid], Block], key: Hashable) -> Block:
    full_key = (key, grid)
    found = _cache.blocks.get(full_key)
    if found is None:
        found = block(grid)
        _cache.blocks.put(full_key, found, found[0].nbytes + found[1].nbytes)
    return found


def warp_block(dataset: Any, info: RasterInfo, grid: Grid, order: WarpOrder) -> Block:
    """A dataset on a grid, warped by GDAL in one go."""
    if info.georeferencing is not Georeferencing.TRANSFORM:
        return _reproject_block(dataset, info, grid, order)
    dtype = np.dtype(info.dtypes[order.indexes[0] - 1])
    height, width = grid.shape
    options = _no_data_options(info, order, dtype)
    with WarpedVRT(
        dataset,
        crs=grid.crs,
        transform=grid.transform,
        height=height,
        width=width,
        resampling=order.resampling,
        **options,
    ) as vrt:
        # The whole of it, asked for as mapchete does: where rounding makes the window end a
        # billionth of a pixel early, GDAL warps in lower blocks, and decimating kernels differ.
        found = vrt.read(
            list(order.indexes),
            window=vrt.window(*grid.bounds),
            out_shape=(len(order.indexes), height, width),
            masked="dtype" not in options,
        )
    if "dtype" in options:
        mask: NDArray[np.bool_] = np.isnan(found)
        return as_dtype(found, mask, dtype), mask
    return found.data, np.ma.getmaskarray(found)


def _no_data_options(info: RasterInfo, order: WarpOrder, dtype: np.dtype[Any]) -> dict[str, Any]:
    """How GDAL tells no data from zeros.

    A source with neither a nodata value nor a mask is warped as float64 with NaN outside it. An
    alpha band would tell as well, but makes GDAL warp in lower blocks, whose kernels differ.
    """
    if as_value(order.nodata, dtype) is not None:
        return {"src_nodata": order.nodata, "nodata": order.nodata}
    if info.alpha:
        return {}
    if info.has_mask or dtype.kind == "c" or dtype.str[1:] in ("i8", "u8"):
        return {"add_alpha": True}
    return {"src_nodata": np.nan, "nodata": np.nan, "dtype": "float64"}


def as_dtype(values: NDArray[Any], mask: NDArray[np.bool_], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Back from float64: rounded half up and cut to the type, as GDAL does itself."""
    if values.dtype == dtype:
        return values
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        rounded = np.floor(np.where(mask, 0.0, values) + 0.5)
        return np.clip(rounded, limits.min, limits.max).astype(dtype)
    return values.astype(dtype)


def _reproject_block(dataset: Any, info: RasterInfo, grid: Grid, order: WarpOrder) -> Block:
    """Sources tied to the ground by control points or coefficients; a WarpedVRT has no such."""
    dtype = np.dtype(info.dtypes[order.indexes[0] - 1])
    shape = (len(order.indexes), *grid.shape)
    nodata = None if as_value(order.nodata, dtype) is None else order.nodata
    where = {
        "dst_crs": grid.crs,
        "dst_transform": grid.transform,
        "resampling": order.resampling,
    }
    out = np.full(shape, fill_value(nodata, dtype))
    band = rasterio.band(dataset, list(order.indexes))
    reproject(band, out, src_nodata=nodata, dst_nodata=nodata, **where)
    if nodata is not None:
        found = equals(out, nodata)
        return out, np.zeros(shape, dtype=bool) if found is None else found
    # Without a nodata value, a source of ones tells what lies inside.
    ties = {"rpcs": dataset.rpcs} if dataset.rpcs else {"gcps": dataset.gcps[0]}
    inside = np.zeros(grid.shape, dtype=np.uint8)
    ones = np.ones(info.shape, dtype=np.uint8)
    reproject(ones, inside, src_crs=info.crs, src_nodata=0, **ties, **where)
    return out, np.broadcast_to(inside == 0, shape)
