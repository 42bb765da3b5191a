"""All resampling except nearest neighbour: GDAL's warper, one unit block at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject
from rasterio.windows import Window

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.grid.operation import between
from automap_tiles.raster._coordinates import longitude_shifts
from automap_tiles.raster._heights import heights_guessed
from automap_tiles.raster._mode import loses_minus_one
from automap_tiles.raster._target import Target, parts_of
from automap_tiles.raster._virtual import bands_of, holes_differ, ones_of
from automap_tiles.raster.datasets import OpenSource
from automap_tiles.raster.lru import ByteLRU, share
from automap_tiles.raster.nodata import as_value, equals, fill_value, whole_limits
from automap_tiles.raster.source import Georeferencing, RasterInfo

CACHE_BYTES = 64 * 2**20
"""Warped unit blocks cached per thread, for targets whose buffers share blocks."""

Block = tuple[NDArray[Any], NDArray[np.bool_]]
"""Pixels (band, y, x) of a unit block, and where there is no data."""


class _Cache(threading.local):
    def __init__(self) -> None:
        self.blocks: ByteLRU[Block] = ByteLRU(share(CACHE_BYTES))


_cache = _Cache()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarpOrder:
    """Parameters of a warp, apart from the grid."""

    indexes: tuple[int, ...]
    resampling: Resampling
    nodata: float | None
    """Nodata value of every band of the source."""
    turn: float = 0.0
    """Degrees by which the source's longitudes are shifted: GDAL does not look beyond 180."""


def resampling_of(name: str) -> Resampling:
    """The resampling method of a name; raises `InputError` if warping does not support it."""
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

    Blocks of which only a part is needed are cached under `key` for the neighbours of the target.
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


def warp_block(source: OpenSource, grid: Grid, order: WarpOrder, level: int | None = None) -> Block:
    """A source, or its overview of a level, warped by GDAL onto a grid in one call.

    Band by band if their nodata pixels differ. Raises `InputError` for a nodata value that GDAL's
    warper, which computes in floats, would confuse with other numbers.
    """
    dtype = np.dtype(source.info.dtypes[order.indexes[0] - 1])
    if dtype.kind in "iu" and dtype.itemsize == 8 and order.nodata is not None:
        least, most = whole_limits(dtype)
        if not least <= order.nodata <= most:
            raise InputError(
                f"has the nodata value {order.nodata}, which resampling does not tell from its "
                "neighbours; read it with nearest, or give it a smaller one",
                source.info.path,
            )
    crs = source.info.grid.crs
    return between(crs, grid.crs, lambda: _turned(source, grid, order, level))


def _turned(source: OpenSource, grid: Grid, order: WarpOrder, level: int | None) -> Block:
    """A source that extends beyond 180 degrees of longitude, on both sides of that meridian."""
    first, *others = longitude_shifts(source.info.grid, grid)
    pixels, missing = _warp_block(source, grid, replace(order, turn=first), level)
    for turn in others:
        more, gaps = _warp_block(source, grid, replace(order, turn=turn), level)
        pixels, missing = np.where(missing, more, pixels), missing & gaps
    return pixels, missing


def _warp_block(source: OpenSource, grid: Grid, order: WarpOrder, level: int | None) -> Block:
    info = source.info
    if info.georeferencing is not Georeferencing.TRANSFORM:
        return heights_guessed(info, _reproject_block(source, grid, order))
    dtype = np.dtype(info.dtypes[order.indexes[0] - 1])
    value = as_value(order.nodata, dtype)
    nodata = None if value is None else value.item()
    if nodata is None and (info.has_mask or info.alpha):
        return _warped(source, grid, order)
    # nodata pixels of a shifted source are not compared
    may_differ = order.turn != 0 and nodata is not None and len(order.indexes) > 1
    if may_differ or holes_differ(source, grid, order.indexes, nodata):
        parts = [_alone(source, grid, (index,), order, level) for index in order.indexes]
        pixels, masks = zip(*parts, strict=True)
        return np.concatenate(pixels), np.concatenate(masks)
    others_have_holes = nodata is not None or dtype.kind == "f" or len(set(info.dtypes)) > 1
    if len(order.indexes) < info.count and others_have_holes:
        return _alone(source, grid, order.indexes, order, level)
    return _warped(source, grid, order)


def _alone(
    source: OpenSource, grid: Grid, indexes: tuple[int, ...], order: WarpOrder, level: int | None
) -> Block:
    """Some bands without the others, whose nodata pixels would otherwise affect them."""
    value = as_value(order.nodata, np.dtype(source.info.dtypes[indexes[0] - 1]))
    found = bands_of(source, indexes, None if value is None else value.item(), level)
    return _warped(found, grid, replace(order, indexes=tuple(range(1, len(indexes) + 1))))


def _warped(source: OpenSource, grid: Grid, order: WarpOrder) -> Block:
    """Bands of a source that share their nodata pixels."""
    info = source.info
    dtype = np.dtype(info.dtypes[order.indexes[0] - 1])
    options = _no_data_options(info, order, dtype)
    shape, indexes = (len(order.indexes), *grid.shape), list(order.indexes)
    with _virtual(source.dataset, grid, order, **options) as vrt:
        # The whole dataset, requested as in mapchete: where rounding ends the window a billionth of
        # a pixel early, GDAL warps in smaller chunks, and decimating kernels differ.
        window = vrt.window(*grid.bounds)
        # GDAL leaves an array unchanged where the source has nothing.
        out = np.full(shape, options.get("nodata", 0), dtype=options.get("dtype", dtype))
        mask: NDArray[np.bool_]
        vrt.read(indexes, window=window, out=out)
        if not options and not info.alpha:
            return out, _outside(source, grid, order, out)
        if "nodata" not in options:
            mask = np.broadcast_to(_alpha(vrt, window, grid) == 0, shape)
            return as_dtype(out, mask, dtype), mask
        if "dtype" not in options:
            # Warped in addition to the pixels: kernels may produce any number at an edge.
            valid = np.zeros(shape, dtype=np.uint8)
            vrt.read_masks(indexes, window=window, out=valid)
            return out, valid == 0
    mask = np.isnan(out)
    return as_dtype(out, mask, dtype), mask


