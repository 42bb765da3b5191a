"""A scenes input on a tile, as a process function receives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from automap_tiles.formats._input_tile import InputTileContext
from automap_tiles.formats._overlap import shares_points
from automap_tiles.grid import Tile
from automap_tiles.missions import Scene
from automap_tiles.pictures.html import table
from automap_tiles.scenes.contributions import Tally
from automap_tiles.scenes.frames import Frame
from automap_tiles.scenes.masks import FlagSource
from automap_tiles.scenes.reading import Reading, frame_of, iter_dates, read_dates, strips
from automap_tiles.scenes.select import Overpass
from automap_tiles.scenes.stack import Stack

if TYPE_CHECKING:
    from automap_tiles.formats.scenes_reader import ScenesReader

Order = Literal["time", "clear"]

STRIP_BYTES = 256 * 2**20
"""Pixels of all dates that `Scenes.strips` keeps in memory at once, bytes."""


class Scenes(InputTileContext):
    """A scenes input on a tile, as a process function receives it."""

    __slots__ = ("_reader", "tile")

    tile: Tile

    def __init__(self, reader: ScenesReader, tile: Tile) -> None:
        self._reader = reader
        self.tile = tile

    @property
    def path(self) -> str:
        return self._reader.path

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All scenes of the input, by time."""
        return self._reader.found.scenes

    @property
    def dates(self) -> tuple[Overpass, ...]:
        """All dates of the input; scenes of one overpass are one date. See `Stack.indexes`."""
        return self._reader.dates

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands to read, as in the file."""
        return self._reader.reading.bands

    def _repr_html_(self) -> str:
        """All dates as a table, for a notebook."""
        rows = [
            (
                f"{each.time:%Y-%m-%d %H:%M}",
                each.id,
                "" if each.cloud_cover is None else f"{each.cloud_cover:.0f} %",
            )
            for each in self.dates
        ]
        return table(("date", "scene", "clouds"), rows)

    @property
    def making(self) -> FlagSource:
        """Source of the scenes' flags."""
        return self._reader.reading.making

    def read(
        self,
        *,
        bands: Sequence[str] | None = None,
        whole: bool = False,
        max_valid: int | None = None,
        order: Order = "time",
        cloud_distance: float | None = None,
    ) -> Stack:
        """All dates as one stack, on the sensor's own grid around the tile or on the tile.

        `whole` gives int16 with 10000 for a reflectance of 1 instead of float32. With `max_valid`
        every pixel gets at most this number of dates, the first ones in `order` (`clear`: least
        cloud cover first), and reading ends when all have them. `cloud_distance` also measures the
        distance to clouds and shadows, up to this number of metres.
        """
        return read_dates(
            self.dates,
            self._frame(),
            self._reading(bands, whole, cloud_distance),
            target=self.tile,
            max_valid=max_valid,
            order=self._order(order),
        )

    def iter_scenes(
        self, *, bands: Sequence[str] | None = None, whole: bool = False, masked: bool = True
    ) -> Iterator[Stack]:
        """One date after the other, for stacks that do not fit in memory; empty ones are omitted.

        Without `masked` all pixels with data are valid.
        """
        reading = self._reading(bands, whole)
        if not masked:
            reading = replace(reading, mask=None)
        yield from iter_dates(self.dates, self._frame(), reading)

    def strips(
        self,
        *,
        bands: Sequence[str] | None = None,
        whole: bool = False,
        limit: int = STRIP_BYTES,
        max_valid: int | None = None,
        order: Order = "time",
        cloud_distance: float | None = None,
    ) -> Iterator[Stack]:
        """All dates, strip by strip from north to south, each of at most about `limit` bytes.

        Strips without a date are included, so that results can be reassembled. On the grid of the
        tile, or if everything fits, there is one strip.
        """
        frame, reading = self._frame(), self._reading(bands, whole, cloud_distance)
        for part in strips(frame, reading, len(self.dates), limit):
            yield read_dates(
                self.dates,
                part,
                reading,
                target=self.tile,
                max_valid=max_valid,
                order=self._order(order),
            )

    def tally(self) -> Tally:
        """A counter of each scene's contribution to the pixels of this tile, for stacks."""
        return Tally(self._frame(), self.tile)

    def is_empty(self) -> bool:
        return not shares_points(self.tile, self._reader.footprint(self.tile.crs))

    def _frame(self) -> Frame | None:
        return frame_of(self.tile, self._reader.lattice)

    def _reading(
        self, bands: Sequence[str] | None, whole: bool, cloud_distance: float | None = None
    ) -> Reading:
        reading = self._reader.reading
        return replace(
            reading,
            bands=tuple(bands or reading.bands),
            whole=whole,
            cloud_distance=cloud_distance,
        )

    def _order(self, order: Order) -> list[int]:
        places = list(range(len(self.dates)))
        if order == "clear":
            covers = [date.cloud_cover for date in self.dates]
            places.sort(key=lambda place: _unknown_last(covers[place]))
        return places


def _unknown_last(cover: float | None) -> float:
    return 101.0 if cover is None else cover
