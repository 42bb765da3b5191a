"""Time series features of a pixel, for rasters with bands of several dates.

The suffix of a band name is its date: `nir_1` and `nir_2` are `nir` on the dates `_1` and `_2`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.indices import INDICES, Picture, spectral_index
from automap_tiles.analysis.series.harmonic import MOST_MODES, harmonic
from automap_tiles.analysis.series.harmonic import names_of as waves_of
from automap_tiles.analysis.series.phenology import SEASON, phenology
from automap_tiles.analysis.series.temporal import FEATURES, temporal

_KEYS = ("of", "dates", "method", "features", "modes", "trend")
_PREFIX = {"temporal": "", "harmonic": "wave_", "season": "season_"}


@dataclass(frozen=True, kw_only=True)
class OverDates:
    """Features of an index or band over time; raises `ValueError` for invalid settings.

    Dates without data at a pixel are skipped; where too few remain for a feature, it is 0.
    """

    of: str
    """Name of a band, without its date suffix, or of an index."""
    dates: tuple[tuple[str, dt.date], ...]
    """Suffix of the band names of a date, and the date, ascending."""
    method: str = "temporal"
    """`temporal`: extremes and slopes; `harmonic`: annual harmonics; `season`: a double
    logistic."""
    features: tuple[str, ...] = ()
    """The requested features of the method; none: all."""
    modes: int = 1
    """Number of harmonics."""
    trend: bool = False
    """Whether the harmonic model has a linear trend."""

    def __post_init__(self) -> None:
        if self.method not in _PREFIX:
            known = ", ".join(_PREFIX)
            raise ValueError(f"unknown method {self.method!r} over dates; known: {known}")
        if not 1 <= self.modes <= MOST_MODES:
            raise ValueError(f"modes of a wave are 1 to {MOST_MODES}, not {self.modes}")
        days = [day for _, day in self.dates]
        if len(days) < 2 or sorted(set(days)) != days:
            raise ValueError(f"dates of {self.of} are two or more that ascend")
        if len({end for end, _ in self.dates}) < len(days):
            raise ValueError(f"two dates of {self.of} have the same bands")
        if unknown := [name for name in self.wanted if name not in self.known]:
            known = ", ".join(self.known)
            raise ValueError(f"unknown feature {unknown[0]!r} over dates; known: {known}")

    @property
    def known(self) -> tuple[str, ...]:
        """All features of the method."""
        if self.method == "temporal":
            return FEATURES
        return SEASON if self.method == "season" else waves_of(self.modes, trend=self.trend)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The requested features, without the prefix of the band or index."""
        return self.features or self.known

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features: `ndvi_amplitude`, `ndvi_wave_amplitude_1`, `ndvi_season_start`."""
        return tuple(self._name(feature) for feature in self.wanted)

    def _name(self, feature: str) -> str:
        return f"{self.of}_{_PREFIX[self.method]}{feature}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the bands of all dates."""
        return tuple(name for bands in self.by_date() for name in bands)

    def by_date(self) -> tuple[tuple[str, ...], ...]:
        """Names of the bands of each date."""
        return tuple(tuple(f"{band}{end}" for band in self._bands) for end, _ in self.dates)

    @property
    def _bands(self) -> tuple[str, ...]:
        return INDICES[self.of].bands if self.of in INDICES else (self.of,)

    def only(self, names: set[str]) -> OverDates | None:
        """A copy with the features of these names only; None if there are none."""
        kept = tuple(feature for feature in self.wanted if self._name(feature) in names)
        if not kept:
            return None
        return OverDates(**{**self._fields(), "features": kept})

    def _fields(self) -> dict[str, Any]:
        return {"of": self.of, "dates": self.dates, "method": self.method,
                "features": self.features, "modes": self.modes, "trend": self.trend}  # fmt: skip

    def compute(self, planes: Mapping[str, Picture]) -> dict[str, Picture]:
        """Features by name, each (y, x), from bands (y, x) in reflectance."""
        each = []
        for end, _ in self.dates:
            bands = {band: planes[f"{band}{end}"] for band in self._bands}
            each.append(spectral_index(self.of, bands) if self.of in INDICES else bands[self.of])
        stack = np.ma.MaskedArray(
            np.stack([np.ma.getdata(one) for one in each]),
            mask=np.stack([np.ma.getmaskarray(one) for one in each]),
        )
        start = dt.date(self.dates[0][1].year, 1, 1)
        days = [1.0 + (day - start).days for _, day in self.dates]
        if self.method == "temporal":
            found = temporal(stack, days, features=self.wanted)
        elif self.method == "season":
            found = phenology(stack, days)
        else:
            found = harmonic(stack, days, modes=self.modes, trend=self.trend)
        return {self._name(feature): found[feature] for feature in self.wanted}

    def to_dict(self) -> dict[str, Any]:
        """For JSON and YAML; `from_dict` restores an equal object."""
        dates = {end: day.isoformat() for end, day in self.dates}
        return {**self._fields(), "dates": dates, "features": list(self.features)}

    @classmethod
    def from_dict(cls, content: Any) -> OverDates:
        """Restore what `to_dict` returned; raises `ValueError` with the reason."""
        if not isinstance(content, Mapping):
            raise ValueError(f"an item of over_dates is a mapping, not {content!r}")
        if unknown := [str(key) for key in content if key not in _KEYS]:
            known = ", ".join(_KEYS)
            raise ValueError(f"unknown key {unknown[0]!r} of over_dates; known: {known}")
        if not isinstance(content.get("of"), str):
            raise ValueError("over_dates needs of, the name of a band or an index")
        dates = content.get("dates")
        if not isinstance(dates, Mapping):
            raise ValueError(f"over_dates of {content['of']} needs dates, such as _1: 2018-05-22")
        modes, trend = content.get("modes", 1), content.get("trend", False)
        if type(modes) is not int or not isinstance(trend, bool):
            raise ValueError(f"modes and trend of {content['of']} are a number and true or false")
        return cls(
            of=content["of"],
            dates=tuple((str(end), _date(day)) for end, day in dates.items()),
            method=str(content.get("method", "temporal")),
            features=_features(content.get("features")),
            modes=modes,
            trend=trend,
        )


def _date(found: Any) -> dt.date:
    if isinstance(found, dt.datetime):
        return found.date()
    if isinstance(found, dt.date):
        return found
    try:
        return dt.date.fromisoformat(str(found))
    except ValueError as error:
        raise ValueError(f"a date is written 2018-05-22, not {found!r}") from error


def _features(found: Any) -> tuple[str, ...]:
    names: Sequence[Any] = [] if found is None else found
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        raise ValueError(f"features over dates are a list of names, not {found!r}")
    return tuple(names)
