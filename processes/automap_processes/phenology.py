"""The season of every place: when it greens, peaks and fades; or the yearly wave of an index.

Input: `scenes`, of the format `scenes`, whose `time` is one season from trough to trough (or, for
waves, years) and whose bands the index is made of. Curves are laid through the dates on the
sensor's own grid and the result is resampled once: `resampling: nearest` under the input, as a mean
of two days in different seasons means nothing. Strips of the tile are worked on one after the
other, so that memory does not grow with the number of dates.

Bands of the output (`dtype: float32`), for `method: season`: start, peak, end, length (days; 1 is
the first of January of the year of the first date, or `first_day`), base, amplitude, greening,
fading (rates a day), r2. For `method: harmonic`: mean, trend (a year, with `trend: true`),
amplitude_1, peak_1 (day of the year) and so on for each of `modes`, rmse.

No data where too few dates count, or nothing is told by them: that is counted. Pixel-local: the
result does not depend on how the tiles are cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import numpy as np

from automap_processes._ignored_parameters import report_ignored
from automap_tiles import ConfigError, Empty, Grid, OutputDtype, Raster, Scenes, ScenesReader, Stack
from automap_tiles.analysis import indices as spectral
from automap_tiles.analysis.series import harmonic as waves
from automap_tiles.analysis.series import phenology as seasons
from automap_tiles.scenes.select import Overpass

Picture = np.ma.MaskedArray[Any, Any]
Tags = dict[int, dict[str, str]]
Method = Literal["season", "harmonic"]

_DAY = 86400.0
_APART = 1 / 1440


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What is asked for."""

    of: str
    method: Method
    threshold: float
    modes: int
    trend: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of the bands of the result."""
        if self.method == "season":
            return seasons.SEASON
        return waves.names_of(self.modes, trend=self.trend)

    @property
    def needs(self) -> tuple[str, ...]:
        """Bands of the input."""
        known = spectral.INDICES.get(self.of)
        return (self.of,) if known is None else known.bands

    def make(self, values: Picture, days: Sequence[float]) -> Picture:
        """(band, y, x) of an index (time, y, x)."""
        if self.method == "season":
            found = seasons.phenology(values, days, threshold=self.threshold)
        else:
            found = waves.harmonic(values, days, modes=self.modes, trend=self.trend)
        return np.ma.MaskedArray(
            np.stack([np.ma.getdata(plane) for plane in found.values()]),
            mask=np.stack([np.ma.getmaskarray(plane) for plane in found.values()]),
        )


def check_parameters(
    scenes: ScenesReader,
    *,
    of: str = "ndvi",
    method: Method = "season",
    threshold: float = seasons.THRESHOLD,
    modes: int = 1,
    trend: bool = False,
    dtype: OutputDtype | None = None,
) -> int:
    """How many bands the map has; complains of parameters that cannot work."""
    if dtype is not None and not dtype.startswith("float"):
        raise ConfigError(
            "rates and amplitudes are fractions",
            key="output.dtype", found=dtype, remedy="dtype: float32",
        )  # fmt: skip
    if not 0 < threshold < 1:
        raise _wrong("threshold", "lies between 0 and 1", threshold)
    if not 1 <= modes <= waves.MOST_MODES:
        raise _wrong("modes", f"are 1 to {waves.MOST_MODES}", modes)
    other = "season" if method == "harmonic" else "harmonic"
    report_ignored(
        f"it is of method: {other}",
        f"method: {other}, or leave it out",
        threshold=method == "harmonic" and threshold != seasons.THRESHOLD,
        modes=method == "season" and modes != 1,
        trend=method == "season" and trend,
    )
    wish = _Wish(of=of, method=method, threshold=threshold, modes=modes, trend=trend)
    if missing := [band for band in wish.needs if band not in scenes.bands]:
        raise ConfigError(
            f"{of} needs {', '.join(wish.needs)}, and the input reads {', '.join(scenes.bands)}",
            key="process_parameters.of",
            found=of,
            remedy=f"add {', '.join(missing)} to the bands of the input",
        )
    return len(wish.names)


def execute(
    scenes: Scenes,
    *,
    of: str = "ndvi",
    method: Method = "season",
    threshold: float = seasons.THRESHOLD,
    modes: int = 1,
    trend: bool = False,
    first_day: date | None = None,
) -> tuple[Raster, Tags]:
    """The season, or the wave, of `of`: a spectral index or a band.

    `threshold` is the share of the amplitude that start and end are passed at; `modes` and `trend`
    are those of the wave.
    """
    if not scenes.dates:
        raise Empty
    wish = _Wish(of=of, method=method, threshold=threshold, modes=modes, trend=trend)
    days = _days(scenes.dates, first_day or date(scenes.dates[0].time.year, 1, 1))
    strips: list[Stack] = []
    made: list[Picture] = []
    for stack in scenes.strips(bands=list(wish.needs)):
        strips.append(stack.without_dates())
        made.append(wish.make(_values(stack, wish, len(days)), days))
    if all(np.ma.getmaskarray(one).all() for one in made):
        raise Empty
    grid = strips[0].grid
    height = sum(one.grid.height for one in strips)
    picture = np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(one) for one in made], axis=1),
        mask=np.concatenate([np.ma.getmaskarray(one) for one in made], axis=1),
    )
    raster = Raster(picture, Grid(grid.crs, grid.transform, (height, grid.width)), strips[0].anchor)
    return raster, {number: {"name": name} for number, name in enumerate(wish.names, start=1)}


def _values(stack: Stack, wish: _Wish, dates: int) -> Picture:
    """(time, y, x) of all dates of the input: those that are not here are masked.

    What dates there are would otherwise depend on the tile, and with it the last bits.
    """
    shape = dates, *stack.grid.shape
    values = np.ma.MaskedArray(np.zeros(shape, np.float32), mask=np.ones(shape, bool))
    for place, index in enumerate(stack.indexes):
        planes = {
            band: np.ma.MaskedArray(
                stack.values[place, stack.bands.index(band)], mask=~stack.valid[place]
            )
            for band in wish.needs
        }
        if wish.of in spectral.INDICES:
            values[index] = spectral.spectral_index(wish.of, planes, scale=stack.scale)
        else:
            values[index] = planes[wish.of] / np.float32(stack.scale)
    return values


def _days(dates: Sequence[Overpass], first_day: date) -> list[float]:
    """Days of the dates, increasing: of several at the same time the later ones are minutes off."""
    origin = datetime.combine(first_day, datetime.min.time(), tzinfo=UTC)
    found: list[float] = []
    for one in dates:
        day = 1 + (one.time - origin).total_seconds() / _DAY
        found.append(max(day, found[-1] + _APART) if found else day)
    return found


def _wrong(name: str, message: str, found: object) -> ConfigError:
    return ConfigError(message, key=f"process_parameters.{name}", found=found)
