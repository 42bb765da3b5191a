"""What a classifier looks at: bands, indices, statistics of the pixels around and over dates.

A `Recipe` says which, gives them names, and computes them from any picture that has its bands.
The features of a pixel depend on the pixels at most `margin` away from it and on nothing else, bit
by bit: a tile cut with that margin has the features of the whole picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.indices import INDICES, Picture, spectral_index
from automap_tiles.analysis.learning.over_dates import OverDates
from automap_tiles.analysis.textures import boxes, haralick
from automap_tiles.analysis.textures.binary_patterns import binary_patterns
from automap_tiles.analysis.textures.filters import FILTERS
from automap_tiles.analysis.textures.haralick import TEXTURES, Quantisation
from automap_tiles.notes import Fate, Note, Subject, tell

BOX_STATISTICS = get_args(boxes.Statistic)
PATTERN = "lbp"
"""Local binary patterns of eight points, uniform ones by how many are bright (0 to 9)."""
NEIGHBOURHOOD_STATISTICS = (*BOX_STATISTICS, *TEXTURES, PATTERN, *FILTERS)
MAX_RADIUS = 100
INDEX_RANGE = (-1.0, 1.0)
"""Indices are held within it: negative reflectance of dark pixels takes them anywhere."""
_OF_INDEX = Quantisation(low=-1.0, high=1.0)
_BEYOND, _MOSTLY = 2.5, 0.9
"""Ranges of the grey levels from their middle, and the part of the pixels that lies farther off."""
# Reflectance of land rarely exceeds it; snow and cloud may share a grey level.
_OF_BAND = Quantisation(low=0.0, high=0.6)


class MissingBands(ValueError):
    """The picture lacks bands that the recipe needs."""

    def __init__(self, missing: Sequence[str], names: Sequence[str]) -> None:
        self.missing = tuple(missing)
        self.names = tuple(names)
        super().__init__(self.missing, self.names)

    def __str__(self) -> str:
        has = ", ".join(self.names) or "no named bands"
        return f"the picture has no band {', '.join(self.missing)}; it has {has}"


class RepeatedBands(ValueError):
    """Several bands of the picture have a name that the recipe needs."""

    def __init__(self, repeated: Sequence[str], names: Sequence[str]) -> None:
        self.repeated = tuple(repeated)
        self.names = tuple(names)
        super().__init__(self.repeated, self.names)

    def __str__(self) -> str:
        return f"the picture has several bands named {', '.join(self.repeated)}"


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """A statistic of the pixels around a pixel."""

    statistic: str
    """`mean`, `std`, `range`, a texture of `haralick.TEXTURES`, `lbp`, or one of
    `filters.FILTERS`."""
    of: str
    """Name of a band or an index."""
    radius: int
    """Pixels on each side: the window is 2 · radius + 1 wide; of `log`, `dog` and `doh` that of
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
        """Pixels around a pixel that it depends on."""
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
        """Of the feature: `red_mean_r2`."""
        return f"{self.of}_{self.statistic}_r{self.radius}"

    @property
    def grey_levels(self) -> Quantisation:
        """The quantisation, or the default one of a band or index."""
        return self.quantisation or (_OF_INDEX if self.of in INDICES else _OF_BAND)


