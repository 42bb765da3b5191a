"""Piecewise cubic curves through the valid dates of each pixel, all pixels of a block at once.

The valid dates of a pixel are moved to the front of their column; what differs between pixels is
then only how many there are. Slopes at the dates and values in between follow SciPy's CubicSpline
and Akima1DInterpolator, smoothing splines its make_smoothing_spline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.series import _whittaker

# Of the largest sum of changes of slope: below, Akima's weights are not defined (as in SciPy).
_UNDEFINED = 1e-9


@dataclass(frozen=True)
class _Packed:
    """Valid dates first; behind them come days one apart and values of zero."""

    days: Array
    """(place, pixel)"""
    values: Array
    count: Array
    """(pixel,) valid dates."""


def interpolate(
    values: Array,
    counts: Bools,
    times: Array,
    wanted: Array,
    slopes_of: Callable[[Array, Array, Array], Array],
) -> Array:
    """Values (day, pixel) of the curves through samples (time, pixel).

    Only between the first and the last valid date of a pixel do they mean something.
    """
    packed = _pack(values, counts, times)
    slopes = slopes_of(packed.days, packed.values, packed.count)
    return _evaluated(packed, _terms(packed, slopes), counts, times, wanted)


def _evaluated(
    packed: _Packed, cubics: tuple[Array, ...], counts: Bools, times: Array, wanted: Array
) -> Array:
    """Values (day, pixel) of cubics: start and terms 0 to 3 between each date and the next."""
    terms = [term.reshape(-1) for term in cubics]
    pixels = np.arange(counts.shape[1])
    last = np.maximum(packed.count - 2, 0)
    passed = np.cumsum(counts, axis=0, dtype=np.int32)
    found = np.empty((len(wanted), len(pixels)))
    for row, day in enumerate(wanted.tolist()):
        dates = int(np.searchsorted(times, day, side="right"))
        place = passed[dates - 1] - 1 if dates else np.zeros_like(last)
        here = np.clip(place, 0, last) * len(pixels) + pixels
        start, value, first, second, third = (np.take(term, here) for term in terms)
        way = day - start
        found[row] = value + way * (first + way * (second + way * third))
    return found


def _terms(packed: _Packed, slopes: Array) -> tuple[Array, ...]:
    """Start and terms 0 to 3 of the cubic between each date and the next (place, pixel)."""
    days, values = packed.days, packed.values
    length = np.diff(days, axis=0)
    slope = np.diff(values, axis=0) / length
    first, last = slopes[:-1], slopes[1:]
    second = (3 * slope - 2 * first - last) / length
    third = (first + last - 2 * slope) / length**2
    return days[:-1], values[:-1], first, second, third


def _pack(values: Array, counts: Bools, times: Array) -> _Packed:
    order = np.argsort(~counts, axis=0, kind="stable")
    count = counts.sum(axis=0)
    rank = np.arange(len(times))[:, None]
    here = rank < count
    days = np.where(here, times[order], times[-1] + 1 + rank)
    packed = np.where(here, np.take_along_axis(values, order, 0), 0)
    if len(times) == 1:  # a curve has two ends
        days, packed = np.vstack((days, days + 1)), np.vstack((packed, packed))
    return _Packed(days, packed, count)


def akima_slopes(days: Array, values: Array, count: Array) -> Array:
    """Slopes at the dates (place, pixel).

    The mean of the slopes on both sides, each weighted by how the slope changes on the other.
    """
    places = len(days)
    beside = np.zeros((places + 3, days.shape[1]))
    inner = beside[2:-2]
    inner[...] = np.diff(values, axis=0) / np.diff(days, axis=0)
    # slopes beyond the two ends go on changing as the last two did
    beside[1] = 2 * beside[2] - beside[3]
    beside[0] = 2 * beside[1] - beside[2]
    pixels = np.arange(days.shape[1])
    for beyond in (1, 2):
        row = np.clip(count, 2, places) + beyond
        beside[row, pixels] = 2 * beside[row - 1, pixels] - beside[row - 2, pixels]
    change = np.abs(np.diff(beside, axis=0))
    weights = change[2:] + change[:-2]
    used = np.arange(places)[:, None] < count
    defined = weights > _UNDEFINED * np.where(used, weights, 0).max(axis=0)
    slopes = 0.5 * (beside[3:] + beside[:-3])
    share = change[:-2] / np.where(defined, weights, 1)
    np.copyto(slopes, beside[1:-2] + share * (beside[2:-1] - beside[1:-2]), where=defined)
    line = inner[0]
    slopes[:2] = np.where(count <= 2, line, slopes[:2])
    return slopes


def cubic_slopes(days: Array, values: Array, count: Array) -> Array:
    """Slopes of the cubic spline at the dates (place, pixel), not-a-knot at both ends.

    The first two pieces are one cubic, and so are the last two. The equations have three diagonals
    and are solved by elimination, for all pixels together: a pixel's last equation comes in the
    row of its last date, and what follows is not used.
    """
    length, slope = np.diff(days, axis=0), np.diff(values, axis=0) / np.diff(days, axis=0)
    places = len(days)
    upper, right = np.zeros(days.shape), np.zeros(days.shape)
    slopes = np.zeros(days.shape)
    if places >= 3:
        _eliminate(length, slope, count, upper, right)
    running = np.zeros(days.shape[1])
    for place in reversed(range(places)):
        running = np.where(place < count, right[place] - upper[place] * running, 0)
        slopes[place] = running
    slopes[:2] = np.where(count <= 2, slope[0], slopes[:2])
    if places >= 3:
        parabola = count == 3
        for place, value in enumerate(_parabola(length, slope)):
            slopes[place] = np.where(parabola, value, slopes[place])
    return slopes


def _eliminate(length: Array, slope: Array, count: Array, upper: Array, right: Array) -> None:
    """Forward elimination: afterwards slope[i] = right[i] - upper[i] · slope[i + 1]."""
    places = len(upper)
    both = length[0] + length[1]
    upper[0] = both / length[1]
    right[0] = ((length[0] + 2 * both) * length[1] * slope[0] + length[0] ** 2 * slope[1]) / (
        both * length[1]
    )
    for place in range(1, places):
        before = length[place - 1]
        if place < places - 1:
            after = length[place]
            pivot = 2 * (before + after) - after * upper[place - 1]
            inner_upper = before / pivot
            target = 3 * (after * slope[place - 1] + before * slope[place])
            inner_right = (target - after * right[place - 1]) / pivot
        if place >= 2:
            far = length[place - 2]
            both = far + before
            pivot = far - both * upper[place - 1]
            target = (
                before**2 * slope[place - 2] + (2 * both + before) * far * slope[place - 1]
            ) / both
            # three dates make no equation here; they are handled on their own
            safe = np.where(pivot == 0, 1, pivot)
            end_right = (target - both * right[place - 1]) / safe
        is_end = count == place + 1
        if place == places - 1:
            upper[place], right[place] = 0, end_right
        elif place >= 2:
            upper[place] = np.where(is_end, 0, inner_upper)
            right[place] = np.where(is_end, end_right, inner_right)
        else:
            upper[place], right[place] = inner_upper, inner_right


def _parabola(length: Array, slope: Array) -> tuple[Array, Array, Array]:
    """Slopes at three dates of the parabola through them."""
    bend = (slope[1] - slope[0]) / (length[0] + length[1])
    return (
        slope[0] - bend * length[0],
        slope[0] + bend * length[0],
        slope[1] + bend * length[1],
    )


def smoothing_spline(
    values: Array, counts: Bools, times: Array, wanted: Array, smoothing: float
) -> Array:
    """Values (day, pixel) of natural cubic splines near samples (time, pixel).

    The least sum of squared differences and `smoothing` times the integral of the squared second
    derivative (Reinsch 1967, Numerische Mathematik 10: 177-183), as SciPy's make_smoothing_spline
    has it. Of two valid dates a line. Only between the first and the last valid date of a pixel do
    they mean something.
    """
    packed = _pack(values, counts, times)
    bends = _bends(packed, smoothing)
    length = np.diff(packed.days, axis=0)
    jump = np.diff(bends, axis=0) / length
    moved = packed.values.copy()
    moved[:-1] -= smoothing * jump
    moved[1:] += smoothing * jump
    first = np.diff(moved, axis=0) / length - length * (2 * bends[:-1] + bends[1:]) / 6
    near = replace(packed, values=moved)
    terms = near.days[:-1], moved[:-1], first, bends[:-1] / 2, jump / 6
    return _evaluated(near, terms, counts, times, wanted)


def _bends(packed: _Packed, smoothing: float) -> Array:
    """Second derivatives at the dates (place, pixel), 0 at both ends: Reinsch's five diagonals."""
    length = np.diff(packed.days, axis=0)
    slope = np.diff(packed.values, axis=0) / length
    places = len(packed.days)
    bends = np.zeros(packed.days.shape)
    if places < 3:
        return bends
    inner = np.arange(1, places - 1)[:, None] < packed.count - 1
    left, right = 1 / length[:-1], 1 / length[1:]
    middle = -left - right
    weight = np.where(inner, 0.0, 1.0)
    diagonal = (length[:-1] + length[1:]) / 3 + smoothing * (left**2 + middle**2 + right**2)
    beside, far = np.zeros(inner.shape), np.zeros(inner.shape)
    beside[:-1] = length[1:-1] / 6 + smoothing * right[:-1] * (middle[:-1] + middle[1:])
    far[:-2] = smoothing * right[:-2] * right[1:-1]
    # rows beyond the last date of a pixel are those of the identity
    both, third = inner[1:] & inner[:-1], inner[2:] & inner[:-2]
    beside[:-1] *= both
    far[:-2] *= third
    target = np.where(inner, np.diff(slope, axis=0), 0.0)
    bends[1:-1] = _whittaker.solve(weight, target, np.where(inner, diagonal, 0.0), beside, far)
    return bends
