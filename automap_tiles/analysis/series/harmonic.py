"""A yearly wave through the dates of a pixel: mean, trend, amplitude and the day of the maximum.

Least squares of a0 + c·t + the sum over modes k of a_k·cos(2πkt/T) + b_k·sin(2πkt/T), as HANTS
(Menenti, Azzali, Verhoef & van Swol 1993, Advances in Space Research 13: 233-237) and CCDC (Zhu &
Woodcock 2014, Remote Sensing of Environment 144: 152-171) have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.composites.composite import Stack
from automap_tiles.analysis.series import _normal
from automap_tiles.analysis.series._series import by_blocks, named
from automap_tiles.analysis.series.temporal import check_days

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]

YEAR = 365.25
MOST_MODES = 3
RIDGE = 1e-3
"""Of the number of dates: what holds waves that a gap in winter leaves open. Amplitudes become
smaller by about a five-hundredth where nothing is open."""


def names_of(modes: int, *, trend: bool) -> tuple[str, ...]:
    """Names of what `harmonic` gives, in its order."""
    waves = [f"{what}_{k}" for k in range(1, modes + 1) for what in ("amplitude", "peak")]
    return ("mean", *(("trend",) if trend else ()), *waves, "rmse")


def least_dates(modes: int, *, trend: bool) -> int:
    """Valid dates that a pixel needs: one and a half as many as there are unknowns.

    With as many as unknowns the wave would go through every cloud that was missed.
    """
    unknowns = 1 + trend + 2 * modes
    return -(-3 * unknowns // 2)


def harmonic(
    stack: Stack,
    days: Sequence[float],
    valid: Bools | None = None,
    *,
    modes: int = 1,
    trend: bool = False,
    period: float = YEAR,
    ridge: float = RIDGE,
) -> dict[str, Picture]:
    """Planes by name (see `names_of`), each float32 in the shape of a date.

    `stack` (time, y, x) or (time, band, y, x) and `valid` as for `composite.reduce`; `days` are the
    dates as numbers that increase, in days from any start.

    * `mean`: a0, the level in the middle of the dates;
    * `trend`: change in a period;
    * `amplitude_1` …: half of what lies between trough and crest of a mode;
    * `peak_1` …: the day of its first crest, from 0 to below the period divided by the mode, in
      days from where `days` count from;
    * `rmse`: of the dates that count.

    Masked where fewer dates count than `least_dates` or the unknowns are not determined. Raises
    `ValueError` for days that do not increase, modes other than 1 to 3, a period that is not above
    0, a ridge below 0.
    """
    times = check_days(days, len(stack))
    if not 1 <= modes <= MOST_MODES:
        raise ValueError(f"modes are 1 to {MOST_MODES}, not {modes}")
    if not 0 < period < np.inf:
        raise ValueError(f"a period is a number of days above 0, not {period}")
    if not 0 <= ridge < np.inf:
        raise ValueError(f"a ridge is 0 or more, not {ridge}")
    design = _design(times, modes, trend=trend, period=period)
    least, names = least_dates(modes, trend=trend), names_of(modes, trend=trend)

    def of_block(values: Array, counts: Bools) -> tuple[Array, Bools]:
        found, fits = _fitted(design, values, counts, ridge)
        fits &= counts.sum(axis=0) >= least
        planes = _planes(design, values, counts, found)
        for k in range(modes):  # from cosine and sine to amplitude and crest
            place = 1 + trend + 2 * k
            cosine, sine = found[place], found[place + 1]
            turn = np.arctan2(sine, cosine) / (2 * np.pi) % 1.0
            planes[place] = np.hypot(cosine, sine)
            planes[place + 1] = np.where(turn < 1, turn, 0.0) * (period / (k + 1))
        return planes, np.broadcast_to(~fits, planes.shape)

    return named(names, by_blocks(stack, valid, len(names), of_block))


def _design(times: Array, modes: int, *, trend: bool, period: float) -> Array:
    """(date, unknown); time is centred and counted in periods, so that all are about as large."""
    turns = times / period
    columns = [np.ones(len(times))]
    if trend:
        columns.append(turns - (turns[0] + turns[-1]) / 2)
    for k in range(1, modes + 1):
        columns += [np.cos(2 * np.pi * k * turns), np.sin(2 * np.pi * k * turns)]
    return np.stack(columns, axis=1)


def _fitted(design: Array, values: Array, counts: Bools, ridge: float) -> tuple[Array, Bools]:
    weights = counts.astype(np.float64)
    matrix, right = _normal.normal_equations(design, weights, values)
    held = ridge * weights.sum(axis=0)
    for unknown in range(1, len(right)):
        matrix[unknown, unknown] += held
    return _normal.solve(matrix, right)


def _planes(design: Array, values: Array, counts: Bools, found: Array) -> Array:
    """The unknowns and, behind them, the root of the mean square of what is left."""
    left = np.zeros(values.shape[1])
    for row, value, count in zip(design.tolist(), values, counts, strict=True):
        fit = np.zeros(values.shape[1])
        for factor, unknown in zip(row, found, strict=True):
            fit += factor * unknown
        left += np.where(count, value - fit, 0.0) ** 2
    rmse = np.sqrt(left / np.maximum(counts.sum(axis=0), 1))
    return np.concatenate([found, rmse[None]])
