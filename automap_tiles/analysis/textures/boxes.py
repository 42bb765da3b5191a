"""Mean, standard deviation and range in the square window around every pixel.

Pixels without data, and those beyond the raster, are ignored; the result is masked where the centre
pixel has no data. A value depends on its window only, bit by bit, however the raster is split: sums
are accumulated in float64, in an order fixed by the window size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.accelerate import is_wanted
from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.textures._windows import parts, window_extremes, window_sums

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Statistic: TypeAlias = Literal["mean", "std", "range"]
# Bytes per pixel in the working memory of a part: two float64 sums, their halves, the results.
_PIXEL_BYTES = 48
# Relative to the mean square: float64 rounding error of a zero variance.
_ROUNDING = 2.0**-48
_PIXEL_SECONDS = 0.12e-6
"""NumPy, measured for mean and standard deviation of 7 by 7 pixels."""


def box_mean(planes: Array, radius: int, *, fast: bool | None = None) -> Picture:
    """Mean over windows of (2 · radius + 1)² pixels; (y, x) or (plane, y, x), float32.

    `planes` are integers or floats, masked or not; NaN and infinity are no data. Raises
    `ValueError` for a negative radius.
    """
    return _of_planes(planes, radius, ("mean",), fast)["mean"]


def box_mean_std(
    planes: Array, radius: int, *, fast: bool | None = None
) -> tuple[Picture, Picture]:
    """Mean and population standard deviation, like `box_mean`."""
    found = _of_planes(planes, radius, ("mean", "std"), fast)
    return found["mean"], found["std"]


def box_range(planes: Array, radius: int) -> Picture:
    """Largest minus smallest value, like `box_mean`."""
    return _of_planes(planes, radius, ("range",), None)["range"]


def _of_planes(
    planes: Array, radius: int, statistics: Sequence[Statistic], fast: bool | None
) -> dict[str, Picture]:
    data = np.ma.getdata(planes)
    if data.ndim not in (2, 3):
        raise ValueError(f"planes are (y, x) or (plane, y, x), not {data.shape}")
    valid = ~np.ma.getmaskarray(planes)
    if data.dtype.kind == "f":
        valid &= np.isfinite(data)
    found: dict[str, Array] = {n: np.empty(data.shape, dtype=np.float32) for n in statistics}
    for place in np.ndindex(data.shape[:-2]):
        plane = data[place].astype(np.float32, copy=False)
        out = {name: planes_[place] for name, planes_ in found.items()}
        fill_boxes(plane, valid[place], radius, out, fast=fast)
    return {name: np.ma.MaskedArray(result, mask=~valid) for name, result in found.items()}


def boxes(
    plane: NDArray[np.float32],
    valid: Bools,
    radius: int,
    statistics: Sequence[Statistic],
    *,
    fast: bool | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Statistics of a float32 plane (y, x) by name, 0 where it is not valid."""
    found: dict[str, NDArray[np.float32]] = {
        name: np.empty(plane.shape, dtype=np.float32) for name in statistics
    }
    fill_boxes(plane, valid, radius, found, fast=fast)
    return found


def fill_boxes(
    plane: NDArray[np.float32],
    valid: Bools,
    radius: int,
    out: Mapping[str, NDArray[np.float32]],
    *,
    fast: bool | None = None,
) -> None:
    """Like `boxes`, into the caller's arrays by statistic."""
    if radius < 0:
        raise ValueError(f"a radius is at least 0, not {radius}")
    left = dict(out)
    has_moments = "mean" in out or "std" in out
    if has_moments and is_wanted(fast, plane.size * _PIXEL_SECONDS):
        from automap_tiles.analysis.textures import _window_kernels

        # range is computed by NumPy, which is as fast as numba
        _window_kernels.box_moments(
            plane, valid, radius, left.pop("mean", None), left.pop("std", None)
        )
    if left:
        _by_parts(plane, valid, radius, left)


def _by_parts(
    plane: Array, valid: Bools, radius: int, found: Mapping[str, NDArray[np.float32]]
) -> None:
    scratch = BlockMemory()
    for part in parts((plane.shape[0], plane.shape[1]), radius, _PIXEL_BYTES):
        place = part.rows, part.columns
        out = {name: plane[place] for name, plane in found.items()}
        here = part.cut(valid, False)
        if not here.any():
            for result in out.values():
                result[...] = 0
            continue
        window = _Windows(
            values=part.cut(plane),
            holes=None if here.all() else ~here,
            size=2 * radius + 1,
            scratch=scratch,
        )
        if "mean" in out or "std" in out:
            _moments(window, out)
        if "range" in out:
            _range(window, out["range"])
        if window.holes is not None:
            for result in out.values():
                result[~valid[place]] = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Windows:
    """A part of a plane with its margin."""

    values: Array
    holes: Bools | None
    """Ignored pixels; None if there are none."""
    size: int
    scratch: BlockMemory

    def sums(self, values: Array, name: str) -> Array:
        return window_sums(values, (self.size, self.size), self.scratch, name)

    def share(self) -> Array | float:
        """One over the number of valid pixels."""
        if self.holes is None:
            return 1 / self.size**2
        number = self.sums((~self.holes).astype(np.int32), "number")
        share: Array = 1 / np.maximum(number, 1)
        return share


def _moments(window: _Windows, out: dict[str, Array]) -> None:
    exact = window.scratch.one("exact", np.dtype(np.float64), window.values.shape)
    exact[...] = window.values
    if window.holes is not None:
        exact[window.holes] = 0
    share = window.share()
    mean = window.sums(exact, "mean")
    np.multiply(mean, share, out=mean)
    if "mean" in out:
        out["mean"][...] = mean
    if "std" in out:
        np.multiply(exact, exact, out=exact)
        square = window.sums(exact, "square")
        np.multiply(square, share, out=square)
        np.multiply(mean, mean, out=mean)
        np.subtract(square, mean, out=mean)
        np.multiply(square, _ROUNDING, out=square)
        np.subtract(mean, square, out=mean)
        np.maximum(mean, 0, out=out["std"], casting="same_kind")
        np.sqrt(out["std"], out=out["std"])


def _range(window: _Windows, out: Array) -> None:
    low, high = window.values, window.values
    if window.holes is not None:
        low, high = low.copy(), high.copy()
        low[window.holes], high[window.holes] = np.inf, -np.inf
    size, scratch = window.size, window.scratch
    smallest = window_extremes(low, size, np.minimum, scratch, "low")
    largest = window_extremes(high, size, np.maximum, scratch, "high")
    with np.errstate(invalid="ignore"):  # windows without data
        np.subtract(largest, smallest, out=out)
