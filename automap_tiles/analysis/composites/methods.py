"""Methods that make one picture of many dates: what each needs, gives and means, in one table.

A new method is an entry of `METHODS`. The process `composite`, `automap run`, what both check
before they begin and what their help says are read from it.

Each function imports what it computes with when it is called, so that a help text does not wait for
NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_args

if TYPE_CHECKING:
    import numpy as np

    from automap_tiles.analysis.composites.one_date import Chosen

    Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
    Made: TypeAlias = Mapping[str, Picture | Chosen]

_CLOUD_REACH = 3000.0
"""Metres beyond which clouds no longer matter to `best_pixel` (`bestpixel.Conditions`)."""


class Unit(StrEnum):
    """Unit of a band."""

    REFLECTANCE = "reflectance"
    """In the unit of the stack."""
    RATIO = "ratio"
    """Dimensionless, of order 1: an index, an angle, a score."""
    COUNT = "count"
    """Integers that no scale applies to."""


class Dates(Protocol):
    """The dates of one place, as in `automap_tiles.Stack`."""

    @property
    def values(self) -> np.ndarray[Any, Any]:
        """(time, band, y, x)"""  # noqa: D400, D415
        ...

    @property
    def valid(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(time, y, x), True where all bands are valid."""
        ...

    @property
    def bands(self) -> tuple[str, ...]: ...

    @property
    def times(self) -> tuple[datetime, ...]: ...

    @property
    def scale(self) -> float:
        """Value of reflectance 1."""
        ...

    @property
    def cloud_distance(self) -> np.ndarray[Any, Any] | None:
        """(time, y, x) metres to the nearest cloud or shadow, for methods that need it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Season:
    """Preferred days of a method."""

    middle: date
    """Its year matters for methods that score years."""
    days: int = 90
    """Days before and after it at which the score is almost zero."""


@dataclass(frozen=True, kw_only=True)
class CompositeRequest:
    """The requested composite."""

    methods: tuple[str, ...]
    rounded: bool = False
    """Whether results of integers keep their type, rounded half up."""
    season: Season | None = None


Make: TypeAlias = "Callable[[Dates, CompositeRequest], Made]"
"""Results by the names of methods: of its own, and of others asked for that come along with it.

(band, y, x), of a method of one band (y, x), in its unit; masked where there is none.
"""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A compositing method."""

    summary: str
    """For help texts."""
    make: Make
    needs: tuple[str, ...] = ()
    """Required bands."""
    one_band: bool = False
    """Whether it gives a single band, rather than one for each band and index."""
    unit: Unit = Unit.REFLECTANCE
    score: Unit | None = None
    """Unit of the score by which it takes all bands of a pixel from one date (a ratio is at most 1,
    a reflectance may be a sum of many); None: it does not take them from one date."""
    of_index: str | None = None
    """Statistic to use for indices per date, if the method itself does not handle them."""
    needs_season: bool = False
    cloud_reach: float | None = None
    """Largest distance to clouds that it needs, metres."""

    @property
    def chooses(self) -> bool:
        """Whether all bands of a pixel are from one identifiable date."""
        return self.score is not None


def _statistics(dates: Dates, asked: CompositeRequest) -> Made:
    """Per-band statistics, all in one pass."""
    import numpy as np

    from automap_tiles.analysis.composites.composite import reduce

    names = [name for name in asked.methods if method(name).make is _statistics]
    found = reduce(dates.values, dates.valid, names, rounded=asked.rounded)
    if "count" in found:
        # Zero is nodata here: otherwise a tile of zeros would exist or not depending on the tiling.
        counts = np.ma.getdata(found["count"])
        found["count"] = np.ma.MaskedArray(counts, mask=counts == 0)
    return found


def _geometric(dates: Dates, asked: CompositeRequest) -> Made:
    """The geometric median with its deviations."""
    from automap_tiles.analysis.composites.geomedian import geomedian

    wanted: Any = [
        name for name in asked.methods if name != "geomedian" and method(name).make is _geometric
    ]
    found = geomedian(dates.values, dates.valid, deviations=wanted, scale=dates.scale)
    made: dict[str, Picture | Chosen] = {"geomedian": found.picture}
    made.update(found.deviations.items())
    return made


