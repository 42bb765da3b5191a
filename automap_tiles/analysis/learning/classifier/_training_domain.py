"""The training domain of a model: value ranges, unit and pixel size of its training raster.

A classifier gives a class to every number, also to those of another unit, and to windows of
another size on the ground: the map looks like one and is wrong. So a model keeps the size of a
pixel and the values of the bands that it has learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.grid import GridLike
from automap_tiles.vector import ground_size

OTHER_UNIT = 20.0
"""Times that bands are larger or smaller when their unit is another one. The closest units in use,
8 bits and reflectance x 10000, are 39 apart; between snow and water most bands are nearer."""
OTHER_SIZE = 1.75
"""Times that pixels are larger or smaller when windows of pixels show something else. The nearest
zoom of a pyramid is at most 1.41 away; 10 m and 20 m are 2 apart."""
_UNITS = (100.0, 255.0, 1000.0, 10000.0, 65535.0)
"""What 1 is stored as."""
_NEAR = 3.0
"""Up to so many times the unit may be missed, for the land is never the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """Of a band, in the unit of the features."""

    low: float
    """1 % of the training samples are below."""
    middle: float
    high: float
    """1 % of the training samples are above."""
    scale: float = 1.0
    """A number of the picture times this plus `offset` was the value."""
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TrainingDomain:
    """The picture that a model was trained on."""

    pixel: float
    """Metres on the ground along the edge of a pixel in its middle."""
    bands: Mapping[str, Values]
    """By name; bands that only indices are made of are not known."""

    @classmethod
    def of(
        cls,
        table: SampleTable,
        recipe: Recipe,
        pixel: float,
        units: Sequence[tuple[float, float]],
    ) -> TrainingDomain:
        """Of the samples of a training; `units` are those of the bands that the recipe needs."""
        bands = {}
        of_band = dict(zip(recipe.needs, units, strict=True))
        for name, column in _columns(recipe).items():
            low, middle, high = np.percentile(table.values[:, column], (1, 50, 99)).tolist()
            scale, offset = of_band[name]
            bands[name] = Values(low=low, middle=middle, high=high, scale=scale, offset=offset)
        return cls(pixel=pixel, bands=bands)

    def times_larger(self, bands: Mapping[str, NDArray[Any]]) -> float | None:
        """How many times larger the values of another picture are, by the median of its bands.

        None where no band tells. Water and cloud move some bands far, another unit moves all.
        """
        ratios = []
        for name, values in self.bands.items():
            found = np.asarray(bands.get(name, ()), dtype=np.float64)
            found = np.abs(found[np.isfinite(found)])
            if found.size and values.middle and (middle := float(np.median(found))):
                ratios.append(middle / abs(values.middle))
        return float(np.exp(np.median(np.log(ratios)))) if ratios else None

    def is_elsewhere(self, bands: Mapping[str, NDArray[Any]]) -> bool:
        """Whether the middle of most bands lies outside of what the model has learnt from.

        This finds numbers that are some times smaller, which no single pixel gives away: dark land
        is dark in every unit.
        """
        outside = []
        for name, values in self.bands.items():
            found = np.asarray(bands.get(name, ()), dtype=np.float64)
            found = found[np.isfinite(found)]
            if found.size:
                outside.append(not values.low <= float(np.median(found)) <= values.high)
        return 2 * sum(outside) > len(outside)

    def times_coarser(self, grid: GridLike) -> float | None:
        """How many times larger the pixels of a grid are; None where that cannot be told."""
        size = ground_size(grid)
        return None if size is None else size / self.pixel

    def strange(
        self, names: Sequence[str], pixels: NDArray[Any], units: Sequence[tuple[float, float]]
    ) -> NDArray[np.bool_]:
        """(y, x) where most bands of a picture (band, y, x) are far from what was learnt from.

        Far is beyond it by more than its whole width. The pixels are as stored: times scale plus
        offset, as `units` has them for each band, they are in the unit of the features.
        """
        beyond = np.zeros(pixels.shape[1:], dtype=np.uint16)
        known = [place for place, name in enumerate(names) if name in self.bands]
        for place in known:
            values, (scale, offset) = self.bands[names[place]], units[place]
            width = values.high - values.low
            ends = (values.low - width - offset) / scale, (values.high + width - offset) / scale
            beyond += (pixels[place] < min(ends)) | (pixels[place] > max(ends))
        found: NDArray[np.bool_] = 2 * beyond > len(known)
        return found

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` gives an equal one."""
        return {
            "pixel": self.pixel,
            "bands": {name: asdict(one) for name, one in self.bands.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TrainingDomain:
        """From what `to_dict` gave; raises `KeyError`, `TypeError` or `ValueError`."""
        bands = {str(name): Values(**values) for name, values in content["bands"].items()}
        return cls(pixel=float(content["pixel"]), bands=bands)


def is_other_unit(times: float) -> bool:
    """Whether so many times larger means another unit."""
    return not 1 / OTHER_UNIT < times < OTHER_UNIT


def unit_factor(times: float) -> float | None:
    """What numbers so many times too large must be multiplied with, where a unit explains it."""
    away = max(times, 1 / times)
    unit = min(_UNITS, key=lambda each: abs(np.log(each / away)))
    if not 1 / _NEAR < unit / away < _NEAR:
        return None
    return 1 / unit if times > 1 else unit


def is_other_size(times: float) -> bool:
    """Whether windows of pixels so many times larger show something else."""
    return not 1 / OTHER_SIZE < times < OTHER_SIZE


def _columns(recipe: Recipe) -> dict[str, int]:
    """Bands → the feature that shows their values: themselves, or their mean around a pixel."""
    found: dict[str, int] = {}
    first = len(recipe.bands) + len(recipe.indices)
    for place, one in enumerate(recipe.neighbourhood, start=first):
        if one.statistic == "mean" and one.of in recipe.needs:
            found.setdefault(one.of, place)
    return {**found, **{name: place for place, name in enumerate(recipe.bands)}}