def _virtual(dataset: Any, grid: Grid, order: WarpOrder, **options: Any) -> WarpedVRT:
    """A dataset warped onto a grid."""
    height, width = grid.shape
    if order.turn:
        options["src_transform"] = Affine.translation(order.turn, 0) @ dataset.transform
    return WarpedVRT(
        dataset,
        crs=grid.crs,
        transform=grid.transform,
        height=height,
        width=width,
        resampling=order.resampling,
        **options,
    )


def _alpha(vrt: Any, window: Window, grid: Grid) -> NDArray[Any]:
    """The alpha band (y, x) of a warped dataset; GDAL derives a mask only from one of bytes."""
    band = vrt.colorinterp.index(ColorInterp.alpha) + 1
    alpha = np.zeros(grid.shape, dtype=vrt.dtypes[band - 1])
    vrt.read(band, window=window, out=alpha)
    return alpha


def _outside(
    source: OpenSource, grid: Grid, order: WarpOrder, pixels: NDArray[Any]
) -> NDArray[np.bool_]:
    """Where warped pixels (band, y, x) without nodata are zeros from outside the source.

    Determined by warping ones in place of the source, only if there are zeros at all.
    """
    outside = np.zeros(grid.shape, dtype=bool)
    if not (pixels == 0).all(axis=0).any():
        return np.broadcast_to(outside, pixels.shape)
    with _virtual(ones_of(source).dataset, grid, order, src_nodata=0, nodata=0) as vrt:
        inside = np.zeros(grid.shape, dtype=np.uint8)
        vrt.read(1, window=vrt.window(*grid.bounds), out=inside)
    outside = inside == 0
    pixels[:, outside] = 0
    return np.broadcast_to(outside, pixels.shape)


def _no_data_options(info: RasterInfo, order: WarpOrder, dtype: np.dtype[Any]) -> dict[str, Any]:
    """How GDAL distinguishes nodata from zeros.

    Integers of a source with neither a nodata value nor a mask are warped as they are, because
    GDAL's kernels round and break ties differently for floats; `_outside` finds the zeros outside
    the source. Floats are warped as float64 with NaN outside. An alpha band would work as well, but
    makes GDAL warp in smaller chunks, with different kernels.
    """
    as_floats = loses_minus_one(dtype, order.resampling)
    if as_value(order.nodata, dtype) is not None:
        if as_floats:
            return {"src_nodata": order.nodata, "nodata": np.nan, "dtype": "float64"}
        return {"src_nodata": order.nodata, "nodata": order.nodata}
    wider = {"dtype": "float64"} if as_floats else {}
    if info.alpha:
        return wider
    if info.has_mask or dtype.kind == "c" or dtype.str[1:] in ("i8", "u8"):
        return {"add_alpha": True, **wider}
    if dtype.kind in "iu" and not as_floats:
        return {}
    return {"src_nodata": np.nan, "nodata": np.nan, "dtype": "float64"}


def as_dtype(values: NDArray[Any], mask: NDArray[np.bool_], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Back from float64: rounded half up and clipped to the type, as in GDAL."""
    if values.dtype == dtype:
        return values
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        rounded = np.floor(np.where(mask, 0.0, values) + 0.5)
        return np.clip(rounded, limits.min, limits.max).astype(dtype)
    return values.astype(dtype)


def _reproject_block(source: OpenSource, grid: Grid, order: WarpOrder) -> Block:
    """Sources georeferenced by control points or RPC, which WarpedVRT does not support.

    Band by band, because GDAL would treat a pixel as nodata only if all bands are.
    """
    dtype = np.dtype(source.info.dtypes[order.indexes[0] - 1])
    nodata = None if as_value(order.nodata, dtype) is None else order.nodata
    kind = np.dtype(np.float64) if loses_minus_one(dtype, order.resampling) else dtype
    out = np.full((len(order.indexes), *grid.shape), fill_value(nodata, dtype), dtype=kind)
    for pixels, index in zip(out, order.indexes, strict=True):
        _reproject(rasterio.band(source.dataset, index), pixels, grid, order.resampling, nodata)
    if nodata is not None:
        found = equals(out, nodata)
        holes = np.zeros(out.shape, dtype=bool) if found is None else found
        return as_dtype(out, holes, dtype), holes
    # Without a nodata value, warped ones show what lies inside the source.
    inside = np.zeros(grid.shape, dtype=np.uint8)
    ones = ones_of(source).dataset
    _reproject(rasterio.band(ones, 1), inside, grid, order.resampling, 0)
    outside = np.broadcast_to(inside == 0, out.shape)
    return as_dtype(out, outside, dtype), outside


def _reproject(
    band: Any, out: NDArray[Any], grid: Grid, resampling: Resampling, nodata: float | None
) -> None:
    """Warp one band onto a grid, into an array (y, x) that is filled with nodata."""
    reproject(
        band,
        out,
        src_nodata=nodata,
        dst_nodata=nodata,
        dst_crs=grid.crs,
        dst_transform=grid.transform,
        resampling=resampling,
    )