def _trimmed_mean(dates: Dates, _: CompositeRequest) -> Made:
    from automap_tiles.analysis.composites.trimmed import trimmed_mean

    return {"trimmed_mean": trimmed_mean(dates.values, dates.valid)[0]}


def _medoid(dates: Dates, _: CompositeRequest) -> Made:
    from automap_tiles.analysis.composites.medoid import medoid

    return {"medoid": medoid(dates.values, dates.valid)}


def _medoid_approx(dates: Dates, _: CompositeRequest) -> Made:
    from automap_tiles.analysis.composites.medoid import medoid_approx

    return {"medoid_approx": medoid_approx(dates.values, dates.valid)}


def _max_ndvi(dates: Dates, _: CompositeRequest) -> Made:
    return {"max_ndvi": _highest(dates, "nir", "red")}


def _max_ndwi(dates: Dates, _: CompositeRequest) -> Made:
    return {"max_ndwi": _highest(dates, "green", "nir")}


def _highest(dates: Dates, first: str, second: str) -> Chosen:
    """The date with the highest normalised difference of two bands."""
    from automap_tiles.analysis.composites.bestpixel import max_ndvi

    first_place, second_place = dates.bands.index(first), dates.bands.index(second)
    return max_ndvi(dates.values, dates.valid, nir=first_place, red=second_place)


def _best_pixel(dates: Dates, asked: CompositeRequest) -> Made:
    from automap_tiles.analysis.composites import bestpixel

    if asked.season is None:  # already reported by the checks
        raise ValueError("best_pixel needs a season")
    target, days = asked.season.middle.timetuple().tm_yday, asked.season.days
    place = {band: number for number, band in enumerate(dates.bands)}
    usual = bestpixel.Weights()
    conditions = bestpixel.Conditions(
        times=dates.times,
        window=bestpixel.DayWindow(
            low=(target - days - 1) % 365 + 1, target=target, high=(target + days - 1) % 365 + 1
        ),
        weights=usual if {"blue", "red"} <= place.keys() else replace(usual, haze=0.0),
        year=asked.season.middle.year,
        cloud_distance=dates.cloud_distance,
        cloud_reach=_CLOUD_REACH,
        blue=place.get("blue"),
        red=place.get("red"),
        scale=dates.scale,
    )
    return {"best_pixel": bestpixel.best_pixel(dates.values, dates.valid, conditions=conditions)}


METHODS: dict[str, Method] = {
    "median": Method(summary="the middle value", make=_statistics),
    "mean": Method(summary="the mean", make=_statistics),
    "std": Method(summary="the standard deviation", make=_statistics),
    "min": Method(summary="the smallest value", make=_statistics),
    "max": Method(summary="the largest value", make=_statistics),
    "count": Method(summary="how many dates are clear", make=_statistics, unit=Unit.COUNT),
    "geomedian": Method(
        summary="the geometric median, which keeps the relations between bands",
        make=_geometric,
        of_index="median",
    ),
    "emad": Method(
        summary="one band: how far the dates scatter around it, as reflectance",
        make=_geometric,
        one_band=True,
    ),
    "smad": Method(
        summary="one band: how much their spectra turn away from it",
        make=_geometric,
        one_band=True,
        unit=Unit.RATIO,
    ),
    "bcmad": Method(
        summary="one band: how far they scatter in proportion to their brightness",
        make=_geometric,
        one_band=True,
        unit=Unit.RATIO,
    ),
    "medoid": Method(
        summary="the date nearest to all others", make=_medoid, score=Unit.REFLECTANCE
    ),
    "medoid_approx": Method(
        summary="the date nearest to the medians, much cheaper",
        make=_medoid_approx,
        score=Unit.REFLECTANCE,
    ),
    "max_ndvi": Method(
        summary="the greenest date", make=_max_ndvi, needs=("nir", "red"), score=Unit.RATIO
    ),
    "max_ndwi": Method(
        summary="the wettest date", make=_max_ndwi, needs=("green", "nir"), score=Unit.RATIO
    ),
    "best_pixel": Method(
        summary="the date that is near the middle of the season, far from clouds and clear",
        make=_best_pixel,
        score=Unit.RATIO,
        needs_season=True,
        cloud_reach=_CLOUD_REACH,
    ),
    "trimmed_mean": Method(
        summary="the mean without the darkest and the brightest quarter",
        make=_trimmed_mean,
        of_index="mean",
    ),
}
"""Name -> method. In addition there are percentiles, `p0` to `p100`."""

