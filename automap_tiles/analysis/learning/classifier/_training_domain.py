"""The training domain of a model: value ranges, unit and pixel size of its training raster.

A classifier assigns a class to any number, also to values in another unit and to windows of another
size on the ground; the result looks like a map but is wrong. Therefore a model stores the pixel
size and the range of values of the bands that it was trained on.
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
"""Ratio of band values from which another unit is assumed. The closest units in use, 8 bits and
reflectance x 10000, differ by a factor of 39; between snow and water most bands differ by less than
this."""
OTHER_SIZE = 1.75
"""Ratio of pixel sizes from which windows of pixels cover different structures. The nearest zoom of
a pyramid differs by 1.41 at most; 10 m and 20 m differ by a factor of 2."""
_UNITS = (100.0, 255.0, 1000.0, 10000.0, 65535.0)
"""Stored values of a reflectance of 1 in the units in use."""
_NEAR = 3.0
"""Tolerance (a factor) when a unit is recognised, since land cover differs between images."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """Value range of a band, in the unit of the features."""

    low: float
    """1st percentile of the training samples."""
    middle: float
    high: float
    """99th percentile of the training samples."""
    scale: float = 1.0
    """value = stored number · scale + offset."""
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TrainingDomain:
    """The raster that a model was trained on."""

    pixel: float
    """Edge of a pixel at the centre of the raster, metres on the ground."""
    bands: Mapping[str, Values]
    """By name; bands that are only used in indices are not known."""

    @classmethod
    def of(
        cls,
        table: SampleTable,
        recipe: Recipe,
        pixel: float,
        units: Sequence[tuple[float, float]],
    ) -> TrainingDomain:
        """The domain of training samples; `units` are those of the bands that the recipe needs."""
        bands = {}
        of_band = dict(zip(recipe.needs, units, strict=True))
        for name, column in _columns(recipe).items():
            low, middle, high = np.percentile(table.values[:, column], (1, 50, 99)).tolist()
            scale, offset = of_band[name]
            bands[name] = Values(low=low, middle=middle, high=high, scale=scale, offset=offset)
        return cls(pixel=pixel, bands=bands)

    def times_larger(self, bands: Mapping[str, NDArray[Any]]) -> float | None:
        """Ratio of the values of another raster to the training values, the median over its bands.

        None if no band can be compared. Water and cloud change some bands strongly, another unit
        changes all.
        """
        ratios = []
        for name, values in self.bands.items():
            found = np.asarray(bands.get(name, ()), dtype=np.float64)
            found = np.abs(found[np.isfinite(found)])
            if found.size and values.middle and (middle := float(np.median(found))):
                ratios.append(middle / abs(values.middle))
        return float(np.exp(np.median(np.log(ratios)))) if ratios else None

    def is_elsewhere(self, bands: Mapping[str, NDArray[Any]]) -> bool:
        """Whether the median of most bands lies outside the range of the training values.

        This detects values that are too small by some factor, which no single pixel reveals: dark
        surfaces are dark in every unit.
        """
        outside = []
        for name, values in self.bands.items():
            found = np.asarray(bands.get(name, ()), dtype=np.float64)
            found = found[np.isfinite(found)]
            if found.size:
                outside.append(not values.low <= float(np.median(found)) <= values.high)
        return 2 * sum(outside) > len(outside)

    def times_coarser(self, grid: GridLike) -> float | None:
        """Ratio of the pixel size of a grid to that of the training.

        None if it cannot be determined.
        """
        size = ground_size(grid)
        return None if size is None else size / self.pixel

    def strange(
        self, names: Sequence[str], pixels: NDArray[Any], units: Sequence[tuple[float, float]]
    ) -> NDArray[np.bool_]:
        """(y, x) where most bands of a raster (band, y, x) are far outside the training range.

        Far means beyond the range by more than its width. Pixels are stored numbers: with the scale
        and offset of `units` for each band they are in the unit of the features.
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
        """For JSON; `from_dict` restores an equal object."""
        return {
            "pixel": self.pixel,
            "bands": {name: asdict(one) for name, one in self.bands.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TrainingDomain:
        """Restore what `to_dict` returned; raises `KeyError`, `TypeError` or `ValueError`."""
        bands = {str(name): Values(**values) for name, values in content["bands"].items()}
        return cls(pixel=float(content["pixel"]), bands=bands)


def is_other_unit(times: float) -> bool:
    """Whether this ratio of values indicates another unit."""
    return not 1 / OTHER_UNIT < times < OTHER_UNIT


def unit_factor(times: float) -> float | None:
    """Factor that converts values too large by this ratio, if a difference of units explains it."""
    away = max(times, 1 / times)
    unit = min(_UNITS, key=lambda each: abs(np.log(each / away)))
    if not 1 / _NEAR < unit / away < _NEAR:
        return None
    return 1 / unit if times > 1 else unit


def is_other_size(times: float) -> bool:
    """Whether windows of pixels larger by this ratio cover different structures."""
    return not 1 / OTHER_SIZE < times < OTHER_SIZE


def _columns(recipe: Recipe) -> dict[str, int]:
    """Bands → the feature that holds their values: the band itself, or its local mean."""
    found: dict[str, int] = {}
    first = len(recipe.bands) + len(recipe.indices)
    for place, one in enumerate(recipe.neighbourhood, start=first):
        if one.statistic == "mean" and one.of in recipe.needs:
            found.setdefault(one.of, place)
    return {**found, **{name: place for place, name in enumerate(recipe.bands)}}
