"""Composites that take each pixel from its best date: by an index, or by a sum of scores.

The scores are those of Griffiths et al. 2013 (doi:10.1109/JSTARS.2012.2228167) and White et al.
2014 (doi:10.1080/07038992.2014.945827), with the functions of FORCE (Frantz 2019,
doi:10.3390/rs11091124).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from automap_tiles.analysis._compiled import compiled
from automap_tiles.analysis._dates import Array, Bools, WholeDates, whole_dates
from automap_tiles.analysis.composites.composite import Stack
from automap_tiles.analysis.composites.one_date import Chosen, Score, choose, provenance

_YEAR = 365.0
# Zhu and Woodcock 2012 (doi:10.1016/j.rse.2011.10.028): blue - 0.5 red - 0.08 is above 0 in haze.
_HOT_RED, _HOT_OFFSET = 0.5, 0.08
# FORCE: half of the score is lost at a HOT of -0.015, nearly all 0.01 above and below it.
_HAZE_STEEPNESS, _HAZE_MIDDLE = 10 / 0.02, -0.015
_DATE_SECONDS = 9e-9
"""NumPy, for the NDVI of one date of a pixel."""


def max_ndvi(
    stack: Stack,
    valid: Bools | None = None,
    *,
    red: int,
    nir: int,
    fast: bool | None = None,
) -> Chosen:
    """All bands from the valid date with the highest NDVI; ties go to the first date.

    `red` and `nir` are band indexes in the stack, from 0. `score` is the NDVI. With other bands
    this is the composite of any normalised difference, `red=nir, nir=green` that of the NDWI for
    example. A date whose NDVI is outside -1 to 1, or whose sum of both bands is not positive
    (negative reflectance), has no NDVI and is not used.
    """
    dates = whole_dates(stack, valid)
    kernels = compiled(fast, dates.valid.size * _DATE_SECONDS)
    if kernels is None:
        return choose(dates, _normalised_difference(dates, nir, red))
    index, score = kernels.highest_difference(dates.data, dates.valid, nir, red)
    return provenance(dates, index, score, score > -np.inf, kernels)


def _normalised_difference(dates: WholeDates, first: int, second: int) -> Score:
    def score(date: int, rows: slice) -> Array:
        upper = dates.data[date, first, rows].astype(np.float32)
        lower = dates.data[date, second, rows].astype(np.float32)
        with np.errstate(all="ignore"):
            difference: Array = upper - lower
            np.add(upper, lower, out=upper)
            means = (upper > 0) & (np.abs(difference) <= upper)
            np.divide(difference, upper, out=difference)
        difference[~means] = np.nan
        return difference

    return score


@dataclass(frozen=True, kw_only=True)
class DayWindow:
    """Season of a composite: a Gaussian on each side of the target, days of the year 1 to 366."""

    low: int
    target: int
    high: int
    low_score: float = 0.01
    """Score at `low`."""
    target_score: float = 0.99
    high_score: float = 0.01
    """Score at `high`."""

    def __post_init__(self) -> None:
        for score in (self.low_score, self.high_score):
            if not 0 < score < self.target_score:
                raise ValueError(
                    "the scores at low and high must be above 0 and below the target's"
                )
        if self.target in {self.low, self.high}:
            raise ValueError("low, target and high must be different days")

    def score(self, day: int) -> float:
        """Score of a day; the year is circular, so low may be in autumn and high in spring."""
        before = (self.target - day) % _YEAR
        if before <= _YEAR / 2:
            return self._gauss(before, self.width_before)
        return self._gauss(_YEAR - before, self.width_after)

    @property
    def width_before(self) -> float:
        """Standard deviation of the Gaussian before the target, days."""
        days = (self.target - self.low) % _YEAR
        return days / math.sqrt(-2 * math.log(self.low_score / self.target_score))

    @property
    def width_after(self) -> float:
        """Standard deviation of the Gaussian after the target, days."""
        days = (self.high - self.target) % _YEAR
        return days / math.sqrt(-2 * math.log(self.high_score / self.target_score))

    def year_score(self, years: int, *, after: bool, reach: int, factor: float) -> float:
        """Score of a date some years from the target: that of a day offset by a part of the window.

        The window of that side is divided by `factor` times one more than `reach`, the number of
        years used on each side (FORCE's Y_FACTOR).
        """
        side = (self.high - self.target if after else self.target - self.low) % _YEAR
        days = abs(years) * side / ((reach + 1) * factor)
        return self._gauss(days, self.width_after if after else self.width_before)

    def _gauss(self, days: float, width: float) -> float:
        return self.target_score * math.exp(-0.5 * (days / width) ** 2)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weight of each score; 0 leaves it out."""

    day: float = 1.0
    year: float = 1.0
    cloud: float = 0.4
    haze: float = 0.3
    sensor: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Inputs of the scores of a stack's dates."""

    times: Sequence[datetime]
    window: DayWindow
    weights: Weights = field(default_factory=Weights)
    year: int | None = None
    """Target year; None: all years are equal."""
    year_reach: int = 1
    """Number of years used on each side of the target year."""
    year_factor: float = 1.0
    cloud_distance: Array | None = None
    """(time, y, x) metres to the nearest cloud or shadow; needed if its weight is above 0."""
    cloud_reach: float = 3000.0
    """Metres beyond which a cloud no longer matters."""
    blue: int | None = None
    """Index of the blue band in the stack, from 0; needed if the weight of haze is above 0."""
    red: int | None = None
    scale: float = 1.0
    """Value of reflectance 1 in the stack."""
    sensors: Sequence[float] | None = None
    """Score of each date's sensor, 0 to 1 (for example 0.5 for Landsat 7 without its scan-line
    corrector)."""


def best_pixel(stack: Stack, valid: Bools | None = None, *, conditions: Conditions) -> Chosen:
    """All bands from the valid date with the highest weighted mean of scores.

    `score` is that mean, 0 to 1. Raises `ValueError` if the input of a score with non-zero weight
    is missing.
    """
    dates = whole_dates(stack, valid)
    _check(conditions, dates)
    fixed = date_scores(conditions)
    weights = conditions.weights
    total = weights.day + weights.year + weights.cloud + weights.haze + weights.sensor

    def score(date: int, rows: slice) -> Array:
        here = np.full(dates.valid[date, rows].shape, fixed[date], dtype=np.float32)
        if weights.cloud and conditions.cloud_distance is not None:
            distance = conditions.cloud_distance[date, rows]
            here += np.float32(weights.cloud) * cloud_score(distance, conditions.cloud_reach)
        if weights.haze and conditions.blue is not None and conditions.red is not None:
            blue, red = (dates.data[date, band, rows] for band in (conditions.blue, conditions.red))
            here += np.float32(weights.haze) * haze_score(blue, red, conditions.scale)
        here /= np.float32(total)
        return here

    return choose(dates, score)


def date_scores(conditions: Conditions) -> list[float]:
    """Weighted sum of the scores that do not vary between the pixels of a date."""
    weights, window = conditions.weights, conditions.window
    sensors = conditions.sensors or [0.0] * len(conditions.times)
    scores = []
    for time, sensor in zip(conditions.times, sensors, strict=True):
        day = time.timetuple().tm_yday
        years = 0 if conditions.year is None else time.year - conditions.year
        year = window.year_score(
            years,
            after=(window.target - day) % _YEAR > _YEAR / 2,
            reach=conditions.year_reach,
            factor=conditions.year_factor,
        )
        scores.append(
            weights.day * window.score(day) + weights.year * year + weights.sensor * sensor
        )
    return scores


def cloud_score(distance: Array, reach: float = 3000.0) -> Array:
    """0 beside a cloud, 0.5 at half of `reach`, nearly 1 beyond it; metres -> float32."""
    return _sigmoid(np.asarray(distance, dtype=np.float32), 10 / reach, reach / 2)


def haze_score(blue: Array, red: Array, scale: float = 1.0) -> Array:
    """1 in clear air, 0 in haze, by the haze-optimised transformation of blue and red; float32."""
    per = np.float32(1 / scale)
    hot = np.asarray(blue, dtype=np.float32) * per
    hot -= np.asarray(red, dtype=np.float32) * (per * np.float32(_HOT_RED))
    hot -= np.float32(_HOT_OFFSET)
    return _sigmoid(hot, -_HAZE_STEEPNESS, _HAZE_MIDDLE)


def _sigmoid(values: Array, steepness: float, middle: float) -> Array:
    power = (values - np.float32(middle)) * np.float32(-steepness)
    # exp overflows float32 at 88; beyond 80 the result is 0 or 1 anyway
    np.minimum(power, np.float32(80), out=power)
    np.exp(power, out=power)
    power += np.float32(1)
    return np.asarray(np.reciprocal(power, out=power))


def _check(conditions: Conditions, dates: WholeDates) -> None:
    weights = conditions.weights
    if min(weights.day, weights.year, weights.cloud, weights.haze, weights.sensor) < 0:
        raise ValueError("a weight is not below 0")
    if not any((weights.day, weights.year, weights.cloud, weights.haze, weights.sensor)):
        raise ValueError("all weights are 0")
    if len(conditions.times) != len(dates.data):
        raise ValueError(f"{len(conditions.times)} times for {len(dates.data)} dates")
    needed = [
        (weights.cloud, conditions.cloud_distance, "cloud", "cloud_distance"),
        (weights.haze, conditions.blue, "haze", "blue"),
        (weights.haze, conditions.red, "haze", "red"),
        (weights.sensor, conditions.sensors, "sensor", "sensors"),
    ]
    for weight, given, name, key in needed:
        if weight and given is None:
            raise ValueError(f"the {name} score needs {key}; a weight of 0 leaves it out")
    distance = conditions.cloud_distance
    if distance is not None and distance.shape != dates.valid.shape:
        raise ValueError(f"cloud_distance of shape {distance.shape}, not {dates.valid.shape}")