_PERCENTILE = Method(summary="a percentile", make=_statistics)

ProvenanceName = Literal["valid_count", "day_of_year", "scene_index", "score"]
PROVENANCE: tuple[str, ...] = get_args(ProvenanceName)
"""Bands with the origin of pixels; all but the first require a single method that takes each pixel
from one date."""
VALID_COUNT = PROVENANCE[0]


def method(name: str) -> Method:
    """A method by name; raises `ValueError` if it does not exist."""
    found = METHODS.get(name)
    if found is None and _is_percentile(name):
        return _PERCENTILE
    if found is None:
        raise ValueError(f"unknown statistic {name!r}; known: {known_methods()}")
    return found


def known_methods() -> str:
    """All names, for messages and help texts."""
    names = list(METHODS)
    place = names.index("count") + 1
    return ", ".join([*names[:place], "p0 to p100", *names[place:]])


def choosing_methods() -> tuple[str, ...]:
    """Names of the methods that take all bands of a pixel from one date."""
    return tuple(name for name, each in METHODS.items() if each.chooses)


def check_methods(names: Sequence[str]) -> None:
    """Raise `ValueError` for an unknown method, and for an empty list."""
    if not names:
        raise ValueError(f"no statistic is asked for; known: {known_methods()}")
    for name in names:
        method(name)


def check_provenance(names: Sequence[str], methods: Sequence[str]) -> None:
    """Raise `ValueError` for bands that these methods cannot provide."""
    for name in names:
        if name not in PROVENANCE:
            raise ValueError(f"there is no provenance {name!r}; known: {', '.join(PROVENANCE)}")
    asked = [name for name in names if name != VALID_COUNT]
    chosen = [name for name in methods if method(name).chooses]
    if not asked or len(chosen) == 1:
        return
    if chosen:
        raise ValueError(f"{asked[0]} is that of one method, not of {' and '.join(chosen)}")
    raise ValueError(
        f"{asked[0]} is only known of methods that take a pixel from one date, which are "
        f"{', '.join(choosing_methods())}"
    )


@dataclass(frozen=True, kw_only=True)
class BandOf:
    """A band of a composite."""

    name: str
    """`median_red`, `std_ndvi`, `emad`, `valid_count`."""
    unit: Unit


def bands_of(
    methods: Sequence[str],
    bands: Sequence[str],
    indices: Sequence[str] = (),
    provenance: Sequence[str] = (),
) -> tuple[BandOf, ...]:
    """Bands of a composite in order: for each method those of the bands, then of the indices."""
    found: list[BandOf] = []
    for name in methods:
        how = method(name)
        if how.one_band:
            found.append(BandOf(name=name, unit=how.unit))
            continue
        found += [BandOf(name=f"{name}_{band}", unit=how.unit) for band in bands]
        # a statistic of an index has the unit of the index, its count is a count
        unit = how.unit if how.unit is Unit.COUNT else Unit.RATIO
        found += [BandOf(name=f"{name}_{index}", unit=unit) for index in indices]
    scores = [score for name in methods if (score := method(name).score)]
    for name in provenance:
        is_score = name == "score" and bool(scores)
        found.append(BandOf(name=name, unit=scores[0] if is_score else Unit.COUNT))
    return tuple(found)


def _is_percentile(name: str) -> bool:
    from automap_tiles.analysis._ordered import parse_percentile

    return parse_percentile(name) is not None
