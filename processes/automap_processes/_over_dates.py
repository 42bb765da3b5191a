"""Composites of a `scenes` input: made on the sensor's own grid, with where each pixel is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

from automap_tiles import ConfigError, Counted, Empty, Grid, Raster, Scenes, Stack
from automap_tiles.analysis import bestpixel, composite
from automap_tiles.analysis import indices as spectral
from automap_tiles.analysis.chosen import Chosen
from automap_tiles.analysis.geomedian import geomedian
from automap_tiles.analysis.medoid import medoid, medoid_approx
from automap_tiles.analysis.trimmed import trimmed_mean
from automap_tiles.scenes.shares import Tally

Picture = np.ma.MaskedArray[Any, Any]
Provenance = Literal["valid_count", "day_of_year", "scene_index", "score"]

CHOOSING = ("max_ndvi", "max_ndwi", "medoid", "medoid_approx", "best_pixel")
"""Methods that take all bands of a pixel from one date."""
OTHERS = ("geomedian", "emad", "smad", "bcmad", "trimmed_mean")
_DEVIATIONS = ("emad", "smad", "bcmad")
_NEEDED = {"max_ndvi": ("nir", "red"), "max_ndwi": ("green", "nir")}
_COUNTED = ("valid_count", "day_of_year", "scene_index")
_WHOLE = 10000.0
"""Value of a reflectance of 1 in stacks of whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    statistics: tuple[str, ...]
    """Names of `composite.reduce`, of `CHOOSING` or of `OTHERS`."""
    indices: tuple[spectral.IndexName, ...]
    provenance: tuple[Provenance, ...]
    scale: float
    """Value of a reflectance, or of an index, of 1 in the result."""
    rounded: bool
    target_day: date | None = None
    """For `best_pixel`: the middle of the season, and its year where the year counts."""
    season: int = 90
    """Days before and after it at which a date scores next to nothing."""

    def check(self, bands: Sequence[str]) -> None:
        """Raise `ConfigError` for what cannot be made of these bands."""
        plain = [name for name in self.statistics if name not in (*CHOOSING, *OTHERS)]
        try:
            if plain or not self.statistics:
                composite.check_statistics(plain)
        except ValueError as error:
            raise wrong("statistics", f"{error}, {', '.join((*OTHERS, *CHOOSING))}") from error
        for name in self.statistics:
            _check_bands("statistics", name, _NEEDED.get(name, ()), bands)
        for name in self.indices:
            _check_bands("indices", name, spectral.INDICES[name].bands, bands)
        self._check_provenance()
        if "best_pixel" in self.statistics and self.target_day is None:
            raise wrong(
                "target_day",
                "best_pixel needs the day of the year it is to be near to",
                remedy="target_day: 2018-07-01",
            )
        if not 1 <= self.season <= 182:
            raise wrong("season", "must be 1 to 182 days", found=self.season)
        if self.scale <= 0:
            raise wrong("scale", "must be more than 0", found=self.scale)

    def _check_provenance(self) -> None:
        chosen = [name for name in self.statistics if name in CHOOSING]
        asked = [name for name in self.provenance if name != "valid_count"]
        if not asked or len(chosen) == 1:
            return
        if chosen:
            message = f"{asked[0]} is that of one method, not of {' and '.join(chosen)}"
        else:
            message = f"{asked[0]} is only known of methods that take a pixel from one date"
        raise wrong("provenance", message, remedy=f"one of the statistics {', '.join(CHOOSING)}")

    @property
    def cloud_distance(self) -> float | None:
        """Metres up to which distances to clouds are needed."""
        return bestpixel.Conditions.cloud_reach if "best_pixel" in self.statistics else None


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


def names(bands: Sequence[str], wish: Wish) -> list[str]:
    """Names of the bands of the result: `median_red`, `std_ndvi`, `emad`, `valid_count`."""
    planes = [*bands, *wish.indices]
    result: list[str] = []
    for name in wish.statistics:
        result += [name] if name in _DEVIATIONS else [f"{name}_{plane}" for plane in planes]
    return [*result, *wish.provenance]


def over_dates(scenes: Scenes, wish: Wish) -> Counted:
    """Every statistic of the bands and of the indices; then the provenance; tags with names.

    The indices are computed for every date and then aggregated, or are those of the chosen date.
    What each scene gave is counted. Raises `ConfigError` for what cannot be made, `Empty` when no
    date has a valid pixel around the tile.
    """
    wish.check(scenes.bands)
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
        number: _said(name, wish) for number, name in enumerate(names(scenes.bands, wish), start=1)
    }
    picture = Raster(_joined([picture for _, picture in strips]), grid, first.anchor)
    return Counted((picture, tags), tally.counts)


def _said(name: str, wish: Wish) -> dict[str, str]:
    """Name of a band, and what a stored 1 is worth where it is not 1: counts are what they are."""
    counted = name.startswith("count_") or (name in _COUNTED and name in wish.provenance)
    if counted or wish.scale == 1:
        return {"name": name}
    return {"name": name, "value_scale": repr(1 / wish.scale)}


@dataclass
class _Work:
    """One strip, and what several layers of it share."""

    stack: Stack
    wish: Wish
    chosen: dict[str, Chosen] = field(default_factory=dict)
    """By method; those with a provenance have no other beside them."""
    deviations: dict[str, Picture] = field(default_factory=dict)


