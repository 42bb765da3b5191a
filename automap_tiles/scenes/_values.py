"""Conversion of stored numbers to reflectance, as float32 or integers."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from automap_tiles.missions import Scaling
from automap_tiles.raster.rows import row_blocks

Array = np.ndarray[Any, Any]

_BLOCK = 1 << 15  # numbers and results stay in the L2 cache together with the table

_MOST = np.iinfo(np.int16).max

_PLAIN = Scaling(multiply=1.0)


def convert(numbers: Array, scaling: Scaling | None, out: Array, scale: float) -> None:
    """Reflectance times `scale` of a band's numbers (y, x), into `out` of float32 or int16.

    Values are correctly rounded; integers are clipped to the type's range. Without a scaling, the
    numbers are taken as reflectance. Nodata is converted like any other number. `out` may share the
    memory of the numbers.
    """
    scaling = _PLAIN if scaling is None else scaling
    offset = _whole_offset(scaling, scale)
    if offset is not None and (numbers.dtype, out.dtype) == (np.uint16, np.int16):
        _shift(numbers, offset, out)
        return
    if numbers.dtype.kind in "iu" and numbers.dtype.itemsize <= 2:
        _look_up(_table(scaling, scale, numbers.dtype.str, out.dtype.str), numbers, out)
        return
    for first in range(0, len(numbers), 64):
        rows = slice(first, first + 64)
        out[rows] = _formula(numbers[rows], scaling, scale, out.dtype)


def _whole_offset(scaling: Scaling, scale: float) -> int | None:
    """The offset, if the conversion is a plain addition: Sentinel-2 as integers."""
    offset = round(scaling.offset * scale)
    is_whole = (
        abs(scaling.slope * scale - 1) < 1e-12 and abs(scaling.offset * scale - offset) < 1e-9
    )
    return offset if is_whole and -_MOST <= offset <= 0 else None


def _shift(numbers: Array, offset: int, out: Array) -> None:
    """`numbers + offset` of uint16 as int16, clipped at the maximum; much faster than a table."""
    for rows in row_blocks(numbers.shape, 2):
        low = numbers[rows]
        # the sum is at most the largest int16, so it may be computed modulo 2**16
        if low.max() > _MOST - offset:  # looking takes a tenth of the time of cutting
            low = np.minimum(low, np.uint16(_MOST - offset))
        if offset or not np.may_share_memory(low, out):
            np.add(low.view(np.int16), np.int16(offset), out=out[rows])


def clear(values: Array, valid: Array) -> None:
    """Set `values` (band, y, x) to zero where not `valid` (y, x); 16 and 32 bit types."""
    bits = values.view(np.dtype(f"u{values.itemsize}"))
    keep = np.negative(valid, dtype=bits.dtype)
    for rows in row_blocks(valid.shape, values.itemsize):
        for plane in bits:
            np.bitwise_and(plane[rows], keep[rows], out=plane[rows])


def convert_by_angle(
    numbers: Array,
    scaling: Scaling,
    sun_zenith: Array,
    out: Array,
    scale: float | Array,
    add: float = 0.0,
) -> Array:
    """Like `convert`, with the sun's zenith in degrees for every pixel, NaN where unknown.

    `scale` may be an array (y, x); `add` is added to the result.

    Returns (y, x), True where there is a result: where the sun is above the horizon.
    """
    plain = replace(scaling, nodata=None)
    lit = np.empty(numbers.shape, dtype=bool)
    for first in range(0, len(numbers), 64):
        rows = slice(first, first + 64)
        values = plain.apply(numbers[rows], sun_zenith[rows])
        lit[rows] = ~np.isnan(values)
        times = scale if isinstance(scale, float) else scale[rows]
        exact = np.ma.getdata(values).astype(np.float64) * times + add
        out[rows] = _as_type(exact, out.dtype)
    return lit


def convert_times(
    numbers: Array,
    scaling: Scaling | None,
    factor: Array,
    out: Array,
    scale: float,
    add: float = 0.0,
) -> None:
    """Like `convert`, times a factor (y, x) plus a reflectance, rounded once at the end."""
    scaling = _PLAIN if scaling is None else scaling
    slope, offset = scaling.slope * scale, scaling.offset * scale
    for first in range(0, len(numbers), 64):
        rows = slice(first, first + 64)
        exact = (numbers[rows].astype(np.float64) * slope + offset) * factor[rows] + add * scale
        out[rows] = _as_type(exact, out.dtype)


@lru_cache(maxsize=256)
def _table(scaling: Scaling, scale: float, source: str, target: str) -> Array:
    """Results for all numbers of a type of up to 16 bits, in the order of their bit patterns."""
    dtype = np.dtype(source)
    bits = np.dtype(f"u{dtype.itemsize}")
    numbers = np.arange(1 << (8 * dtype.itemsize), dtype=np.uint32).astype(bits).view(dtype)
    table = _formula(numbers, scaling, scale, np.dtype(target))
    table.flags.writeable = False
    return table


def _formula(numbers: Array, scaling: Scaling, scale: float, dtype: np.dtype[Any]) -> Array:
    own = replace(scaling, multiply=scaling.multiply * scale, add=scaling.add * scale)
    return _as_type(numbers.astype(np.float64) * own.slope + own.offset, dtype)


def _as_type(exact: Array, dtype: np.dtype[Any]) -> Array:
    """Float32, or integers rounded half up and clipped to the type's range."""
    if dtype.kind == "f":
        return np.asarray(exact, dtype=dtype)
    limits = np.iinfo(dtype)
    whole = np.floor(np.nan_to_num(exact, nan=0.0) + 0.5)
    return np.clip(whole, limits.min, limits.max).astype(dtype)


def _look_up(table: Array, numbers: Array, out: Array) -> None:
    unsigned = numbers.view(np.dtype(f"u{numbers.dtype.itemsize}"))
    step = max(1, _BLOCK // max(1, unsigned.shape[1]))
    for first in range(0, len(unsigned), step):
        rows = slice(first, first + step)
        # all numbers are within the table; `clip` saves NumPy a buffer
        if out[rows].flags.c_contiguous:
            np.take(table, unsigned[rows], out=out[rows], mode="clip")
        else:
            out[rows] = table.take(unsigned[rows], mode="clip")
