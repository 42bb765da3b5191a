"""Double logistic curves through the dates of pixels, all pixels of a block at once.

P. S. A. Beck et al. 2006, Remote Sensing of Environment 100: 321-334, equation 3: low + amplitude ·
(1/(1 + exp(-r(t - S))) + 1/(1 + exp(q(t - A))) - 1), S the middle of the rise and A of the fall.
Least squares by Levenberg and Marquardt's steps (Marquardt 1963, Journal of the Society for
Industrial and Applied Mathematics 11: 431-441), of the unknowns low, log amplitude, S, log (A - S),
log r and log q: whatever they are, the curve rises before it falls.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.series import _normal

UNKNOWNS = 6
_STEPS = 30
_DAMPING, _STRONGER, _WEAKER, _STRONGEST = 1e-2, 8.0, 0.25, 1e8
_STILL = 1e-9
"""Of the sum of squares: what a step gains less of is the last one."""
_RATE = 0.08
"""A day; the rise of a field takes about two months."""
_SLOWEST, _FASTEST = np.log(0.005), np.log(1.0)
"""Of a day: slower is no season, faster is a jump between two dates."""
_SHORTEST = 5.0
"""Days from the middle of the rise to that of the fall."""


def curve(unknowns: Array, day: float | Array) -> Array:
    """(pixel,) at a day, the same or one of each, of unknowns (6, pixel)."""
    low, amplitude, rise, fall, up, down = _plain(unknowns)
    found: Array = low + amplitude * (_share(up * (day - rise)) + _share(down * (fall - day)) - 1)
    return found


def fit(values: Array, counts: Bools, times: Array) -> tuple[Array, Array]:
    """Unknowns (6, pixel) and what is left of the squares (pixel,), of samples (date, pixel).

    Means nothing where fewer than seven dates count.
    """
    unknowns = _start(values, counts, times)
    squares = _squares(unknowns, values, counts, times)
    damping = np.full(len(squares), _DAMPING)
    moves = np.ones(len(squares), dtype=bool)
    for _ in range(_STEPS):
        if not moves.any():
            break
        some = np.flatnonzero(moves)  # those that stand still cost nothing more
        tried, left = _step(
            unknowns[:, some], values[:, some], counts[:, some], times, damping[some]
        )
        better = left < squares[some]
        moves[some] = np.where(
            better, squares[some] - left > _STILL * squares[some], damping[some] < _STRONGEST
        )
        unknowns[:, some[better]] = tried[:, better]
        squares[some[better]] = left[better]
        damping[some] *= np.where(better, _WEAKER, _STRONGER)
    return unknowns, squares


def _plain(unknowns: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    low, amplitude, rise, length, up, down = unknowns
    return low, np.exp(amplitude), rise, rise + np.exp(length), np.exp(up), np.exp(down)


def _share(steps: Array) -> Array:
    """The logistic function, where it is neither 0 nor 1 in float64."""
    found: Array = 1 / (1 + np.exp(-np.clip(steps, -36, 36)))
    return found


def _start(values: Array, counts: Bools, times: Array) -> Array:
    """From the lowest and highest date, and where the series passes the middle between them."""
    low = np.where(counts, values, np.inf).min(axis=0)
    high = np.where(counts, values, -np.inf).max(axis=0)
    some = np.isfinite(low)
    low, high = np.where(some, low, 0.0), np.where(some, high, 1.0)
    top = np.where(counts, values, -np.inf).argmax(axis=0)
    above = counts & (values >= (low + high) / 2)
    dates = np.arange(len(times))[:, None]
    below = counts & ~above
    # the last date below the middle before the crest, and the first one after it
    before = np.where(below & (dates < top), dates, -1).max(axis=0)
    after = np.where(below & (dates > top), dates, len(times)).min(axis=0)
    first = np.where(above & (dates > before), dates, len(times) - 1).min(axis=0)
    last = np.where(above & (dates < after), dates, 0).max(axis=0)
    rise = (times[np.maximum(before, 0)] + times[first]) / 2
    fall = (times[last] + times[np.minimum(after, len(times) - 1)]) / 2
    rate = np.full(len(low), np.log(_RATE))
    length = np.log(np.maximum(fall - rise, _SHORTEST))
    amplitude = np.log(np.maximum(high - low, 1e-6))
    return np.stack([low, amplitude, rise, length, rate, rate])


def _squares(unknowns: Array, values: Array, counts: Bools, times: Array) -> Array:
    found = np.zeros(values.shape[1])
    for day, value, count in zip(times.tolist(), values, counts, strict=True):
        found += np.where(count, value - curve(unknowns, day), 0.0) ** 2
    return found


def _step(
    unknowns: Array, values: Array, counts: Bools, times: Array, damping: Array
) -> tuple[Array, Array]:
    """One of Marquardt's: the unknowns after it, held within bounds, and their squares."""
    _, amplitude, rise, fall, up, down = _plain(unknowns)
    matrix = np.zeros((UNKNOWNS, UNKNOWNS, values.shape[1]))
    right = np.zeros((UNKNOWNS, values.shape[1]))
    for day, value, count in zip(times.tolist(), values, counts, strict=True):
        first, second = _share(up * (day - rise)), _share(down * (fall - day))
        steep, back = first * (1 - first), second * (1 - second)
        shape = first + second - 1
        slopes = (
            np.ones(len(shape)),
            amplitude * shape,
            amplitude * (back * down - steep * up),
            amplitude * back * down * (fall - rise),
            amplitude * steep * up * (day - rise),
            amplitude * back * down * (fall - day),
        )
        away = np.where(count, value - unknowns[0] - amplitude * shape, 0.0)
        for one in range(UNKNOWNS):
            right[one] += slopes[one] * away
            weighted = np.where(count, slopes[one], 0.0)
            for other in range(one + 1):
                matrix[one, other] += weighted * slopes[other]
    for one in range(UNKNOWNS):
        # a rate that no date tells of has no curvature of its own
        matrix[one, one] += damping * np.maximum(matrix[one, one], 1e-12)
    step, _ = _normal.solve(matrix, right)
    tried = _bounded(unknowns + np.clip(step, -_LONGEST, _LONGEST), times)
    return tried, _squares(tried, values, counts, times)


_LONGEST = np.array([1.0, 1.0, 60.0, 1.0, 1.0, 1.0])[:, None]
"""Of a step of each unknown: logarithms by a factor of e, days by two months."""


def _bounded(unknowns: Array, times: Array) -> Array:
    """Within the dates, and no faster or slower than a season is."""
    span = float(times[-1] - times[0]) or 1.0
    low, amplitude, rise, length, up, down = unknowns
    return np.stack(
        [
            low,
            np.clip(amplitude, -20, 20),
            np.clip(rise, times[0] - span / 4, times[-1]),
            np.clip(length, np.log(_SHORTEST), np.log(max(1.5 * span, _SHORTEST))),
            np.clip(up, _SLOWEST, _FASTEST),
            np.clip(down, _SLOWEST, _FASTEST),
        ]
    )
