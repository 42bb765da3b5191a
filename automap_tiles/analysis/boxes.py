"""Mean, standard deviation and range in the square window around every pixel.

Pixels without data do not count, nor do those beyond the picture; where the pixel in the middle has
none the result is masked. A value depends on its window alone, bit by bit, however the picture was
cut: sums are taken in float64, in an order that the window's size prescribes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.samples import Array, Bools
from automap_tiles.analysis.windows import parts, window_extremes, window_sums

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Statistic: TypeAlias = Literal["mean", "std", "range"]
# Bytes of a pixel in the work of a part: two sums in float64, their halves, the results.
_PIXEL_BYTES = 48
# Of the mean square: what the rounding of float64 may leave of a variance of zero.
_ROUNDING = 2.0**-48


def box_mean(planes: Array, radius: int, *, fast: bool | None = None) -> Picture:
    """Mean over windows of (2 · radius + 1)² pixels; (y, x) or (plane, y, x), float32.

    `planes` are integers or floats, masked or not; NaN has no data.
    Raises `ValueError` for a radius below 0.
    """
    return _of_planes(planes, radius, ("mean",), fast)["mean"]


def box_mean_std(
    planes: Array, radius: int, *, fast: bool | None = None
) -> tuple[Picture, Picture]:
    """Mean and standard deviation (divided by the number of pixels), as `box_mean`."""
    found = _of_planes(planes, radius, ("mean", "std"), fast)
    return found["mean"], found["std"]


def box_range(planes: Array, radius: int) -> Picture:
    """Largest minus smallest value, as `box_mean`."""
    return _of_planes(planes, radius, ("range",), None)["range"]


def _of_planes(
    planes: Array, radius: int, statistics: Sequence[Statistic], fast: bool | None
) -> dict[str, Picture]:
    data = np.ma.getdata(planes)
    if data.ndim not in (2, 3):
        raise ValueError(f"planes are (y, x) or (plane, y, x), not {data.shape}")
    valid = ~np.ma.getmaskarray(planes)
    if data.dtype.kind == "f":
        valid &= ~np.isnan(data)
    found: dict[str, Array] = {n: np.empty(data.shape, dtype=np.float32) for n in statistics}
    for place in np.ndindex(data.shape[:-2]):
        plane = data[place].astype(np.float32, copy=False)
        for name, result in boxes(plane, valid[place], radius, statistics, fast=fast).items():
            found[name][place] = result
    return {name: np.ma.MaskedArray(result, mask=~valid) for name, result in found.items()}


def boxes(
    plane: NDArray[np.float32],
    valid: Bools,
    radius: int,
    statistics: Sequence[Statistic],
    *,
    fast: bool | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Statistics of a float32 plane (y, x) by their names, 0 where it is not valid."""
    if radius < 0:
        raise ValueError(f"a radius is at least 0, not {radius}")
    found: dict[str, NDArray[np.float32]] = {
        name: np.zeros(plane.shape, dtype=np.float32) for name in statistics
    }
    for part in parts((plane.shape[0], plane.shape[1]), radius, _PIXEL_BYTES):
        here = part.cut(valid, False)
        if not here.any():
            continue
        values, place = part.cut(plane), (part.rows, part.columns)
        holes = None if here.all() else ~here
        if "mean" in found or "std" in found:
            _moments(values, holes, radius, {name: out[place] for name, out in found.items()})
        if "range" in found:
            _range(values, holes, radius, found["range"][place])
        for out in found.values():
            out[place][~valid[place]] = 0
    return found


def _moments(values: Array, holes: Bools | None, radius: int, out: dict[str, Array]) -> None:
    size = 2 * radius + 1, 2 * radius + 1
    exact = values.astype(np.float64)
    share: Array | float = 1 / size[0] ** 2
    if holes is not None:
        exact[holes] = 0
        number = window_sums((~holes).astype(np.int32), size)
        share = 1 / np.maximum(number, 1)
    mean = window_sums(exact, size)
    np.multiply(mean, share, out=mean)
    if "mean" in out:
        out["mean"][...] = mean
    if "std" in out:
        np.multiply(exact, exact, out=exact)
        square = window_sums(exact, size)
        np.multiply(square, share, out=square)
        np.multiply(mean, mean, out=mean)
        np.subtract(square, mean, out=mean)
        np.multiply(square, _ROUNDING, out=square)
        np.subtract(mean, square, out=mean)
        np.maximum(mean, 0, out=mean)
        np.sqrt(mean, out=out["std"], casting="same_kind")


def _range(values: Array, holes: Bools | None, radius: int, out: Array) -> None:
    low, high = values, values
    if holes is not None:
        low, high = values.copy(), values.copy()
        low[holes], high[holes] = np.inf, -np.inf
    size = 2 * radius + 1
    smallest = window_extremes(low, size, np.minimum)
    with np.errstate(invalid="ignore"):  # windows without data
        np.subtract(window_extremes(high, size, np.maximum), smallest, out=out)
