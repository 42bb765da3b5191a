"""One cloud-free picture from many dates, and its spectral indices.

Inputs: `scenes`, either an input of the format `scenes`, or a group of rasters, one for each date,
all with the same bands and type.

Of a `scenes` input the bands, the mask and the time are options of the input; the statistics are
made on the sensor's own grid and the result is resampled once. In a group a sample counts when its
band has data there and the class in the scene's `mask_band` does not rule it out. Pixel-local: the
result does not depend on how the tiles are cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from automap_processes._ignored_parameters import report_ignored
from automap_processes._scene_composites import SceneCompositeRequest, over_dates, wrong
from automap_processes._types import Resampling
from automap_tiles import (
    Counted,
    Empty,
    OutputDtype,
    RasterInput,
    RasterReader,
    Scenes,
    ScenesReader,
    check_bands_alike,
)
from automap_tiles.analysis import indices as spectral
from automap_tiles.analysis.composites import composite, methods
from automap_tiles.analysis.composites.methods import ProvenanceName
from automap_tiles.scenes.contributions import Counts, contributions

Bools = np.ndarray[Any, np.dtype[np.bool_]]
Picture = np.ma.MaskedArray[Any, Any]
Dates = Sequence[tuple[str, RasterInput]]

_SEASON = 90
"""Days around the target day."""

VALUES = {"statistics": "automap_tiles.analysis.composites.methods:METHODS"}
"""What `automap processes composite` lists: parameter -> table of what it can be."""


def execute(  # noqa: PLR0913 - the parameters of the process file
    scenes: Scenes | list[tuple[str, RasterInput]],
    *,
    method: Literal["median", "mean"] = "median",
    statistics: list[str] | None = None,
    provenance: list[ProvenanceName] | None = None,
    target_day: date | None = None,
    season: int = 90,
    bands: list[int] | None = None,
    mask_band: int | None = None,
    masked_values: list[int] | None = None,
    valid_values: list[int] | None = None,
    indices: list[spectral.IndexName] | None = None,
    blue: int | None = None,
    green: int | None = None,
    red: int | None = None,
    rededge: int | None = None,
    nir: int | None = None,
    swir1: int | None = None,
    swir2: int | None = None,
    scale: float | None = None,
    rounded: bool | None = None,
    resampling: Resampling = "nearest",
    dtype: OutputDtype | None = None,
) -> Picture | Counted:
    """Bands of the composite, then the indices, as (band, y, x).

    Of a `scenes` input: for each of `statistics` (default: `method`) all bands, then `indices`,
    which are computed for every date and then aggregated; behind all of them the `provenance`.
    Some statistics take all bands of a pixel from one date, best_pixel from one near `target_day`,
    within `season` days. Provenance is valid_count, and of the chosen date day_of_year,
    scene_index, score. Parameters below `season` but `indices`, `scale` and `rounded` are for
    groups.

    Of a group: `bands` are those of the scenes to composite (default: all but `mask_band`), counted
    from 1. `mask_band` holds classes of the pixels, of which `masked_values` are ruled out, or all
    but `valid_values`; it is always read with nearest. `indices` are names such as ndvi, computed
    from the composite; `blue` … `swir2` say which band of the scenes is which, and these have to be
    among `bands`. `scale` is the value that stands for 1, both for reflectance in the scenes and
    for the indices in the result.

    Of scenes the result holds reflectance as it is in an output of floats, and x 10000 in one of
    integers, unless `scale` says otherwise; bands have their names and that unit. Of a group
    `scale` is 10000 by default.

    `rounded` gives whole numbers (halves up); by default when the scenes hold integers and `scale`
    is more than 1.
    """
    if scale is None:
        scale = _usual_scale(scenes, dtype)
    if isinstance(scenes, Scenes):
        wish = SceneCompositeRequest(
            statistics=tuple(statistics or [method]),
            indices=tuple(indices or ()),
            provenance=tuple(provenance or ()),
            scale=scale,
            rounded=scale > 1 if rounded is None else rounded,
            target_day=target_day,
            season=season,
        )
        return over_dates(scenes, wish)
    colours = {"blue": blue, "green": green, "red": red, "rededge": rededge}
    colours |= {"nir": nir, "swir1": swir1, "swir2": swir2}
    mask = _ClassMask(mask_band, masked_values, valid_values)
    stack = _read(scenes, bands, mask, resampling)
    statistic = {"median": composite.median, "mean": composite.mean}[method]
    picture = statistic(stack.samples, stack.valid)
    planes = {
        name: picture[_place(name, number, stack.bands)]
        for name, number in colours.items()
        if number is not None
    }
    whole = scale > 1 and stack.samples.dtype.kind in "iu" if rounded is None else rounded
    layers = [_whole(picture) if whole else picture]
    for name in indices or ():
        index = spectral.spectral_index(name, planes, scale=scale) * np.float32(scale)
        layers.append((_whole(index) if whole else index)[None])
    return layers[0] if len(layers) == 1 else _join(layers)


def check_parameters(  # noqa: PLR0913 - the parameters of the process file
    scenes: Any,
    *,
    method: str = "median",
    statistics: list[str] | None = None,
    provenance: list[ProvenanceName] | None = None,
    target_day: date | None = None,
    season: int = _SEASON,
    bands: list[int] | None = None,
    mask_band: int | None = None,
    masked_values: list[int] | None = None,
    valid_values: list[int] | None = None,
    indices: list[spectral.IndexName] | None = None,
    blue: int | None = None,
    green: int | None = None,
    red: int | None = None,
    rededge: int | None = None,
    nir: int | None = None,
    swir1: int | None = None,
    swir2: int | None = None,
    scale: float | None = None,
) -> int | None:
    """Raise `ConfigError` for parameters that cannot work; `scenes` is a reader or a group.

    Of scenes the number of bands of the result.
    """
    colours: dict[str, int | None] = {"blue": blue, "green": green, "red": red}
    colours |= {"rededge": rededge, "nir": nir, "swir1": swir1, "swir2": swir2}
    classes = {"masked_values": masked_values, "valid_values": valid_values}
    if not isinstance(scenes, ScenesReader):
        _refuse({"statistics": statistics, "provenance": provenance}, "needs an input of scenes")
        dates = {
            name: each.describe_bands()
            for name, each in dict(scenes).items()
            if isinstance(each, RasterReader)
        }
        check_bands_alike(dates, "input.scenes", bands)
        _ClassMask(mask_band, masked_values, valid_values)
        _check_colours(colours, bands, indices or ())
        return None
    of_groups = {"bands": bands, "mask_band": mask_band, **classes, **colours}
    _refuse(of_groups, "is for a group of rasters; bands and mask are options of the input scenes")
    wish = SceneCompositeRequest(
        statistics=tuple(statistics or [method]),
        indices=tuple(indices or ()),
        provenance=tuple(provenance or ()),
        scale=10000.0 if scale is None else scale,
        rounded=False,
        target_day=target_day,
        season=season,
    )
    wish.check(scenes.bands)
    _tell_ignored(wish, method)
    return len(wish.bands(scenes.bands))


def _tell_ignored(wish: SceneCompositeRequest, method: str) -> None:
    """Tell of parameters that the statistics have no use for."""
    seasonal = any(methods.method(name).needs_season for name in wish.statistics)
    report_ignored(
        "no statistic that is asked for looks at it",
        "statistics: [best_pixel], or leave it out",
        target_day=wish.target_day is not None and not seasonal,
        season=wish.season != _SEASON and not seasonal,
    )
    report_ignored(
        "statistics say what is made",
        "leave it out",
        method=method != "median" and wish.statistics != (method,),
    )


def _usual_scale(scenes: Any, dtype: OutputDtype | None) -> float:
    """What stands for a reflectance of 1."""
    floats = dtype is not None and dtype.startswith("float")
    return 1.0 if floats and isinstance(scenes, Scenes) else 10000.0


def sum_up(counts: Counts, scenes: Any) -> dict[str, Any]:
    """The scenes of the input, with what each gave: `shares`; nothing for a group."""
    if not isinstance(scenes, ScenesReader):
        return {}
    return {"scenes": contributions(scenes.scenes, scenes.dates, counts)}


def _refuse(given: Mapping[str, Any], message: str) -> None:
    """Parameters that the other kind of input has no use for."""
    for name, value in given.items():
        if value is not None:
            raise wrong(name, message, found=value)


def _check_colours(
    colours: Mapping[str, int | None], bands: Sequence[int] | None, indices: Sequence[str]
) -> None:
    """The bands of the scenes that indices are made of."""
    for name, number in colours.items():
        if number is not None and bands is not None and number not in bands:
            raise wrong(name, f"is not among the bands {list(bands)}", found=number)
    for name in indices:
        missing = [each for each in spectral.INDICES[name].bands if colours[each] is None]
        if missing:
            raise wrong(
                "indices",
                f"{name} needs {', '.join(spectral.INDICES[name].bands)}",
                remedy=f"say which band is {missing[0]}: {missing[0]}: 3",
            )


@dataclass(frozen=True)
class _ClassMask:
    """Which pixels a class band rules out."""

    band: int | None
    masked: Sequence[int] | None
    valid: Sequence[int] | None

    def __post_init__(self) -> None:
        given = (self.masked is not None) + (self.valid is not None)
        if self.band is None and given:
            raise wrong("mask_band", "masked_values and valid_values need it")
        if self.band is not None and given != 1:
            raise wrong("mask_band", "needs either masked_values or valid_values")

    def counts(self, classes: Any) -> Bools:
        """True where the class lets a sample count."""
        # A class is a value even where it equals the file's nodata (0 is often "clear").
        values = np.ma.getdata(classes)
        if self.valid is not None:
            return _is_in(values, self.valid)
        return ~_is_in(values, self.masked or ())


def _is_in(values: Any, wanted: Sequence[int]) -> Bools:
    found: Bools
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:  # one look-up for each pixel
        table = np.zeros(np.iinfo(values.dtype).max + 1, dtype=bool)
        table[[value for value in wanted if 0 <= value < table.size]] = True
        found = table[values]
    else:
        found = np.isin(values, list(wanted))
    return found


@dataclass(frozen=True)
class _Stack:
    samples: np.ndarray[Any, Any]
    """(time, band, y, x)"""
    valid: Bools
    """(time, band or 1, y, x)"""
    bands: list[int]
    """Band numbers in the scenes."""


def _read(
    scenes: Dates, bands: Sequence[int] | None, mask: _ClassMask, resampling: Resampling
) -> _Stack:
    """Date by date into one stack; raises `Empty` when no sample counts."""
    here = [(name, scene) for name, scene in scenes if not scene.is_empty()]
    samples = valid = None
    numbers: list[int] = []
    dates, alike = 0, True
    for name, scene in here:
        numbers, pixels, counts = _read_date(scene, bands, mask, resampling)
        if samples is None or valid is None:
            samples = np.empty((len(here), *pixels.shape), dtype=pixels.dtype)
            valid = np.empty((len(here), *pixels.shape), dtype=bool)
        if pixels.shape != samples.shape[1:] or pixels.dtype != samples.dtype:
            raise ValueError(
                f"scene {name} has {pixels.shape[0]} bands of {pixels.dtype}, "
                f"scene {here[0][0]} {samples.shape[1]} of {samples.dtype}: they must be alike"
            )
        np.logical_not(np.ma.getmaskarray(pixels), out=valid[dates])
        if counts is not None:
            valid[dates] &= counts
        if valid[dates].any():  # a date that is clouded all over would only cost time
            samples[dates] = pixels.data
            alike = alike and bool((valid[dates] == valid[dates, 0]).all())
            dates += 1
    if samples is None or valid is None or dates == 0:
        raise Empty
    # one mask for all bands is less work
    return _Stack(samples[:dates], valid[:dates, :1] if alike else valid[:dates], numbers)


def _read_date(
    scene: RasterInput, bands: Sequence[int] | None, mask: _ClassMask, resampling: Resampling
) -> tuple[list[int], Picture, Bools | None]:
    """Band numbers, their pixels, and where the class band lets them count."""
    if mask.band is None:
        pixels = scene.read(indexes=None if bands is None else list(bands), resampling=resampling)
        return list(bands or range(1, pixels.shape[0] + 1)), pixels, None
    if resampling != "nearest":
        counts = mask.counts(scene.read(indexes=mask.band))
        if bands is None:
            everything = scene.read(resampling=resampling)
            numbers = [band for band in range(1, everything.shape[0] + 1) if band != mask.band]
            return numbers, everything[[band - 1 for band in numbers]], counts
        return list(bands), scene.read(indexes=list(bands), resampling=resampling), counts
    if bands is None:
        everything = scene.read()
        numbers = [band for band in range(1, everything.shape[0] + 1) if band != mask.band]
        kept = everything[[band - 1 for band in numbers]]
        return numbers, kept, mask.counts(everything[mask.band - 1])
    read = scene.read(indexes=[*bands, mask.band])
    return list(bands), read[:-1], mask.counts(read[-1])


def _place(name: str, number: int, bands: Sequence[int]) -> int:
    """Where a band of the scenes is in the composite."""
    if number not in bands:
        raise ValueError(f"{name} is band {number}, which is not among the bands {list(bands)}")
    return list(bands).index(number)


def _whole(picture: Picture) -> Picture:
    return np.ma.MaskedArray(np.floor(picture.data + 0.5), mask=picture.mask)


def _join(layers: Sequence[Picture]) -> Picture:
    return np.ma.MaskedArray(
        np.concatenate([layer.data for layer in layers]),
        mask=np.concatenate([np.ma.getmaskarray(layer) for layer in layers]),
    )
