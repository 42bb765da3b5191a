"""Gaps in a time series filled, pixel by pixel, onto given days.

Nothing is extrapolated: a day before the first or after the last valid date of a pixel stays
without data, and a pixel with a single valid date has data on that day only. A pixel never
influences another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from automap_tiles.analysis._dates import Array, Bools, samples_of
from automap_tiles.analysis.composites.composite import Stack
from automap_tiles.analysis.series import _curves, _whittaker
from automap_tiles.analysis.series._series import without_infinite
from automap_tiles.analysis.series.temporal import check_days
from automap_tiles.notes import Fate, Note, Subject, tell

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Method: TypeAlias = Literal["linear", "cubic", "akima", "spline", "whittaker"]
METHODS: tuple[Method, ...] = get_args(Method)
Smoothing: TypeAlias = float | Literal["v-curve"]
SMOOTHING = 10.0
# Samples and results of a block. Smaller ones would stay in the cache, but calls of so few pixels
# cost more than that gains (measured).
_VALUES = 2**18
_METHODS: Mapping[str, Callable[[Array, Array, Array], Array]] = {
    "cubic": _curves.cubic_slopes,
    "akima": _curves.akima_slopes,
}


def fill(
    stack: Stack,
    days: Sequence[float],
    at: Sequence[float],
    valid: Bools | None = None,
    *,
    method: Method = "linear",
    smoothing: Smoothing = SMOOTHING,
) -> Picture:
    """Values on the days `at`, float32, (len(at), y, x) or (len(at), band, y, x).

    `stack` (time, y, x) or (time, band, y, x) and `valid` as for `composite.reduce`; `days` are the
    dates and `at` the days asked for, both as numbers that increase.

    * `linear`: between the valid dates before and after.
    * `cubic`: the cubic spline through the valid dates, with the conditions that SciPy's
      CubicSpline has by default: not-a-knot; with three valid dates a parabola, with two a line.
    * `akima`: H. Akima 1970, doi:10.1145/321607.321609, which overshoots less; with two a line.
    * `spline`: smoothed, not through the dates: the natural cubic spline of SciPy's
      make_smoothing_spline, whose `lam` is `smoothing`; with two valid dates a line.
    * `whittaker`: smoothed, not through the dates; the larger `smoothing`, the smoother. It is the
      λ of P. H. C. Eilers 2003, doi:10.1021/ac034173t, for days that are 1 apart; for others see
      `whittaker`. With "v-curve" it is found for each pixel, from 1 to 10 000 (G. Frasso & P. H. C.
      Eilers 2015, doi:10.1177/1471082X14549288); pixels for which the end of that is the best are
      told.

    Raises `ValueError` for days that do not increase, other methods, a smoothing not above 0.
    """
    times, wanted = check_days(days, len(stack)), check_days(at, len(at))
    _check(method, smoothing)
    samples = samples_of(stack, without_infinite(stack, valid))
    bands, height, width = samples.shape
    data = np.zeros((len(wanted), bands, height, width), dtype=np.float32)
    mask = np.ones(data.shape, dtype=bool)
    step = max(1, _VALUES // max(1, width * (len(times) + len(wanted))))
    for band in range(bands):
        for top in range(0, height, step):
            rows = slice(top, min(top + step, height))
            block = samples.data[:, band, rows].reshape(len(times), -1)
            counts = samples.valid_block(band, rows)
            counts = np.ones(block.shape, dtype=bool) if counts is None else counts
            counts = counts.reshape(block.shape)
            values, missing = _fill_block(block, counts, times, wanted, method, smoothing)
            shape = len(wanted), rows.stop - rows.start, width
            data[:, band, rows] = values.reshape(shape)
            mask[:, band, rows] = missing.reshape(shape)
    filled = np.ma.MaskedArray(data, mask=mask)
    return filled[:, 0] if samples.flat else filled


def _check(method: Method, smoothing: Smoothing) -> None:
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
    if isinstance(smoothing, str):
        if smoothing != "v-curve":
            raise ValueError(f"smoothing is a number or v-curve, not {smoothing!r}")
        if method != "whittaker":
            raise ValueError(f"the V-curve finds the smoothing of whittaker, not of {method}")
    elif not 0 < smoothing < np.inf:
        raise ValueError(f"smoothing is a number above 0, not {smoothing}")


def _fill_block(
    block: Array, counts: Bools, times: Array, wanted: Array, method: Method, smoothing: Smoothing
) -> tuple[Array, Bools]:
    """Values (day, pixel) and where they are missing, of samples (time, pixel)."""
    values = np.where(counts, block, 0).astype(np.float64)
    before, after = _neighbours(counts, times, wanted)
    missing = (before < 0) | (after >= len(times))
    if method == "whittaker":
        how = _found_smoothing(values, counts, times) if isinstance(smoothing, str) else smoothing
        found = _whittaker.smooth(values, counts, times, wanted, how)
    elif method == "linear":
        found = _linear(values, times, wanted, before, after)
    elif method == "spline":
        found = _curves.smoothing_spline(values, counts, times, wanted, float(smoothing))
    else:
        found = _curves.interpolate(values, counts, times, wanted, _METHODS[method])
    return np.where(missing, 0, found), missing


def _found_smoothing(values: Array, counts: Bools, times: Array) -> Array:
    """(pixel,) by the V-curve."""
    found, at_end = _whittaker.v_curve(values, counts, times)
    if at_end.any():
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="no smoothing from 1 to 10 000 is better than those beside it: the end is "
                "taken",
                count=int(at_end.sum()),
                remedy="give smoothing as a number",
            )
        )
    return found


def _neighbours(counts: Bools, times: Array, wanted: Array) -> tuple[Array, Array]:
    """Last valid date on or before, and first valid one on or after, of each day (day, pixel).

    -1 and the number of dates where there is none.
    """
    dates = len(times)
    before = np.full((len(wanted), counts.shape[1]), -1, dtype=np.int32)
    after = np.full(before.shape, dates, dtype=np.int32)
    last = np.full(counts.shape[1], -1, dtype=np.int32)
    date = 0
    for day, when in enumerate(wanted):
        while date < dates and times[date] <= when:
            np.copyto(last, date, where=counts[date])
            date += 1
        before[day] = last
    following = np.full(counts.shape[1], dates, dtype=np.int32)
    date = dates
    for day, when in reversed(list(enumerate(wanted))):
        while date > 0 and times[date - 1] >= when:
            date -= 1
            np.copyto(following, date, where=counts[date])
        after[day] = following
    return before, after


def _linear(values: Array, times: Array, wanted: Array, before: Array, after: Array) -> Array:
    first, second = np.maximum(before, 0), np.minimum(after, len(times) - 1)
    low, high = np.take_along_axis(values, first, 0), np.take_along_axis(values, second, 0)
    start = times[first]
    length = times[second] - start
    share = (wanted[:, None] - start) / np.where(length > 0, length, 1)
    found: Array = low + (high - low) * share
    return found
