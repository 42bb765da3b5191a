"""Scenes as a layer: one date of a satellite at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles.errors import ConfigError
from automap_tiles.formats.capabilities import DatedReader
from automap_tiles.layers import web
from automap_tiles.layers.layer import LayerBand, LayerInfo, LayerKind, Query
from automap_tiles.scenes.frames import TileFrame
from automap_tiles.scenes.reading import read_dates
from automap_tiles.scenes.reflectance import band_grid

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.grid import Tile
    from automap_tiles.scenes.select import Overpass

_COARSER = 7
"""Zooms below that of the pixels; a product of 10980² px fits on one tile there."""
_BRIGHT = "0,0.3"
"""Reflectance range shown from black to white: cloud-free land is seldom brighter."""


@dataclass(frozen=True, kw_only=True)
class ScenesLayer:
    """One date of an input of scenes, clouds included; see `Layer`.

    Files of scenes are assumed not to change while they are displayed.
    """

    info: LayerInfo
    reader: DatedReader
    place: int
    """Index of the displayed date among `reader.dates`; others of the same day fill its gaps."""

    @property
    def dates(self) -> tuple[str, ...]:
        """All days (UTC, ISO 8601) by time; a day with two overpasses occurs twice."""
        return tuple(map(_day, self.reader.dates))

    @property
    def clouds(self) -> tuple[float | None, ...]:
        """Cloud cover of each date in per cent, if in its metadata."""
        return tuple(date.cloud_cover for date in self.reader.dates)

    @property
    def date(self) -> str:
        """The displayed day."""
        return _day(self.reader.dates[self.place])

    def on(self, day: str) -> ScenesLayer:
        """The layer on another day, with the clearest overpass of that day on top.

        Raises `ConfigError` for a day without a scene.
        """
        places = [place for place, each in enumerate(self.dates) if each == day]
        if not places:
            raise ConfigError("has no scene", key="date", found=day[:20], remedy=few(self.dates))
        return replace(self, place=_clearest(self.reader.dates, places))

    def version(self, tile: Tile) -> str:  # noqa: ARG002 - a date is the same everywhere
        return f"{self.place} {self._fingerprint}"

    @cached_property
    def _fingerprint(self) -> str:
        return self.reader.fingerprint()

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        """Reflectance, regardless of the mask of the input."""
        names = tuple(self.reader.bands[band - 1] for band in bands)
        distinct = tuple(dict.fromkeys(names))
        reading = replace(
            self.reader.reading,
            bands=distinct,
            mask=None,
            resampling=resampling,
            grid="tile",
            whole=False,
        )
        found: RasterArray | None = None
        for date in self._of_day:
            stack = read_dates([date], TileFrame(tile), reading, target=tile)
            if stack.is_empty:
                continue
            planes = stack.values[0][[distinct.index(name) for name in names]]
            mask = np.broadcast_to(~stack.valid[0], planes.shape)
            seen = np.ma.MaskedArray(planes, mask=mask)
            found = seen if found is None else _filled(found, seen)
            if not np.ma.getmaskarray(found).any():
                break
        return found

    @cached_property
    def _of_day(self) -> tuple[Overpass, ...]:
        """The displayed overpass, followed by the others of its day."""
        others = [place for place, day in enumerate(self.dates)
                  if day == self.date and place != self.place]  # fmt: skip
        return tuple(self.reader.dates[place] for place in (self.place, *others))


def scenes_layer(
    name: str, title: str, reader: DatedReader, kind: LayerKind = LayerKind.INPUT
) -> ScenesLayer:
    """An input of scenes, on its clearest date; raises as the search for the scenes does."""
    dates = reader.dates
    bounds = web.lonlat_bounds(reader.footprint(web.LON_LAT), web.LON_LAT)
    scene = reader.scenes[0]
    grids = (band_grid(scene, scene.band(band)) for band in reader.bands)
    finest = max(web.pixel_zoom(grid.crs, grid.transform.a, bounds) for grid in grids)
    high = min(web.MAX_ZOOM, max(0, math.ceil(finest - 1e-3)))
    return ScenesLayer(
        info=LayerInfo(
            name=name,
            title=title,
            kind=kind,
            bounds=bounds,
            min_zoom=max(0, high - _COARSER),
            max_zoom=high,
            bands=tuple(LayerBand(name=band, dtype="float32") for band in reader.bands),
            nodata=None,
            default_style=_usual(reader.bands),
        ),
        reader=reader,
        place=_clearest(dates, range(len(dates))),
    )


def _clearest(dates: Sequence[Overpass], places: Sequence[int]) -> int:
    """Index of the date with the least cloud cover, the first of equal ones."""
    return min(places, key=lambda place: _cover(dates[place]))


def _filled(front: RasterArray, behind: RasterArray) -> RasterArray:
    """An image, with its gaps filled from another one."""
    gaps = np.ma.getmaskarray(front)
    return np.ma.MaskedArray(
        np.where(gaps, np.ma.getdata(behind), np.ma.getdata(front)),
        mask=gaps & np.ma.getmaskarray(behind),
    )


def _usual(bands: Sequence[str]) -> Query:
    """True colour if the bands are available, else the first one."""
    colours = [str(bands.index(name) + 1) for name in ("red", "green", "blue") if name in bands]
    return {"bidx": colours if len(colours) == 3 else ["1"], "rescale": [_BRIGHT]}


def _cover(date: Overpass) -> float:
    """Cloud cover in per cent; dates with unknown cover come last."""
    return 101.0 if date.cloud_cover is None else date.cloud_cover


def _day(date: Overpass) -> str:
    return date.time.astimezone(UTC).date().isoformat()


def few(days: Sequence[str]) -> str:
    """Days as text."""
    return ", ".join(days) if len(days) <= 8 else f"{', '.join(days[:3])} … {days[-1]}"
