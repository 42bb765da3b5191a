"""Conversion of a user function's return value to the array that is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ProcessResultError, ValueOverflow
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.nodata import as_value, equals, same_as

OnOverflow = Literal["saturate", "raise"]


def prepare(
    data: object,
    *,
    count: int | None,
    dtype: str | np.dtype[Any],
    nodata: float | None,
    shape: tuple[int, int],
    on_overflow: OnOverflow = "saturate",
) -> np.ma.MaskedArray[Any, Any]:
    """A masked array (band, y, x) of the output's dtype with nodata under its mask.

    `data` is an array of two or three dimensions, masked or not, or a list or tuple of bands.
    Masked are the pixels masked in `data`, those equal to nodata and, for integer outputs, NaN.
    Fractions are truncated as in NumPy; a note is issued if that turns every value into 0. Values
    outside the range of the dtype are clipped to it, with a note, or raise `ValueOverflow`. Raises
    `ProcessResultError` for anything but an array, or for a shape other than (count, *shape).
    """
    array = _three_dimensional(data)
    target = np.dtype(dtype)
    _check(array, count, target, shape)
    values: NDArray[Any] = np.ma.getdata(array)
    mask = _without_data(array, values, target)
    converted = _convert(values, mask, target, nodata, on_overflow)
    value = as_value(nodata, target)
    fill = target.type(0) if value is None else value
    # Integers equal to nodata need no change; floats have two zeros and many NaNs.
    is_filled = mask is None and target.kind in "iu"
    if value is not None:
        found = same_as(converted, value)
        mask = found if mask is None else np.logical_or(mask, found, out=found)
    if mask is None:
        mask = np.zeros(converted.shape, np.bool_)
    elif not is_filled and mask.any():
        if converted is values:  # The user may continue to use the array.
            converted = np.where(mask, fill, converted)
        else:
            np.copyto(converted, fill, where=mask)
    return np.ma.MaskedArray(converted, mask=mask, fill_value=fill)


def _without_data(
    array: NDArray[Any], values: NDArray[Any], target: np.dtype[Any]
) -> NDArray[np.bool_] | None:
    """Pixels of a result that are masked regardless of the nodata value; None: there are none."""
    given: NDArray[np.bool_] | None = None
    if np.ma.getmask(array) is not np.ma.nomask:
        given = np.array(np.ma.getmaskarray(array))
    if target.kind in "iu" and values.dtype.kind in "fc":
        nan: NDArray[np.bool_] = np.isnan(values)
        if given is not None:
            nan |= given
        return nan
    return given


def _three_dimensional(data: object) -> NDArray[Any]:
    if data is None:
        raise ProcessResultError(
            "the process returned None; raise automap_tiles.Empty where there is nothing to write"
        )
    if isinstance(data, list | tuple):
        array = _stack(data)
    elif isinstance(data, np.ndarray):
        array = data
    else:
        raise ProcessResultError(
            f"the process returned {type(data).__name__}, not an array or a list of bands"
        )
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3:
        raise ProcessResultError(
            f"the process returned an array of {array.ndim} dimensions, not (band, y, x) or (y, x)"
        )
    return array


def _stack(bands: Sequence[object]) -> NDArray[Any]:
    if not bands:
        raise ProcessResultError("the process returned no bands")
    for band in bands:
        if not isinstance(band, np.ndarray) or band.ndim != 2:
            found = type(band).__name__
            if isinstance(band, np.ndarray):
                found = f"an array of {band.ndim} dimensions"
            raise ProcessResultError(
                f"the process returned a list of bands, of which one is {found}, not (y, x)"
            )
    arrays = [band for band in bands if isinstance(band, np.ndarray)]
    shapes = {band.shape for band in arrays}
    if len(shapes) > 1:
        raise ProcessResultError(f"the bands returned have different shapes: {sorted(shapes)}")
    if any(isinstance(band, np.ma.MaskedArray) for band in arrays):
        stacked: NDArray[Any] = np.ma.stack(arrays)
        return stacked
    return np.stack(arrays)


def _check(
    array: NDArray[Any], count: int | None, dtype: np.dtype[Any], shape: tuple[int, int]
) -> None:
    if array.shape[1:] != tuple(shape):
        raise ProcessResultError(
            f"the process returned {array.shape[1]} x {array.shape[2]} pixels (rows x columns), "
            f"the tile has {shape[0]} x {shape[1]}"
        )
    if count is not None and array.shape[0] != count:
        raise ProcessResultError(
            f"the process returned {array.shape[0]} bands, the output has {count}"
        )
    if array.dtype.kind not in "biufc":
        raise ProcessResultError(f"the process returned an array of dtype {array.dtype}")
    if array.dtype.kind == "c" and dtype.kind != "c":
        raise ProcessResultError(f"complex values do not fit the output's dtype {dtype}")


def _convert(
    values: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    dtype: np.dtype[Any],
    nodata: float | None,
    on_overflow: OnOverflow,
) -> NDArray[Any]:
    if values.dtype == dtype:
        return values
    if values.dtype.kind == "b" or np.can_cast(values.dtype, dtype, "safe"):
        return values.astype(dtype)
    if dtype.kind not in "iu":
        return _to_float(values, mask, dtype, on_overflow)
    limits = np.iinfo(dtype)
    if values.dtype.kind in "iu" and _fits(values, limits.min, limits.max):
        return values.astype(dtype)
    low, high = _beyond(values, limits.min, limits.max)
    if low.any() or high.any():
        beyond = _but(low | high, mask) & ~_is_nodata(values, nodata)
        _refuse_or_tell(values, beyond, dtype, on_overflow)
    with np.errstate(invalid="ignore"):
        converted = values.astype(dtype)
    if values.dtype.kind == "f" and not converted.any():
        _tell_cut(int(np.count_nonzero(_but((values != 0) & ~(low | high), mask))))
    # Limits such as 2**63 - 1 are not representable as floats: the exact values are set afterwards.
    converted[low], converted[high] = limits.min, limits.max
    return converted


def _fits(values: NDArray[Any], least: int, most: int) -> bool:
    """Whether all integers are within limits; cheaper than marking those that are not."""
    return values.size == 0 or (int(values.min()) >= least and int(values.max()) <= most)


def _beyond(
    values: NDArray[Any], least: int, most: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where values are too small and too large after truncation."""
    if values.dtype.kind == "f":
        # 255.7 is truncated to 255 and fits.
        return np.less_equal(values, np.float64(least) - 1), np.greater_equal(
            values, np.float64(most) + 1
        )
    return np.less(values, least), np.greater(values, most)


