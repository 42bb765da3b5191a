"""Neighbourhood features: means, textures, local binary patterns, blobs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.indices import INDICES
from automap_tiles.analysis.textures import boxes, haralick
from automap_tiles.analysis.textures.binary_patterns import binary_patterns
from automap_tiles.analysis.textures.filters import FILTERS
from automap_tiles.analysis.textures.haralick import TEXTURES, Quantisation
from automap_tiles.notes import Fate, Note, Subject, tell

BOX_STATISTICS = get_args(boxes.Statistic)
PATTERN = "lbp"
"""Local binary patterns of eight points, uniform ones by their number of bright points (0 to 9)."""
NEIGHBOURHOOD_STATISTICS = (*BOX_STATISTICS, *TEXTURES, PATTERN, *FILTERS)
MAX_RADIUS = 100
_OF_INDEX = Quantisation(low=-1.0, high=1.0)
# Reflectance of land rarely exceeds it; snow and cloud may share a grey level.
_OF_BAND = Quantisation(low=0.0, high=0.6)
_BEYOND, _MOSTLY = 2.5, 0.9
"""Distance from the middle of the grey levels, in multiples of their range, and the fraction of
pixels farther away, from which another unit is suspected."""


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """A statistic of the neighbourhood of a pixel."""

    statistic: str
    """`mean`, `std`, `range`, a texture of `haralick.TEXTURES`, `lbp`, or one of
    `filters.FILTERS`."""
    of: str
    """Name of a band or an index."""
    radius: int
    """Pixels on each side: the window is 2 · radius + 1 wide; for `log`, `dog` and `doh` that of
    the blobs."""
    quantisation: Quantisation | None = None
    """Grey levels of a texture, in the unit of the features; by default 32 from 0 to 0.6 for bands
    and from -1 to 1 for indices."""

    def __post_init__(self) -> None:
        if self.statistic not in NEIGHBOURHOOD_STATISTICS:
            known = ", ".join(NEIGHBOURHOOD_STATISTICS)
            raise ValueError(f"unknown statistic {self.statistic!r} of neighbours; known: {known}")
        largest = self._largest
        if type(self.radius) is not int or not 1 <= self.radius <= largest:
            raise ValueError(f"radius of {self.statistic} is 1 to {largest}, not {self.radius}")
        if self.quantisation is not None and not (self.is_texture or self.is_pattern):
            raise ValueError(f"{self.statistic} is not of grey levels and takes no quantisation")

    @property
    def is_texture(self) -> bool:
        return self.statistic in TEXTURES

    @property
    def is_pattern(self) -> bool:
        return self.statistic == PATTERN

    @property
    def margin(self) -> int:
        """Pixels around a pixel that affect its value."""
        found = FILTERS.get(self.statistic)
        return self.radius if found is None else found.margin(self.radius)

    @property
    def _largest(self) -> int:
        """Radius."""
        if self.statistic in FILTERS:
            return FILTERS[self.statistic].largest
        return haralick.MAX_RADIUS if self.is_texture else MAX_RADIUS

    @property
    def name(self) -> str:
        """Name of the feature: `red_mean_r2`."""
        return f"{self.of}_{self.statistic}_r{self.radius}"

    @property
    def grey_levels(self) -> Quantisation:
        """The quantisation, or the default one for a band or index."""
        return self.quantisation or (_OF_INDEX if self.of in INDICES else _OF_BAND)

    @classmethod
    def from_dict(cls, content: Any) -> Neighbourhood:
        """Restore what `dataclasses.asdict` returned; raises `ValueError` with the reason."""
        if not isinstance(content, Mapping):
            raise ValueError(f"an item of neighbourhood is a mapping, not {content!r}")
        keys = ("statistic", "of", "radius")
        check_keys(content, (*keys, "quantisation"), "neighbourhood")
        if missing := [key for key in keys if key not in content]:
            raise ValueError(f"neighbourhood needs {missing[0]}")
        if not isinstance(content["of"], str) or not isinstance(content["statistic"], str):
            raise ValueError("statistic and of of a neighbourhood are names")
        return cls(
            statistic=content["statistic"],
            of=content["of"],
            radius=content["radius"],
            quantisation=_quantisation(content.get("quantisation")),
        )


def fill_around(
    plane: NDArray[Any],
    valid: NDArray[Any],
    one: Neighbourhood,
    out: Mapping[str, NDArray[np.float32]],
    fast: bool | None,
) -> None:
    """Statistics of neighbourhoods of one kind, by name; `one` is one of them."""
    if one.is_pattern or one.is_texture:
        _tell_beyond(plane, valid, one)
    if one.is_pattern:
        pattern = binary_patterns(plane, valid, one.grey_levels, radius=one.radius)
        out[PATTERN][...] = pattern.filled(0)
        return
    if one.statistic in FILTERS:
        out[one.statistic][...] = FILTERS[one.statistic].make(plane, valid, one.radius)
        return
    if not one.is_texture:
        boxes.fill_boxes(plane, valid, one.radius, out, fast=fast)
        return
    names = [name for name in TEXTURES if name in out]
    found = haralick.haralick(plane, valid, one.radius, one.grey_levels, names, fast=fast)
    for name, values in found.items():
        out[name][...] = values


def _tell_beyond(plane: NDArray[Any], valid: NDArray[Any], one: Neighbourhood) -> None:
    """Issue a note if the raster seems to be in another unit than the grey levels.

    Then all values fall into the last level. Clouds exceed the range of reflectance too, but not as
    far.
    """
    levels = one.grey_levels
    middle, reach = (levels.low + levels.high) / 2, _BEYOND * (levels.high - levels.low)
    count = int(np.count_nonzero((np.abs(plane - middle) > reach) & valid))
    if count > _MOSTLY * np.count_nonzero(valid):
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason=f"far beyond the grey levels from {levels.low:g} to {levels.high:g}: "
                "textures and patterns of them say nothing",
                count=count,
                examples=(one.name,),
                remedy="bands that say their scale, or a quantisation of its own in the recipe",
            )
        )


def _quantisation(content: Any) -> Quantisation | None:
    if content is None:
        return None
    if not isinstance(content, Mapping) or not {"low", "high"} <= set(content):
        raise ValueError(f"quantisation needs low and high, not {content!r}")
    check_keys(content, ("low", "high", "levels"), "quantisation")
    numbers = [content["low"], content["high"], content.get("levels", 32)]
    fits = all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
    if not fits or int(numbers[2]) != numbers[2]:
        raise ValueError(f"low, high and levels of a quantisation are numbers, not {content!r}")
    return Quantisation(low=float(numbers[0]), high=float(numbers[1]), levels=int(numbers[2]))


def check_keys(content: Mapping[str, Any], known: Sequence[str], of: str) -> None:
    """Raise `ValueError` for a key of a mapping that is not among the known ones."""
    if unknown := [str(key) for key in content if key not in known]:
        raise ValueError(f"unknown key {unknown[0]!r} of a {of}; known: {', '.join(known)}")
