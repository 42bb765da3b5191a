"""Composites of a `scenes` input: made on the sensor's own grid, with where each pixel is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from automap_tiles import ConfigError, Counted, Empty, Grid, Raster, Scenes, Stack
from automap_tiles.analysis import indices as spectral
from automap_tiles.analysis.composites import methods
from automap_tiles.analysis.composites.methods import ProvenanceName, Unit, method
from automap_tiles.analysis.composites.one_date import Chosen
from automap_tiles.scenes.contributions import Tally

Picture = np.ma.MaskedArray[Any, Any]

_WHOLE = 10000.0
"""Value of a reflectance of 1 in stacks of whole numbers."""


@dataclass(frozen=True, kw_only=True)
class SceneCompositeRequest:
    """What is asked for."""

    statistics: tuple[str, ...]
    """Names of `analysis.composites.methods`."""
    indices: tuple[spectral.IndexName, ...]
    provenance: tuple[ProvenanceName, ...]
    scale: float
    """Value of a reflectance, or of an index, of 1 in the result."""
    rounded: bool
    target_day: date | None = None
    """For `best_pixel`: the middle of the season, and its year where the year counts."""
    season: int = 90
    """Days before and after it at which a date scores next to nothing."""

    def check(self, bands: Sequence[str]) -> None:
        """Raise `ConfigError` for what cannot be made of these bands."""
        try:
            methods.check_methods(self.statistics)
        except ValueError as error:
            raise wrong("statistics", str(error)) from error
        for name in self.statistics:
            _check_bands("statistics", name, method(name).needs, bands)
        for name in self.indices:
            _check_bands("indices", name, spectral.INDICES[name].bands, bands)
        try:
            methods.check_provenance(self.provenance, self.statistics)
        except ValueError as error:
            raise wrong("provenance", str(error)) from error
        self._check_season()
        if self.scale <= 0:
            raise wrong("scale", "must be more than 0", found=self.scale)

    def _check_season(self) -> None:
        for name in self.statistics:
            if method(name).needs_season and self.target_day is None:
                raise wrong(
                    "target_day",
                    f"{name} needs the day of the year it is to be near to",
                    remedy="target_day: 2018-07-01",
                )
        if not 1 <= self.season <= 182:
            raise wrong("season", "must be 1 to 182 days", found=self.season)

    @property
    def cloud_distance(self) -> float | None:
        """Metres up to which distances to clouds are needed."""
        return max(
            (reach for name in self.statistics if (reach := method(name).cloud_reach)), default=None
        )

    @property
    def asked(self) -> methods.CompositeRequest:
        """The same in the words of the methods."""
        day = self.target_day
        season = None if day is None else methods.Season(middle=day, days=self.season)
        return methods.CompositeRequest(
            methods=self.statistics, rounded=self.rounded, season=season
        )

    def bands(self, bands: Sequence[str]) -> tuple[methods.BandOf, ...]:
        """Bands of the result."""
        return methods.bands_of(self.statistics, bands, self.indices, self.provenance)


def wrong(
    name: str, message: str, *, found: object = None, remedy: str | None = None
) -> ConfigError:
    """The error for a parameter."""
    return ConfigError(message, key=f"process_parameters.{name}", found=found, remedy=remedy)


def _check_bands(key: str, name: str, needed: Sequence[str], bands: Sequence[str]) -> None:
    missing = [band for band in needed if band not in bands]
    if missing:
        raise wrong(
            key,
            f"{name} needs {', '.join(needed)}, and the input reads {', '.join(bands)}",
            remedy=f"add {', '.join(missing)} to the bands of the input",
        )


def _check_heat(scenes: Scenes, wish: SceneCompositeRequest) -> None:
    """Raise `ConfigError` for bands of heat in whole numbers that are so many times reflectance.

    They hold what their files hold, and would all be cut to the largest number.
    """
    if not wish.rounded or wish.scale == 1:
        return
    sensors = {scene.sensor: scene.instrument for scene in scenes.scenes}.values()
    warm = [
        name
        for name in scenes.bands
        if any(not sensor.band(name).is_reflective for sensor in sensors)
    ]
    if warm:
        raise wrong(
            "scale",
            f"{', '.join(warm)} hold no reflectance, of which whole numbers are the multiple",
            found=wish.scale,
            remedy="dtype: float32 of the output, or scale: 1 and these bands alone",
        )


def over_dates(scenes: Scenes, wish: SceneCompositeRequest) -> Counted:
    """Every statistic of the bands and of the indices; then the provenance; tags with names.

    The indices are computed for every date and then aggregated, or are those of the chosen date.
    What each scene gave is counted. Raises `ConfigError` for what cannot be made, `Empty` when no
    date has a valid pixel around the tile.
    """
    wish.check(scenes.bands)
    _check_heat(scenes, wish)
    tally = scenes.tally()
    strips = [
        (stack.without_dates(), _strip(stack, wish, tally))
        for stack in scenes.strips(
            whole=wish.rounded and wish.scale == _WHOLE, cloud_distance=wish.cloud_distance
        )
    ]
    if all(np.ma.getmaskarray(picture).all() for _, picture in strips):
        raise Empty
    first = strips[0][0]
    height = sum(stack.grid.height for stack, _ in strips)
    grid = Grid(first.grid.crs, first.grid.transform, (height, first.grid.width))
    tags = {
        number: _said(band, wish) for number, band in enumerate(wish.bands(scenes.bands), start=1)
    }
    picture = Raster(_joined([picture for _, picture in strips]), grid, first.anchor)
    return Counted((picture, tags), tally.counts)


def _said(band: methods.BandOf, wish: SceneCompositeRequest) -> dict[str, str]:
    """Name of a band, and what a stored 1 is worth where it is not 1: counts are what they are."""
    if band.unit is Unit.COUNT or wish.scale == 1:
        return {"name": band.name}
    return {"name": band.name, "value_scale": repr(1 / wish.scale)}


@dataclass
class _Work:
    """One strip, and what several layers of it share."""

    stack: Stack
    wish: SceneCompositeRequest
    made: dict[str, Picture | Chosen] = field(default_factory=dict)
    """By method."""

    def of(self, name: str) -> Picture | Chosen:
        """What a method gives."""
        if name not in self.made:
            self.made |= method(name).make(self.stack, self.wish.asked)
        return self.made[name]

    @property
    def chosen(self) -> dict[str, Chosen]:
        """By method; those with a provenance have no other beside them."""
        return {name: made for name, made in self.made.items() if isinstance(made, Chosen)}

    def factor(self, unit: Unit) -> float:
        """From what the stack and the methods count in to the result."""
        match unit:
            case Unit.REFLECTANCE:
                return self.wish.scale / self.stack.scale
            case Unit.RATIO:
                return self.wish.scale
            case Unit.COUNT:
                return 1.0


def _strip(stack: Stack, wish: SceneCompositeRequest, tally: Tally) -> Picture:
    if stack.is_empty:
        shape = (len(wish.bands(stack.bands)), *stack.grid.shape)
        return np.ma.MaskedArray(np.zeros(shape, dtype=np.float32), mask=True)
    work = _Work(stack, wish)
    layers = [layer for name in wish.statistics for layer in _layers(work, name)]
    layers += [_provenance(work, name) for name in wish.provenance]
    tally.add(stack, {name: chosen.scene_index for name, chosen in work.chosen.items()})
    if len(layers) == 1:
        return layers[0]
    # whole numbers of 16 bits stay what they are, everything else is float32
    small = np.result_type(*(layer.dtype for layer in layers)) == np.int16
    return np.ma.MaskedArray(
        np.concatenate(
            [np.ma.getdata(layer) for layer in layers], dtype=np.int16 if small else np.float32
        ),
        mask=np.concatenate([np.ma.getmaskarray(layer) for layer in layers]),
    )


def _layers(work: _Work, name: str) -> Iterator[Picture]:
    """(band, y, x) of the bands, then of each index."""
    made, how, wish = work.of(name), method(name), work.wish
    if isinstance(made, Chosen):
        yield _finished(made.picture, work.factor(how.unit), wish)
        planes = dict(zip(work.stack.bands, made.picture, strict=True))
        for index in wish.indices:
            values = spectral.spectral_index(index, planes, scale=work.stack.scale)
            yield _finished(values[np.newaxis], work.factor(Unit.RATIO), wish)
        return
    picture = made[np.newaxis] if how.one_band else made
    yield _finished(picture, work.factor(how.unit), wish)
    if how.one_band:
        return
    unit = how.unit if how.unit is Unit.COUNT else Unit.RATIO
    for index in wish.indices:
        found = _of_index(work, index, how.of_index or name)
        yield _finished(found, work.factor(unit), wish)


def _of_index(work: _Work, index: str, name: str) -> Picture:
    """(1, y, x) of a method for an index of every date."""
    planes = {band: work.stack.band(band) for band in work.stack.bands}
    values = spectral.spectral_index(index, planes, scale=work.stack.scale)
    dates = replace(
        work.stack,
        values=values.data[:, np.newaxis],
        valid=~np.ma.getmaskarray(values),
        bands=(index,),
        scale=1.0,
    )
    made = method(name).make(dates, replace(work.wish.asked, methods=(name,)))[name]
    return made.picture if isinstance(made, Chosen) else made


def _finished(picture: Picture, factor: float, wish: SceneCompositeRequest) -> Picture:
    data = np.ma.getdata(picture)
    if factor != 1:
        data = data * np.float32(factor)
    if wish.rounded and data.dtype.kind == "f":
        data = np.floor(data + np.float32(0.5))
    return np.ma.MaskedArray(data, mask=np.ma.getmaskarray(picture))


def _provenance(work: _Work, name: ProvenanceName) -> Picture:
    """(1, y, x), masked where no date is valid."""
    stack = work.stack
    if name == "valid_count":
        count = stack.valid.sum(axis=0, dtype=np.uint16)[np.newaxis]
        return np.ma.MaskedArray(count, mask=count == 0)
    ((by, chosen),) = work.chosen.items()
    if name == "day_of_year":
        return chosen.day_of_year(stack.times)[np.newaxis]
    if name == "score":
        unit = method(by).score or Unit.RATIO
        return chosen.score[np.newaxis] * np.float32(work.factor(unit))
    # among all dates of the input, not only those around this tile
    index = np.array(stack.indexes)[np.ma.getdata(chosen.scene_index)]
    return np.ma.MaskedArray(index, mask=np.ma.getmaskarray(chosen.scene_index))[np.newaxis]


def _joined(strips: Sequence[Picture]) -> Picture:
    if len(strips) == 1:
        return strips[0]
    return np.ma.MaskedArray(
        np.concatenate([np.ma.getdata(strip) for strip in strips], axis=1),
        mask=np.concatenate([np.ma.getmaskarray(strip) for strip in strips], axis=1),
    )
