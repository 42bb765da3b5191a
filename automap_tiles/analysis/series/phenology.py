"""The season of a pixel: when it greens, peaks and fades, how long and how strongly.

A double logistic curve (Beck et al. 2006) is laid through the dates that count. Start and end are
the days on which it passes a share of its amplitude (Jönsson & Eklundh 2004, Computers &
Geosciences 30: 833-845, who take a fifth or a half).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.composites.composite import Stack
from automap_tiles.analysis.series import _logistic
from automap_tiles.analysis.series._series import by_blocks, named
from automap_tiles.analysis.series.temporal import check_days
from automap_tiles.notes import Fate, Note, Subject, tell

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Season: TypeAlias = Literal[
    "start", "peak", "end", "length", "base", "amplitude", "greening", "fading", "r2"
]
SEASON: tuple[Season, ...] = get_args(Season)

THRESHOLD = 0.5
LEAST_AMPLITUDE = 0.1
LEAST_R2 = 0.7
LEAST_DATES = _logistic.UNKNOWNS + 1
_LOOKED_AT = 64
"""Days of the span, for the crest: six days apart in a year."""
# How often what is left is cut down until it is a hundredth of a day: of the span, of ten years.
_THIRDS, _HALVES = 18, 19


def phenology(
    stack: Stack,
    days: Sequence[float],
    valid: Bools | None = None,
    *,
    threshold: float = THRESHOLD,
    least_amplitude: float = LEAST_AMPLITUDE,
    least_r2: float = LEAST_R2,
) -> dict[str, Picture]:
    """Planes by the names of `SEASON`, each float32 in the shape of a date.

    `stack` (time, y, x) or (time, band, y, x), of an index such as NDVI, and `valid` as for
    `composite.reduce`; `days` are the dates of one season as numbers that increase, in days from
    any start, from trough to trough: a season across New Year has days beyond 365.

    * `start`, `end`: the days on which the curve passes `threshold` of its amplitude, going up and
      down; `peak`: the day of its crest; `length`: days from start to end. To a tenth of a day,
      between the first and the last date;
    * `base`: the curve's lower level; `amplitude`: its crest above that;
    * `greening`, `fading`: the rates of the rise and of the fall, a day;
    * `r2`: share of the variance of the dates that the curve explains.

    Masked where fewer than seven dates count, the amplitude is below `least_amplitude`, `r2` below
    `least_r2`, or the curve does not pass the threshold between the first and the last date: these
    are told. Raises `ValueError` for days that do not increase and a threshold that is not between
    0 and 1.
    """
    times = check_days(days, len(stack))
    if not 0 < threshold < 1:
        raise ValueError(f"a threshold lies between 0 and 1, not {threshold}")

    def of_block(values: Array, counts: Bools) -> tuple[Array, Bools]:
        enough = counts.sum(axis=0) >= LEAST_DATES
        planes = np.zeros((len(SEASON), len(enough)))
        if enough.any():  # the others cost nothing
            planes[:, enough] = _planes(values[:, enough], counts[:, enough], times, threshold)
        amplitude, r2 = planes[SEASON.index("amplitude")], planes[-1]
        season = (amplitude >= least_amplitude) & (r2 >= least_r2)
        season &= np.isfinite(planes).all(axis=0)
        _tell(int((counts.any(axis=0) & ~enough).sum()), "fewer than seven dates count")
        _tell(
            int((enough & ~season).sum()),
            "no season: too small an amplitude, a curve that explains too little, or one that "
            "has no start or end between the first and the last date",
        )
        return planes, np.broadcast_to(~(enough & season), planes.shape)

    return named(SEASON, by_blocks(stack, valid, len(SEASON), of_block))


def _planes(values: Array, counts: Bools, times: Array, threshold: float) -> Array:
    """(name of `SEASON`, pixel) of samples (date, pixel); NaN where there is no start or end."""
    unknowns, squares = _logistic.fit(values, counts, times)
    rates = np.exp(unknowns[4:])
    explained = _explained(squares, values, counts)
    return np.stack([*_dates(unknowns, times, threshold), *rates, explained])


def _tell(count: int, reason: str) -> None:
    if count:
        tell(Note(fate=Fate.LOST, subject=Subject.PIXELS, reason=reason, count=count))


def _dates(unknowns: Array, times: Array, threshold: float) -> tuple[Array, ...]:
    """Start, peak, end, length, base and amplitude; NaN where there is none."""
    base = unknowns[0]
    top, peak = _crest(unknowns, times)
    level = base + threshold * (top - base)
    start = _crossing(unknowns, level, np.full(len(base), times[0]), peak)
    end = _crossing(unknowns, level, np.full(len(base), times[-1]), peak)
    return start, peak, end, end - start, base, top - base


def _crest(unknowns: Array, times: Array) -> tuple[Array, Array]:
    """Highest value, and its day: the best of some days, then by thirds around it.

    A slow rise goes on behind a quick fall, so there may be several crests.
    """
    step = float(times[-1] - times[0]) / _LOOKED_AT
    top = np.full(unknowns.shape[1], -np.inf)
    peak = np.full(unknowns.shape[1], times[0])
    for number in range(_LOOKED_AT + 1):
        day = float(times[0]) + number * step
        value = _logistic.curve(unknowns, day)
        peak = np.where(value > top, day, peak)
        top = np.maximum(value, top)
    low, high = np.maximum(peak - step, times[0]), np.minimum(peak + step, times[-1])
    for _ in range(_THIRDS):
        third = (high - low) / 3
        left, right = (_logistic.curve(unknowns, day) for day in (low + third, high - third))
        low, high = (
            np.where(left < right, low + third, low),
            np.where(left < right, high, high - third),
        )
    peak = (low + high) / 2
    return _logistic.curve(unknowns, peak), peak


def _crossing(unknowns: Array, level: Array, outside: Array, inside: Array) -> Array:
    """The day between `outside`, where the curve is below, and `inside`, where it is above."""
    is_below = _logistic.curve(unknowns, outside) < level
    first, second = outside, inside
    for _ in range(_HALVES):
        middle = (first + second) / 2
        below = _logistic.curve(unknowns, middle) < level
        first, second = np.where(below, middle, first), np.where(below, second, middle)
    return np.where(is_below, (first + second) / 2, np.nan)


def _explained(squares: Array, values: Array, counts: Bools) -> Array:
    number = np.maximum(counts.sum(axis=0), 1)
    mean = np.where(counts, values, 0.0).sum(axis=0) / number
    spread = (np.where(counts, values - mean, 0.0) ** 2).sum(axis=0)
    return np.where(spread > 0, 1 - squares / np.where(spread > 0, spread, 1.0), 0.0)