@dataclass(frozen=True, kw_only=True)
class Features:
    """What a recipe makes of a picture."""

    data: NDArray[np.float32]
    """(feature, y, x), finite everywhere, 0 where not valid."""
    valid: NDArray[np.bool_]
    """(y, x) pixels where every band of the recipe has data; of those that only features over
    dates need, one date is enough."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Features by name; raises `ValueError` for unknown, doubled and missing names."""

    bands: tuple[str, ...] = ()
    """Bands that are features themselves."""
    indices: tuple[str, ...] = ()
    """Spectral indices of `analysis.indices`; the bands they need are read too."""
    neighbourhood: tuple[Neighbourhood, ...] = ()
    """Statistics around; `of` may be any band, and any index whether or not it is a feature."""
    over_dates: tuple[OverDates, ...] = ()
    """Features of several dates of a band or index."""

    def __post_init__(self) -> None:
        if unknown := [name for name in self.indices if name not in INDICES]:
            raise ValueError(f"unknown index {unknown[0]!r}; known: {', '.join(INDICES)}")
        if not self.names:
            raise ValueError("a recipe needs at least one band, index, neighbourhood or over_dates")
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise ValueError(f"feature {name} is asked for twice")
            seen.add(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features, in the order of `Features.data`."""
        around = (one.name for one in self.neighbourhood)
        return (*self.bands, *self.indices, *around, *self._names_over_dates)

    @property
    def _names_over_dates(self) -> tuple[str, ...]:
        return tuple(name for one in self.over_dates for name in one.names)

    @property
    def margin(self) -> int:
        """Pixels around a pixel that its features depend on."""
        return max((one.margin for one in self.neighbourhood), default=0)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Names of the bands that the picture must have, each once."""
        of_dates = (name for one in self.over_dates for name in one.needs)
        return tuple(dict.fromkeys((*self._always, *of_dates)))

    @cached_property
    def _always(self) -> tuple[str, ...]:
        """Those without which a pixel has no features, each once."""
        wanted = list(self.bands)
        for name in (*self.indices, *(one.of for one in self.neighbourhood)):
            wanted += INDICES[name].bands if name in INDICES else (name,)
        return tuple(dict.fromkeys(wanted))

    def of(self, names: Iterable[str]) -> Recipe:
        """The recipe of some of its features, in the order that they have here."""
        wanted = set(names)
        return Recipe(
            bands=tuple(name for name in self.bands if name in wanted),
            indices=tuple(name for name in self.indices if name in wanted),
            neighbourhood=tuple(one for one in self.neighbourhood if one.name in wanted),
            over_dates=tuple(
                kept for one in self.over_dates if (kept := one.only(wanted)) is not None
            ),
        )

    def check(self, names: Sequence[str]) -> None:
        """Raise `MissingBands` or `RepeatedBands` where bands of these names cannot be used."""
        if missing := [band for band in self.needs if band not in names]:
            raise MissingBands(missing, names)
        if repeated := [band for band in self.needs if list(names).count(band) > 1]:
            raise RepeatedBands(repeated, names)

    def compute(
        self,
        picture: Picture,
        names: Sequence[str],
        *,
        scale: float = 1.0,
        offset: float = 0.0,
        units: Sequence[tuple[float, float]] | None = None,
        fast: bool | None = None,
    ) -> Features:
        """Features of every pixel of a picture (band, y, x) whose bands have these names.

        A stored value times `scale` plus `offset` (as in GDAL) is reflectance, which indices and
        grey levels take for granted; `units` has (scale, offset) of each band where they differ,
        as those of reflectance and of counts do. Pixels beyond the picture have no data; where the
        picture is part of a larger one, the outermost `margin` pixels are therefore to be thrown
        away.
        An index that divides by zero is 0. `fast` as in `accelerate`; it does not change a bit.
        Raises as `check` does, and `ValueError` when names and bands differ in number.
        """
        self.check(names)
        if picture.ndim != 3 or len(picture) != len(names):
            raise ValueError(f"{len(names)} names do not fit a picture of shape {picture.shape}")
        places = [list(names).index(name) for name in self.needs]
        planes, missing = _planes(picture, places)
        for place, plane in zip(places, planes, strict=True):
            _scale(plane, *((scale, offset) if units is None else units[place]))
        sources = dict(zip(self.needs, planes, strict=True))
        gaps = dict(zip(self.needs, missing, strict=True))
        valid = self._valid(gaps)
        of_dates = self._over_dates(sources, gaps)
        if not valid.all():
            for plane in planes:
                plane[~valid] = 0
        data = np.empty((len(self.names), *valid.shape), dtype=np.float32)
        for name in self._indices_used():
            sources[name] = spectral_index(name, sources).data.clip(*INDEX_RANGE)
            sources[name][~valid] = 0
        for plane, name in zip(data, (*self.bands, *self.indices), strict=False):
            plane[...] = sources[name]
        for places, group in self._groups():
            out = {one.statistic: data[place] for place, one in zip(places, group, strict=True)}
            _fill_around(sources[group[0].of], valid, group[0], out, fast)
        for plane, name in zip(data[len(data) - len(of_dates) :], of_dates, strict=True):
            plane[...] = np.where(valid, of_dates[name].filled(0), 0)
        return Features(data=data, valid=valid)

    def _valid(self, gaps: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """(y, x) where bands that are always needed have data, and of each over dates one date."""
        valid = ~np.zeros_like(next(iter(gaps.values())))
        for name in self._always:
            valid &= ~gaps[name]
        for one in self.over_dates:
            some = np.zeros_like(valid)
            for bands in one.by_date():
                some |= ~np.logical_or.reduce([gaps[name] for name in bands])
            valid &= some
        return valid

    def _over_dates(
        self, sources: Mapping[str, NDArray[Any]], gaps: Mapping[str, NDArray[np.bool_]]
    ) -> dict[str, Picture]:
        """By name, in their order."""
        found: dict[str, Picture] = {}
        for one in self.over_dates:
            planes = {
                name: np.ma.MaskedArray(np.where(gaps[name], 0, sources[name]), mask=gaps[name])
                for name in one.needs
            }
            found |= one.compute(planes)
        return found

    def _indices_used(self) -> tuple[str, ...]:
        around = (one.of for one in self.neighbourhood if one.of in INDICES)
        return tuple(dict.fromkeys((*self.indices, *around)))

    def _groups(self) -> Iterator[tuple[list[int], list[Neighbourhood]]]:
        """Neighbourhoods that can share their sums, and their places among the features."""
        first = len(self.bands) + len(self.indices)
        numbered = list(enumerate(self.neighbourhood, start=first))

        def key(item: tuple[int, Neighbourhood]) -> tuple[Any, ...]:
            one = item[1]
            levels = one.grey_levels
            is_grey = one.is_texture or one.is_pattern
            grey = (levels.low, levels.high, levels.levels) if is_grey else ()
            alone = one.statistic if one.statistic in FILTERS else ""
            return one.of, one.radius, one.is_texture, one.is_pattern, grey, alone

        for _, items in groupby(sorted(numbered, key=key), key=key):
            group = list(items)
            yield [place for place, _ in group], [one for _, one in group]

    def to_dict(self) -> dict[str, Any]:
        """For JSON and YAML; `from_dict` gives an equal recipe."""
        around = [asdict(one) for one in self.neighbourhood]
        for one in around:
            if one["quantisation"] is None:
                del one["quantisation"]
        found: dict[str, Any] = {
            "bands": list(self.bands), "indices": list(self.indices), "neighbourhood": around
        }  # fmt: skip
        if self.over_dates:  # models without stay as they were, byte by byte
            found["over_dates"] = [one.to_dict() for one in self.over_dates]
        return found

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Recipe:
        """A recipe from what `to_dict` gave; raises `ValueError` naming what is wrong."""
        _check_keys(content, ("bands", "indices", "neighbourhood", "over_dates"), "recipe")
        return cls(
            bands=_words(content, "bands"),
            indices=_words(content, "indices"),
            neighbourhood=tuple(_neighbourhood(one) for one in _list(content, "neighbourhood")),
            over_dates=tuple(OverDates.from_dict(one) for one in _list(content, "over_dates")),
        )


def _planes(
    picture: Picture, places: Sequence[int]
) -> tuple[list[NDArray[Any]], list[NDArray[np.bool_]]]:
    """Bands of a picture as float32, and where each has no data."""
    data, mask = np.ma.getdata(picture), np.ma.getmaskarray(picture)
    planes, missing = [], []
    for place in places:
        planes.append(data[place].astype(np.float32))
        gaps = mask[place]
        missing.append(gaps | ~np.isfinite(planes[-1]) if data.dtype.kind == "f" else gaps)
    return planes, missing


def _scale(plane: NDArray[Any], scale: float, offset: float) -> None:
    """In place, to reflectance."""
    if scale != 1:
        np.multiply(plane, np.float32(scale), out=plane)
    if offset != 0:
        np.add(plane, np.float32(offset), out=plane)


def _fill_around(
    plane: NDArray[Any],
    valid: NDArray[Any],
    one: Neighbourhood,
    out: Mapping[str, NDArray[np.float32]],
    fast: bool | None,
) -> None:
    """Statistics of the neighbours by name, all of one kind; `one` is one of them."""
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
    """Tell of a picture in another unit than grey levels: all of it is the last of them.

    Clouds lie beyond the levels of reflectance too, but not by as much again.
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


def _neighbourhood(content: Any) -> Neighbourhood:
    if not isinstance(content, Mapping):
        raise ValueError(f"an item of neighbourhood is a mapping, not {content!r}")
    keys = ("statistic", "of", "radius")
    _check_keys(content, (*keys, "quantisation"), "neighbourhood")
    if missing := [key for key in keys if key not in content]:
        raise ValueError(f"neighbourhood needs {missing[0]}")
    if not isinstance(content["of"], str) or not isinstance(content["statistic"], str):
        raise ValueError("statistic and of of a neighbourhood are names")
    return Neighbourhood(
        statistic=content["statistic"],
        of=content["of"],
        radius=content["radius"],
        quantisation=_quantisation(content.get("quantisation")),
    )


def _quantisation(content: Any) -> Quantisation | None:
    if content is None:
        return None
    if not isinstance(content, Mapping) or not {"low", "high"} <= set(content):
        raise ValueError(f"quantisation needs low and high, not {content!r}")
    _check_keys(content, ("low", "high", "levels"), "quantisation")
    numbers = [content["low"], content["high"], content.get("levels", 32)]
    fits = all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
    if not fits or int(numbers[2]) != numbers[2]:
        raise ValueError(f"low, high and levels of a quantisation are numbers, not {content!r}")
    return Quantisation(low=float(numbers[0]), high=float(numbers[1]), levels=int(numbers[2]))


def _check_keys(content: Mapping[str, Any], known: Sequence[str], of: str) -> None:
    if unknown := [str(key) for key in content if key not in known]:
        raise ValueError(f"unknown key {unknown[0]!r} of a {of}; known: {', '.join(known)}")


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    found = content.get(key) or []
    if not isinstance(found, list | tuple):
        raise ValueError(f"{key} of a recipe is a list, not {found!r}")
    return list(found)


def _words(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    words = _list(content, key)
    if wrong := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"{key} of a recipe are names, not {wrong[0]!r}")
    return tuple(words)
