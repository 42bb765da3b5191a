"""Downsampling by two: resampling methods that need only the four pixels of each block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

Array = NDArray[Any]

Mask = NDArray[np.bool_]

_Shrinker = Callable[[Array, Mask], tuple[Array, Mask]]


def _nearest(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    """The centre of the new pixel is the corner of the last old one (GDAL rounds down)."""
    return values[:, 1::2, 1::2].copy(), invalid[:, 1::2, 1::2].copy()


def _average(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    if values.dtype.kind in "iu" and values.itemsize <= 4:
        return _average_of_whole(values, invalid)
    count = _reduced(np.add, (~invalid).view(np.uint8))
    kept = np.where(invalid, values.dtype.type(0), values)
    exact = np.complex128 if values.dtype.kind == "c" else np.float64
    mean = _reduced(np.add, kept.astype(exact)) / np.maximum(count, 1)
    if values.dtype.kind in "iu":
        np.floor(np.add(mean, 0.5, out=mean), out=mean)
    return mean.astype(values.dtype), count == 0


def _average_of_whole(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    """Integers of up to 32 bits; signed ones as the offset from the minimum."""
    bits = np.dtype(f"u{values.itemsize}")
    sign = bits.type(1 << (8 * bits.itemsize - 1) if values.dtype.kind == "i" else 0)
    numbers = values.view(bits) ^ sign if sign else values.view(bits)
    valid = ~invalid
    count = _sums_of_four(valid.view(np.uint8))
    least = count.min()
    if least < 4:
        numbers = numbers & np.negative(valid, dtype=bits)
    total = _sums_of_four(numbers)
    if least == 4:
        mean = (total + total.dtype.type(2)) >> total.dtype.type(2)
    else:
        # Exact enough: a fractional third is far from every half.
        exact = np.dtype(np.float32 if bits.itemsize <= 2 else np.float64)
        mean = total.astype(exact)
        np.divide(mean, np.maximum(count, 1, dtype=exact), out=mean)
        np.floor(np.add(mean, exact.type(0.5), out=mean), out=mean)
    result = mean.astype(bits)
    if sign:
        np.bitwise_xor(result, sign, out=result)
    return result.view(values.dtype), count == 0


def _sums_of_four(numbers: Array) -> Array:
    """Sums of 2 x 2 unsigned numbers, in a type of twice the width.

    Two neighbours are viewed as the halves of a wide number: strided addition would not be
    vectorised.
    """
    bits = 8 * numbers.itemsize
    wide = np.dtype(f"u{2 * numbers.itemsize}")
    pairs = np.ascontiguousarray(numbers).view(wide)
    sums = pairs >> wide.type(bits)
    sums += pairs & wide.type((1 << bits) - 1)
    total: Array = sums[:, ::2] + sums[:, 1::2]
    return total


def _minimum(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    largest = np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    filled = np.where(invalid, values.dtype.type(largest), values)
    return _reduced(np.minimum, filled), _reduced(np.logical_and, invalid)


def _maximum(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    smallest = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    filled = np.where(invalid, values.dtype.type(smallest), values)
    return _reduced(np.maximum, filled), _reduced(np.logical_and, invalid)


def _mode(values: Array, invalid: Mask) -> tuple[Array, Mask]:
    """The value that first reaches the highest count, row by row, as GDAL's warper finds it."""
    places = [(slice(None), slice(y, None, 2), slice(x, None, 2)) for y in (0, 1) for x in (0, 1)]
    quarters = [(np.ascontiguousarray(values[at]), ~invalid[at]) for at in places]
    data, valid = quarters[0]
    best = valid.astype(np.uint8)
    for position in range(1, 4):
        value, valid = quarters[position]
        count = valid.astype(np.uint8)
        for other, other_valid in quarters[:position]:
            count += (other == value) & other_valid & valid
        better = count > best
        data = np.where(better, value, data)
        best = np.maximum(best, count)
    return data, best == 0


def _reduced(combine: Any, values: Array) -> Array:
    """Rows first, which lie side by side in memory, then columns."""
    rows = combine(values[:, ::2], values[:, 1::2])
    reduced: Array = combine(rows[..., ::2], rows[..., 1::2])
    return reduced


SHRINKERS: dict[Resampling, _Shrinker] = {
    Resampling.nearest: _nearest,
    Resampling.average: _average,
    Resampling.min: _minimum,
    Resampling.max: _maximum,
    Resampling.mode: _mode,
}