def _to_float(
    values: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    dtype: np.dtype[Any],
    on_overflow: OnOverflow,
) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        converted = values.astype(dtype)
    if dtype.kind != "f":
        return converted
    beyond = np.isinf(converted) & ~np.isinf(values)
    if values.dtype.kind in "iu":
        _tell_rounded(values, converted, mask)
    if beyond.any():
        _refuse_or_tell(values, _but(beyond, mask), dtype, on_overflow)
        largest = np.finfo(dtype).max
        converted[beyond] = np.where(values[beyond] < 0, -largest, largest)
    return converted


def _but(found: NDArray[np.bool_], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    return found if mask is None else found & ~mask


def _is_nodata(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_] | np.bool_:
    found = equals(values, nodata)
    return np.bool_(False) if found is None else found


def _refuse_or_tell(
    values: NDArray[Any], beyond: NDArray[np.bool_], dtype: np.dtype[Any], on_overflow: OnOverflow
) -> None:
    """Raise `ValueOverflow` for values outside the range of a dtype, or note how many there are."""
    if on_overflow == "raise":
        _raise_overflow(values, beyond, dtype)
        return
    count = int(np.count_nonzero(beyond))
    if count:
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.PIXELS,
                reason=f"their values do not fit {dtype}: they become its smallest or largest one",
                count=count,
                remedy="another dtype or scale under output; on_overflow: raise refuses them",
            )
        )


def _tell_cut(count: int) -> None:
    """Note results that are all between -1 and 1 in an integer output."""
    if count:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.PIXELS,
                reason="all values of the tile are fractions, which whole numbers store as 0",
                count=count,
                remedy="dtype: float32 under output, or values times a scale",
            )
        )


def _tell_rounded(
    values: NDArray[Any], converted: NDArray[Any], mask: NDArray[np.bool_] | None
) -> None:
    """Note integers, such as ids, that floats of this width cannot distinguish."""
    exact = 2 ** (np.finfo(converted.dtype).nmant + 1)
    if values.size == 0 or (int(values.min()) >= -exact and int(values.max()) <= exact):
        return
    # Beyond, values are rounded to the nearest multiple of 2, 4, 8 …
    rounded = (converted != values.astype(np.longdouble)) & np.isfinite(converted)
    count = int(np.count_nonzero(_but(rounded, mask)))
    if count:
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.PIXELS,
                reason=f"whole numbers beyond {exact}, which {converted.dtype} rounds",
                count=count,
                remedy=f"dtype: {values.dtype.name} under output",
            )
        )


def _raise_overflow(values: NDArray[Any], beyond: NDArray[np.bool_], dtype: np.dtype[Any]) -> None:
    places = np.argwhere(beyond)
    if len(places):
        band, row, col = (int(number) for number in places[0])
        limits = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
        raise ValueOverflow(
            f"value {values[band, row, col]} in band {band + 1} (row {row}, column {col}) does "
            f"not fit the output's dtype {dtype} ({limits.min} to {limits.max}); "
            f"{len(places)} values do not"
        )
