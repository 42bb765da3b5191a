"""Rasters of many dates as one layer, one date at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds
from automap_tiles.layers._scenes import ScenesLayer, few
from automap_tiles.layers.dates_in_names import day_of
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import LayerInfo, LayerKind, Query
from automap_tiles.layers.stretch import from_afar

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.grid import Tile

_LOOKED = 60
"""Dates among which the initial one is selected."""
_WHOLE = 0.9
"""Minimum fraction of valid pixels of an initial date, relative to the fullest one."""


@dataclass(frozen=True, kw_only=True)
class DatedFiles:
    """One date of a series of rasters; see `Layer`."""

    info: LayerInfo
    files: tuple[FileLayer, ...]
    """By date."""
    dates: tuple[str, ...]
    """Days (ISO 8601), ascending, each once."""
    place: int
    """Index of the displayed date."""

    @property
    def date(self) -> str:
        """The displayed day."""
        return self.dates[self.place]

    @property
    def clouds(self) -> tuple[float | None, ...]:
        """Cloud cover of each date; unknown."""
        return (None,) * len(self.dates)

    def on(self, day: str) -> DatedFiles:
        """The layer on another day; raises `ConfigError` if it has no raster."""
        if day not in self.dates:
            raise ConfigError("has no scene", key="date", found=day[:20], remedy=few(self.dates))
        return replace(self, place=self.dates.index(day))

    def version(self, tile: Tile) -> str:
        return f"{self.place} {self.files[self.place].version(tile)}"

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        return self.files[self.place].read(tile, bands, resampling)


DatedLayer: TypeAlias = ScenesLayer | DatedFiles
"""Layers that show one of several dates."""


def series_by_name(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Series of names that differ only in the day: the common part, then day to name.

    Names without a day, or without another of their kind, are omitted.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        told = day_of(PurePath(name).stem if "." in PurePath(name).name else PurePath(name).name)
        if told is None:
            continue
        day, rest = told
        folder = str(PurePath(name).parent).removeprefix(".")
        kind = f"{folder}/{rest}".strip("/")
        found.setdefault(kind, {}).setdefault(day, name)
    return {kind: dict(sorted(days.items())) for kind, days in found.items() if len(days) > 1}


def dated_files(
    name: str, title: str, kind: LayerKind, by_day: Mapping[str, FileLayer]
) -> DatedFiles | None:
    """One layer from rasters with the same bands; None if their bands differ.

    The initial date is the clearest of the fullest ones: clouds are brighter than land. All dates
    use its stretch, so that they can be compared.
    """
    files = tuple(by_day.values())
    bands = {tuple((band.name, band.dtype) for band in each.info.bands) for each in files}
    if len(bands) != 1 or len(files) < 2:
        return None
    first = files[0].info
    boxes = np.array([each.info.bounds for each in files])
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    bounds = Bounds(*low[:2].tolist(), *high[2:].tolist())
    layer = DatedFiles(
        info=replace(
            first,
            name=name,
            title=title,
            kind=kind,
            bounds=bounds,
            min_zoom=min(each.info.min_zoom for each in files),
            max_zoom=max(each.info.max_zoom for each in files),
        ),
        files=files,
        dates=tuple(by_day),
        place=_clearest(files),
    )
    return replace(layer, info=replace(layer.info, default_style=_style(layer)))


def _style(layer: DatedFiles) -> Query:
    """The default style of the initial date."""
    return default_style(layer.files[layer.place])[0]


def _clearest(files: Sequence[FileLayer]) -> int:
    step = max(1, len(files) // _LOOKED)
    seen: dict[int, tuple[int, float]] = {}
    for place in range(0, len(files), step):
        sample = _glance(files[place])
        if sample is not None:
            seen[place] = sample
    if not seen:
        return len(files) - 1
    most = max(count for count, _ in seen.values())
    full = {place: bright for place, (count, bright) in seen.items() if count >= _WHOLE * most}
    return min(full, key=lambda place: full[place])


def _glance(layer: FileLayer) -> tuple[int, float] | None:
    """Number of valid pixels and mean brightness of the first band, from an overview."""
    data = from_afar(layer, [1])
    if data is None or not data.count():
        return None
    return int(data.count()), float(np.ma.mean(data.astype("float64")))
