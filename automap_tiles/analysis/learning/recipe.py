"""Features of a classifier: bands, indices, neighbourhood statistics, time series features.

A `Recipe` defines them, gives them names, and computes them from any raster that has its bands. The
features of a pixel depend on the pixels at most `margin` away from it and on nothing else, bit by
bit: a tile with that margin has the same features as the whole raster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.indices import INDICES, Picture, spectral_index
from automap_tiles.analysis.learning.neighbourhood import (
    Neighbourhood,
    check_keys,
    fill_around,
)
from automap_tiles.analysis.learning.over_dates import OverDates
from automap_tiles.analysis.textures.filters import FILTERS

INDEX_RANGE = (-1.0, 1.0)
"""Indices are clipped to it: negative reflectance of dark pixels gives arbitrary values."""


class MissingBands(ValueError):
    """The raster lacks bands that the recipe needs."""

    def __init__(self, missing: Sequence[str], names: Sequence[str]) -> None:
        self.missing = tuple(missing)
        self.names = tuple(names)
        super().__init__(self.missing, self.names)

    def __str__(self) -> str:
        has = ", ".join(self.names) or "no named bands"
        return f"the picture has no band {', '.join(self.missing)}; it has {has}"


class RepeatedBands(ValueError):
    """Several bands of the raster have a name that the recipe needs."""

    def __init__(self, repeated: Sequence[str], names: Sequence[str]) -> None:
        self.repeated = tuple(repeated)
        self.names = tuple(names)
        super().__init__(self.repeated, self.names)

    def __str__(self) -> str:
        return f"the picture has several bands named {', '.join(self.repeated)}"


@dataclass(frozen=True, kw_only=True)
class Features:
    """Features computed from a raster."""

    data: NDArray[np.float32]
    """(feature, y, x), finite everywhere, 0 where not valid."""
    valid: NDArray[np.bool_]
    """(y, x) pixels where every band of the recipe has data; of bands that only time series
    features need, one date is enough."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Features by name; raises `ValueError` for unknown, duplicate and missing names."""

    bands: tuple[str, ...] = ()
    """Bands used as features themselves."""
    indices: tuple[str, ...] = ()
    """Spectral indices of `analysis.indices`; the bands they need are read too."""
    neighbourhood: tuple[Neighbourhood, ...] = ()
    """Neighbourhood statistics; `of` may be any band, and any index whether or not it is a
    feature."""
    over_dates: tuple[OverDates, ...] = ()
    """Time series features of a band or index."""

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
        """Names of the features, in the order of `Features.data`."""
        around = (one.name for one in self.neighbourhood)
        return (*self.bands, *self.indices, *around, *self._names_over_dates)

    @property
    def _names_over_dates(self) -> tuple[str, ...]:
        return tuple(name for one in self.over_dates for name in one.names)

    @property
    def margin(self) -> int:
        """Pixels around a pixel that affect its features."""
        return max((one.margin for one in self.neighbourhood), default=0)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Names of the bands that the raster must have, without duplicates."""
        of_dates = (name for one in self.over_dates for name in one.needs)
        return tuple(dict.fromkeys((*self._always, *of_dates)))

    @cached_property
    def _always(self) -> tuple[str, ...]:
        """Bands without which a pixel has no features, without duplicates."""
        wanted = list(self.bands)
        for name in (*self.indices, *(one.of for one in self.neighbourhood)):
            wanted += INDICES[name].bands if name in INDICES else (name,)
        return tuple(dict.fromkeys(wanted))

    def of(self, names: Iterable[str]) -> Recipe:
        """The recipe of a subset of its features, in the order of this one."""
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
        """Raise `MissingBands` or `RepeatedBands` if bands of these names cannot be used."""
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
        """Features of every pixel of a raster (band, y, x) whose bands have these names.

        A stored value times `scale` plus `offset` (as in GDAL) is reflectance, which indices and
        grey levels assume; `units` has (scale, offset) of each band if they differ, as between
        reflectance and digital numbers. Pixels outside the raster have no data; if the raster is
        part of a larger one, the outermost `margin` pixels must therefore be discarded.
        An index that divides by zero is 0. `fast` as in `accelerate`; it does not change a bit.
        Raises as `check` does, and `ValueError` if names and bands differ in number.
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
            fill_around(sources[group[0].of], valid, group[0], out, fast)
        for plane, name in zip(data[len(data) - len(of_dates) :], of_dates, strict=True):
            plane[...] = np.where(valid, of_dates[name].filled(0), 0)
        return Features(data=data, valid=valid)

    def _valid(self, gaps: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """(y, x) where the required bands have data, and each time series has at least one date."""
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
        """Time series features by name, in their order."""
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
        """Neighbourhoods that can share their sums, and their indices among the features."""
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
        """For JSON and YAML; `from_dict` restores an equal recipe."""
        around = [asdict(one) for one in self.neighbourhood]
        for one in around:
            if one["quantisation"] is None:
                del one["quantisation"]
        found: dict[str, Any] = {
            "bands": list(self.bands), "indices": list(self.indices), "neighbourhood": around
        }  # fmt: skip
        if self.over_dates:  # models without them stay as they were, byte by byte
            found["over_dates"] = [one.to_dict() for one in self.over_dates]
        return found

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Recipe:
        """Restore what `to_dict` returned; raises `ValueError` with the reason."""
        check_keys(content, ("bands", "indices", "neighbourhood", "over_dates"), "recipe")
        return cls(
            bands=_words(content, "bands"),
            indices=_words(content, "indices"),
            neighbourhood=tuple(
                Neighbourhood.from_dict(one) for one in _list(content, "neighbourhood")
            ),
            over_dates=tuple(OverDates.from_dict(one) for one in _list(content, "over_dates")),
        )


def _planes(
    picture: Picture, places: Sequence[int]
) -> tuple[list[NDArray[Any]], list[NDArray[np.bool_]]]:
    """Bands of a raster as float32, and where each has no data."""
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
