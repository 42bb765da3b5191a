"""Nodata values and masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EXACT = 2**53
"""Up to here float64 represents every integer."""


def whole_limits(dtype: str | np.dtype[Any]) -> tuple[int, int]:
    """The smallest and the largest integer nodata value that files store exactly.

    rasterio passes nodata as a float, and a GeoTIFF of 64-bit numbers stores only the first digits:
    -2**63 becomes -9.
    """
    limits = np.iinfo(dtype)
    return max(int(limits.min), -_EXACT), min(int(limits.max), _EXACT)


def as_value(nodata: float | None, dtype: np.dtype[Any]) -> np.generic | None:
    """The nodata value as a scalar of a dtype; None if the dtype has no such value."""
    if nodata is None:
        return None
    if dtype.kind in "fc":
        with np.errstate(over="ignore"):
            value = dtype.type(nodata)
        # -1.7976931348623157e308 in a float32 file would become -inf: no pixel has it.
        return None if np.isinf(value) and not math.isinf(nodata) else value
    if dtype.kind == "b":
        return dtype.type(nodata) if nodata in (0, 1) else None
    if not math.isfinite(nodata) or nodata != int(nodata):
        return None
    limits = np.iinfo(dtype)
    return dtype.type(int(nodata)) if limits.min <= nodata <= limits.max else None


def fill_value(nodata: float | None, dtype: np.dtype[Any]) -> np.generic:
    """The value under the mask: the nodata value, or 0 if there is none."""
    value = as_value(nodata, dtype)
    return dtype.type(0) if value is None else value


def equals(data: NDArray[Any], nodata: float | None) -> NDArray[np.bool_] | None:
    """Where data equals nodata, NaN included; None if no pixel can."""
    value = as_value(nodata, data.dtype)
    return None if value is None else same_as(data, value)


def same_as(data: NDArray[Any], value: np.generic) -> NDArray[np.bool_]:
    """Where data equals a value of its dtype, NaN included."""
    if value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        found: NDArray[np.bool_] = np.isnan(data)
        return found
    same: NDArray[np.bool_] = np.equal(data, value)
    return same


def free_value(data: np.ma.MaskedArray[Any, Any]) -> float | None:
    """A value for the masked pixels of an array that no other pixel has.

    None if nothing is masked, or if all values of the dtype occur.
    """
    mask = np.ma.getmaskarray(data)
    if not mask.any():
        return None
    return math.nan if data.dtype.kind in "fc" else unused_value(np.ma.getdata(data)[~mask])


def unused_value(values: NDArray[Any]) -> int | None:
    """An integer of their dtype that is not among the values; None if all occur."""
    limits = np.iinfo(values.dtype)
    low, high = int(limits.min), int(limits.max)
    ends = (low, high) if values.dtype.kind == "i" else (high, low)
    for end in ends:
        if not (values == end).any():
            return end
    taken = set(np.unique(values).tolist())
    return next((value for value in range(high, low - 1, -1) if value not in taken), None)


def masked(
    data: NDArray[Any], mask: NDArray[np.bool_], nodata: float | None
) -> np.ma.MaskedArray[Any, Any]:
    """A resampled array with its mask and nodata under it; `data` is modified.

    Valid pixels that happen to equal nodata are changed to the value that GDAL's warper uses
    instead.
    """
    fill = fill_value(nodata, data.dtype)
    if as_value(nodata, data.dtype) is not None:
        collided = equals(data, nodata)
        if collided is not None:
            collided &= ~mask
            if collided.any():
                data[collided] = _next_to(fill)
    np.copyto(data, fill, where=mask)
    return np.ma.MaskedArray(data, mask, fill_value=fill)


def _next_to(value: Any) -> Any:
    """The neighbouring value that GDAL's warper writes instead of nodata."""
    dtype = value.dtype
    if dtype.kind == "c":
        return dtype.type(complex(_next_to(value.real), value.imag))
    if dtype.kind == "f":
        largest = np.finfo(dtype).max
        return np.nextafter(value, dtype.type(0) if value == largest else largest)
    least = np.iinfo(dtype).min
    return dtype.type(int(value) + 1 if value == least else int(value) - 1)