def _strip(stack: Stack, wish: Wish, tally: Tally) -> Picture:
    if stack.is_empty:
        shape = (len(names(stack.bands, wish)), *stack.grid.shape)
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
    stack, wish = work.stack, work.wish
    factor = wish.scale / stack.scale
    if name in CHOOSING:
        work.chosen[name] = _choose(stack, wish, name)
        picture = work.chosen[name].picture
        yield _finished(picture, factor, wish)
        planes = dict(zip(stack.bands, picture, strict=True))
        for index in wish.indices:
            values = spectral.spectral_index(index, planes, scale=stack.scale)
            yield _finished(values[np.newaxis], wish.scale, wish)
        return
    if name in _DEVIATIONS:
        yield _finished(_deviation(work, name)[np.newaxis], wish.scale, wish)
        return
    yield _finished(_aggregated(work, name), factor, wish)
    # there is no geometric median or brightness of one index
    plain = {"geomedian": "median", "trimmed_mean": "mean"}.get(name, name)
    for index in wish.indices:
        values = _index(stack, index)
        valid = ~np.ma.getmaskarray(values)
        found = composite.reduce(values.data, valid, (plain,))[plain]
        if plain == "count":
            yield _finished(_counted(found)[np.newaxis], 1.0, wish)
        else:
            yield _finished(found[np.newaxis], wish.scale, wish)


def _aggregated(work: _Work, name: str) -> Picture:
    """(band, y, x) of a method that does not choose a date."""
    stack, wish = work.stack, work.wish
    if name == "geomedian":
        wanted: Any = tuple(other for other in wish.statistics if other in _DEVIATIONS)
        found = geomedian(stack.values, stack.valid, deviations=wanted, scale=stack.scale)
        work.deviations = {key: _unit(key, each, stack) for key, each in found.deviations.items()}
        return found.picture
    if name == "trimmed_mean":
        return trimmed_mean(stack.values, stack.valid)[0]
    found_one = composite.reduce(stack.values, stack.valid, (name,), rounded=wish.rounded)[name]
    if name != "count":
        return found_one
    return _counted(found_one) * np.float32(stack.scale / wish.scale)


def _counted(picture: Picture) -> Picture:
    """Zero is no data: a tile of nothing but zeros would be there or not as the tiles are cut."""
    counts = np.ma.getdata(picture)
    return np.ma.MaskedArray(counts, mask=counts == 0)


def _deviation(work: _Work, name: str) -> Picture:
    if name not in work.deviations:
        stack = work.stack
        wanted: Any = (name,)
        found = geomedian(stack.values, stack.valid, deviations=wanted, scale=stack.scale)
        work.deviations |= {key: _unit(key, each, stack) for key, each in found.deviations.items()}
    return work.deviations[name]


def _unit(name: str, picture: Picture, stack: Stack) -> Picture:
    """In reflectance; only the Euclidean deviation has a unit."""
    return picture / np.float32(stack.scale) if name == "emad" else picture


def _choose(stack: Stack, wish: Wish, name: str) -> Chosen:
    if name == "medoid":
        return medoid(stack.values, stack.valid)
    if name == "medoid_approx":
        return medoid_approx(stack.values, stack.valid)
    place = {band: number for number, band in enumerate(stack.bands)}
    if name == "best_pixel":
        return _best_pixel(stack, wish, place)
    first, second = _NEEDED[name]
    return bestpixel.max_ndvi(stack.values, stack.valid, nir=place[first], red=place[second])


def _best_pixel(stack: Stack, wish: Wish, place: dict[str, int]) -> Chosen:
    if wish.target_day is None:  # `Wish.check` has complained
        raise ValueError("best_pixel needs target_day")
    target = wish.target_day.timetuple().tm_yday
    window = bestpixel.DayWindow(
        low=(target - wish.season - 1) % 365 + 1,
        target=target,
        high=(target + wish.season - 1) % 365 + 1,
    )
    has_haze = {"blue", "red"} <= place.keys()
    conditions = bestpixel.Conditions(
        times=stack.times,
        window=window,
        weights=bestpixel.Weights(haze=0.3 if has_haze else 0.0),
        year=wish.target_day.year,
        cloud_distance=stack.cloud_distance,
        blue=place.get("blue"),
        red=place.get("red"),
        scale=stack.scale,
    )
    return bestpixel.best_pixel(stack.values, stack.valid, conditions=conditions)


def _index(stack: Stack, name: str) -> Picture:
    """(time, y, x) of every date."""
    planes = {band: stack.band(band) for band in stack.bands}
    return spectral.spectral_index(name, planes, scale=stack.scale)


def _finished(picture: Picture, factor: float, wish: Wish) -> Picture:
    data = np.ma.getdata(picture)
    if factor != 1:
        data = data * np.float32(factor)
    if wish.rounded and data.dtype.kind == "f":
        data = np.floor(data + np.float32(0.5))
    return np.ma.MaskedArray(data, mask=np.ma.getmaskarray(picture))


def _provenance(work: _Work, name: Provenance) -> Picture:
    """(1, y, x), masked where no date is valid."""
    stack = work.stack
    if name == "valid_count":
        count = stack.valid.sum(axis=0, dtype=np.uint16)[np.newaxis]
        return np.ma.MaskedArray(count, mask=count == 0)
    (chosen,) = work.chosen.values()
    if name == "day_of_year":
        return chosen.day_of_year(stack.times)[np.newaxis]
    if name == "score":
        # sums of distances are in the unit of the stack, the others without one
        unit = stack.scale if {"medoid", "medoid_approx"} & set(work.wish.statistics) else 1.0
        return chosen.score[np.newaxis] * np.float32(work.wish.scale / unit)
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
