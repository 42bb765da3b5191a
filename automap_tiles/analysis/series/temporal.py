"""Features of the dates of a pixel: extremes, slopes, and the days they fall on.

Dates that do not count are passed over: a slope is taken from one valid date to the next one. Every
pixel is looked at on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from automap_tiles.analysis._dates import Array, Bools, samples_of
from automap_tiles.analysis._ordered import parse_percentile
from automap_tiles.analysis.composites import composite
from automap_tiles.analysis.series._series import without_infinite

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
Feature: TypeAlias = Literal[
    "minimum",
    "maximum",
    "mean",
    "std",
    "amplitude",
    "day_of_minimum",
    "day_of_maximum",
    "steepest_rise",
    "steepest_fall",
    "day_of_rise",
    "day_of_fall",
]
FEATURES: tuple[Feature, ...] = get_args(Feature)
_STATISTICS = {"minimum": "min", "maximum": "max", "mean": "mean", "std": "std"}
# Pixels of a block: about ten planes of them stay in the cache.
_PIXELS = 2**14


def temporal(
    stack: composite.Stack,
    days: Sequence[float],
    valid: Bools | None = None,
    features: Sequence[str] = FEATURES,
) -> dict[str, Picture]:
    """Features by their names, each float32 in the shape of a date, masked where there is none.

    `stack` (time, y, x) or (time, band, y, x) and `valid` are as for `composite.reduce`; `days` are
    the dates as numbers that increase, in days from any start. Besides `FEATURES` there are `p0` to
    `p100` for percentiles. A sample that is not finite does not count.

    * `amplitude` is the maximum minus the minimum;
    * of several dates with the extreme value `day_of_minimum` and `day_of_maximum` are the first;
    * `steepest_rise` is the largest and `steepest_fall` the smallest slope between neighbouring
      valid dates, in units per day, and `day_of_rise` and `day_of_fall` are the middle between
      the two dates (the first of equals). They need two dates. Where a pixel never rises, its
      steepest rise is a slope of zero or less.

    Raises `ValueError` for unknown features and for days that do not increase or fit the stack.
    """
    times = check_days(days, len(stack))
    names = list(dict.fromkeys(features))
    _check_features(names)
    valid = without_infinite(stack, valid)
    found: dict[str, Picture] = {}
    plain: list[str] = []
    for name in names:
        if name == "amplitude":
            plain += ["min", "max"]
        elif name not in _SCANNED:
            plain.append(_STATISTICS.get(name, name))
    if plain:
        reduced = composite.reduce(stack, valid, list(dict.fromkeys(plain)))
        for name in names:
            if name == "amplitude":
                low, high = _single(reduced["min"]), _single(reduced["max"])
                found[name] = np.ma.MaskedArray(high.data - low.data, mask=low.mask)
            elif name not in _SCANNED:
                found[name] = _single(reduced[_STATISTICS.get(name, name)])
    if scanned := [name for name in names if name in _SCANNED]:
        found |= _scan(stack, times, valid, scanned)
    return {name: found[name] for name in names}


def _single(picture: Picture) -> Picture:
    data = picture.data.astype(np.float32)
    return np.ma.MaskedArray(data, mask=picture.mask.copy())


def check_days(days: Sequence[float], dates: int) -> Array:
    """Days as float64; raises `ValueError` unless they increase and are as many as dates."""
    times = np.asarray(days, dtype=np.float64)
    if times.shape != (dates,):
        raise ValueError(f"{times.size} days do not fit a stack of {dates} dates")
    if not np.isfinite(times).all() or not (np.diff(times) > 0).all():
        raise ValueError("days are to increase from date to date, each of them once")
    return times


def _check_features(names: Sequence[str]) -> None:
    for name in names:
        if name not in FEATURES and parse_percentile(name) is None:
            raise ValueError(
                f"unknown feature {name!r}; known: {', '.join((*FEATURES, 'p0 to p100'))}"
            )


_SCANNED = frozenset(FEATURES[5:])


def _scan(
    stack: composite.Stack, times: Array, valid: Bools | None, names: Sequence[str]
) -> dict[str, Picture]:
    """Features that need the dates in their order."""
    samples = samples_of(stack, valid)
    bands, height, width = samples.shape
    data = {name: np.zeros(samples.shape, dtype=np.float32) for name in names}
    missing = {name: np.zeros(samples.shape, dtype=bool) for name in names}
    step = max(1, _PIXELS // width) if width else 1
    for band in range(bands):
        for top in range(0, height, step):
            rows = slice(top, top + step)
            block = samples.data[:, band, rows]
            scan = _Scan(block.shape[1:])
            counts = samples.valid_block(band, rows)
            for date, day in enumerate(times.tolist()):
                scan.take(block[date], day, None if counts is None else counts[date])
            for name in names:
                values, seen = scan.result(name)
                data[name][band, rows] = np.where(seen, values, 0)
                missing[name][band, rows] = ~seen
    pictures = {name: np.ma.MaskedArray(data[name], mask=missing[name]) for name in names}
    if samples.flat:
        return {name: picture[0] for name, picture in pictures.items()}
    return pictures


class _Scan:
    """What has been seen of the pixels of a block, date by date."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._value = np.zeros(shape)
        self._day = np.full(shape, np.nan)
        """Last valid date; NaN before the first."""
        self._extremes = {
            "minimum": (np.full(shape, np.inf), np.full(shape, np.nan)),
            "maximum": (np.full(shape, -np.inf), np.full(shape, np.nan)),
            "fall": (np.full(shape, np.inf), np.full(shape, np.nan)),
            "rise": (np.full(shape, -np.inf), np.full(shape, np.nan)),
        }
        """Value and day of each."""

    def take(self, samples: Array, day: float, counts: Bools | None) -> None:
        here = np.ones(samples.shape, dtype=bool) if counts is None else counts
        values = samples.astype(np.float64)
        slope = (values - self._value) / (day - self._day)  # NaN at the first date
        middle = (day + self._day) / 2
        for name, (value, at) in self._extremes.items():
            is_level = name in {"minimum", "maximum"}
            new = values if is_level else slope
            with np.errstate(invalid="ignore"):
                better = new < value if name in {"minimum", "fall"} else new > value
            better &= here
            np.copyto(value, new, where=better)
            np.copyto(at, day if is_level else middle, where=better)
        np.copyto(self._value, values, where=here)
        np.copyto(self._day, day, where=here)

    def result(self, name: str) -> tuple[Array, Bools]:
        """Values of a feature and where there are any."""
        kind = name.rsplit("_", 1)[-1]
        value, day = self._extremes[kind]
        return day if name.startswith("day") else value, ~np.isnan(day)
