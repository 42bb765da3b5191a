"""Everything but nearest neighbours: GDAL's warper, one unit block at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.raster.lru import ByteLRU
from automap_tiles.raster.nodata import as_value
from automap_tiles.raster.source import Georeferencing, RasterInfo
from automap_tiles.raster.target import Target, parts_of

CACHE_BYTES = 64 * 2**20
"""Warped unit blocks kept per thread, for targets that share blocks through their buffers."""

Block = tuple[NDArray[Any], NDArray[np.bool_]]
"""Pixels (band, y, x) of a unit block, and where there is no data."""


class _Cache(threading.local):
    def __init__(self) -> None:
        self.blocks: ByteLRU[Block] = ByteLRU(CACHE_BYTES)


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
    options = _vrt_options(info, order)
    height, width = grid.shape
    with WarpedVRT(
        dataset,
        crs=grid.crs,
        transform=grid.transform,
        height=height,
        width=width,
        resampling=order.resampling,
        **options,
    ) as vrt:
        found = vrt.read(list(order.indexes), masked=True)
    return found.data, np.ma.getmaskarray(found)


def _vrt_options(info: RasterInfo, order: WarpOrder) -> dict[str, Any]:
    """Without a nodata value, an alpha band tells what lies outside the source."""
    options: dict[str, Any] = {}
    nodata = as_value(order.nodata, np.dtype(info.dtype))
    if nodata is not None:
        options |= {"src_nodata": order.nodata, "nodata": order.nodata}
    elif not info.alpha:
        options["add_alpha"] = True
    if info.georeferencing is not Georeferencing.TRANSFORM:
        options["src_crs"] = info.crs
    return options
