"""Dates smoothed by polynomials through the days around each (Savitzky & Golay 1964).

Analytical Chemistry 36: 1627-1639, for dates of any distance, and for those with gaps: in place of
fixed weights every pixel has the least squares of the dates that count within the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.composites.composite import Stack
from automap_tiles.analysis.series import _normal
from automap_tiles.analysis.series._series import by_blocks
from automap_tiles.analysis.series.temporal import check_days

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]

MOST_DEGREE = 6


def savitzky_golay(
    stack: Stack,
    days: Sequence[float],
    valid: Bools | None = None,
    *,
    half_width: int = 4,
    degree: int = 2,
) -> Picture:
    """The smoothed dates, float32 in the shape of the stack.

    `stack` (time, y, x) or (time, band, y, x) and `valid` as for `composite.reduce`; `days` are the
    dates as numbers that increase. A window has `half_width` dates on each side; at both ends it is
    the last whole one, as with SciPy's mode `interp`. Dates that do not count get a value where
    they lie between two that do; nothing is extrapolated. Masked too where fewer dates of the
    window count than the polynomial has coefficients. Raises `ValueError` for days that do not
    increase, a degree that is not 0 to 6, a window that is no wider than the degree or than the
    series.
    """
    times = check_days(days, len(stack))
    width = 2 * half_width + 1
    if not 0 <= degree <= MOST_DEGREE:
        raise ValueError(f"a degree is 0 to {MOST_DEGREE}, not {degree}")
    if half_width < 1 or width <= degree:
        raise ValueError(f"a window of {width} dates is too narrow for the degree {degree}")
    if width > len(times):
        raise ValueError(f"a window of {width} dates is wider than a series of {len(times)}")

    def of_block(values: Array, counts: Bools) -> tuple[Array, Bools]:
        found, missing = np.zeros(values.shape), ~_between(counts)
        for date in range(len(times)):
            first = min(max(date - half_width, 0), len(times) - width)
            window = slice(first, first + width)
            design = _powers(times[window] - times[date], degree)
            whole = counts[window].all(axis=0)
            # the same weights for all that have all dates of the window, as each by itself would
            found[date] = _weighted(np.linalg.pinv(design)[0], values[window])
            gaps = np.flatnonzero(~whole & ~missing[date])
            if len(gaps):
                weights = counts[window][:, gaps].astype(np.float64)
                solved, fits = _normal.solve(
                    *_normal.normal_equations(design, weights, values[window][:, gaps])
                )
                found[date, gaps] = solved[0]
                missing[date, gaps] = ~fits
        return found, missing

    return by_blocks(stack, valid, len(times), of_block)


def _weighted(weights: Array, values: Array) -> Array:
    """(pixel,) sum, date by date: the bits do not depend on how many pixels there are."""
    found = np.zeros(values.shape[1])
    for weight, plane in zip(weights.tolist(), values, strict=True):
        found += weight * plane
    return found


def _powers(away: Array, degree: int) -> Array:
    """(date, power) of days away, brought to at most 1 so that all powers are about as large."""
    return np.vander(away / np.abs(away).max(), degree + 1, increasing=True)


def _between(counts: Bools) -> Bools:
    """(date, pixel) not before the first that counts nor after the last."""
    since: Bools = np.logical_or.accumulate(counts, axis=0)
    until: Bools = np.logical_or.accumulate(counts[::-1], axis=0)[::-1]
    return since & until
