"""Scenes of a satellite as an input: many dates of the same place.

::

    input:
      scenes:
        format: scenes
        path: data/s2                        # folder, archive, description of a stack; or s3://…
        bands: [blue, green, red, nir]
        time: 2018-04-01/2018-09-30
        satellites: 2
        max_cloud_cover: 60
        mask: [cloud, shadow, cirrus]
        masker: s2cloudless                  # optional: in place of the scenes' own layers
        project_shadow: true                 # optional: for masks without shadows

The scenes are looked for once, by the parent; what it found travels to the workers.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import shapely

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.options import Options
from automap_tiles.formats.overlap import shares_points
from automap_tiles.formats.protocols import OutputKind
from automap_tiles.formats.spec import InputSpec
from automap_tiles.grid import Grid, Tile
from automap_tiles.scenes import find
from automap_tiles.scenes.catalogue.verify import Verify
from automap_tiles.scenes.frames import Frame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import Making, MaskRule, parse_flags
from automap_tiles.scenes.outlines import LON_LAT, outline
from automap_tiles.scenes.places import is_archive, split
from automap_tiles.scenes.reading import (
    Reading,
    frame_of,
    iter_dates,
    lattice_of,
    read_dates,
    strips,
)
from automap_tiles.scenes.scene import Found, Scene
from automap_tiles.scenes.select import (
    Overpass,
    Selection,
    overpasses,
    parse_period,
    parse_satellites,
)
from automap_tiles.scenes.shares import Tally
from automap_tiles.scenes.stack import Stack
from automap_tiles.sensors.sensor import COMMON
from automap_tiles.storage import is_remote, object_stamps
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

_log = logging.getLogger(__name__)

Order = Literal["time", "clear"]
Level = Literal["surface", "toa"]

STRIP_BYTES = 256 * 2**20
"""Pixels of all dates that `Scenes.strips` has in memory at once."""


def open_reader(spec: InputSpec, context: OpenContext) -> ScenesReader:
    """Reader of scenes; raises `ConfigError` for a wrong option, `InputError` without the path."""
    options = Options(spec)
    try:
        selection = _selection(options)
        reading = _reading(options)
    except ConfigError as error:
        if (error.key or "").startswith("input."):  # of `Options`
            raise
        raise spec.error(
            error.message, key=error.key, found=error.found, remedy=error.remedy
        ) from error
    unpack_to = options.text("unpack_to", None)
    catalogue = options.text("stac", None)
    collections, tiles = (_names(spec, options, key) for key in ("collections", "tiles"))
    verify: Any = options.text("verify", "doubtful", ("never", "doubtful", "always"))
    level: Any = options.text("level", None, ("surface", "toa"))
    options.finish()
    place = _place(spec, context.base) if catalogue is None else _source(catalogue, context.base)
    return ScenesReader(
        path=spec.path,
        place=place,
        is_catalogue=catalogue is not None,
        collections=collections,
        tiles=tiles or (),
        level=level,
        verify=verify,
        selection=replace(selection, area=_lonlat(context)),
        reading=reading,
        unpack_to=None if unpack_to is None else Path(context.base, unpack_to).absolute(),
    )


def _names(spec: InputSpec, options: Options, key: str) -> tuple[str, ...] | None:
    value = options.take(key)
    if value is None:
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise spec.error("must be a list of names", key=key, found=value)
    return tuple(names)


def _source(catalogue: str, base: Path) -> str:
    """Address, name of a catalogue or path of a STAC file."""
    path = Path(base, catalogue).absolute()
    return str(path) if "://" not in catalogue and path.exists() else catalogue


def _lonlat(context: OpenContext) -> BaseGeometry | None:
    """The area of the process in longitude and latitude."""
    if context.area is None:
        return None
    from automap_tiles.scenes.catalogue.area import normalised

    return normalised(reproject_geometry(context.area, context.pyramid.crs, LON_LAT))


def _place(spec: InputSpec, base: Path) -> str:
    if is_remote(spec.path):
        return spec.path
    path = Path(base, spec.path).absolute()
    if not path.exists():
        raise InputError(f"input {spec.name}: no such file or folder", path)
    return str(path)


def _selection(options: Options) -> Selection:
    time = options.take("time")
    satellites = options.take("satellites")
    return Selection(
        period=Selection().period if time is None else parse_period(time),
        satellites=None if satellites is None else parse_satellites(satellites),
        max_cloud_cover=options.number("max_cloud_cover", None),
    )


def _reading(options: Options) -> Reading:
    bands = options.take("bands", list(COMMON))
    if not isinstance(bands, list | tuple) or not bands:
        raise ConfigError("must be a list of names", key="bands", found=bands)
    names = options.take("mask")
    if names is not None and not isinstance(names, list | tuple):
        raise ConfigError("must be a list of flags", key="mask", found=names)
    rule = MaskRule(
        flags=parse_flags(names),
        confidence=options.text("confidence", "medium", ("low", "medium", "high")),  # type: ignore[arg-type]
        opening=options.number("opening", 0.0) or 0.0,
        dilation=options.number("dilation", 0.0) or 0.0,
        making=_making(options),
    )
    grid = options.text("grid", "native", ("native", "tile"))
    return Reading(
        bands=tuple(str(band) for band in bands),
        mask=rule,
        resampling=options.text("resampling", "nearest") or "nearest",
        grid="tile" if grid == "tile" else "native",
        resolution=options.number("resolution", None),
    )


def _making(options: Options) -> Making:
    """Raises `MissingExtra` as well, for a masker that is not installed."""
    name = options.text("masker", None)
    resolution = options.number("masker_resolution", None)
    if name is None and resolution is not None:
        raise ConfigError("goes with a masker", key="masker_resolution", found=resolution)
    masking = None if name is None else Masking(name=name, resolution=resolution)
    if masking is not None:
        masking.check([])  # that it is installed
    return Making(masking=masking, project_shadow=options.truth("project_shadow", False))


@dataclass(frozen=True, kw_only=True)
class ScenesReader:
    """Where scenes are looked for, which of them count, and how they are read."""

    path: str
    """As the user wrote it."""
    place: str
    """Absolute path, or an address."""
    is_catalogue: bool = False
    """Whether the place is a STAC file or API."""
    collections: tuple[str, ...] | None = None
    """Of a catalogue; None: those that it has of the satellites."""
    tiles: tuple[str, ...] = ()
    """`33TWL`, `016037`; none: all."""
    level: Level | None = None
    """`surface` or `toa` (top of the atmosphere); None: whatever there is."""
    verify: Verify = "doubtful"
    """Whose numbers are compared with their metadata before the first tile."""
    selection: Selection
    reading: Reading
    unpack_to: Path | None = None

    kind = OutputKind.RASTER

    @cached_property
    def found(self) -> Found:
        """Scenes that count, and what was set aside; looked for once.

        Raises `InputError` when nothing is left, `ConfigError` for scenes of several satellites or
        of surface and top-of-atmosphere reflectance together.
        """
        if self.is_catalogue:
            everything = _search(self)
        else:
            everything = find.products(
                self.place,
                bands=self.reading.bands,
                unpack_to=self.unpack_to,
                verify=self.verify,
            )
        wanted = tuple(scene for scene in everything.scenes if self._is_wanted(scene))
        for name, reason in everything.rejected:
            _log.warning("scene set aside: %s: %s", name, reason)
        for scene in wanted:
            for finding in scene.metadata.get("guard", {}).get("findings", ()):
                _log.warning("scene %s: %s", scene.id, finding)
        if not wanted:
            raise InputError(_nothing(everything), self.place)
        _check_alike("satellites", sorted({scene.satellite for scene in wanted}))
        _check_alike("level", sorted({_level(scene) for scene in wanted}))
        return self._with_masks(Found(scenes=wanted, rejected=everything.rejected))

    def _with_masks(self, found: Found) -> Found:
        """The scenes that have what their masks are made of; the others are set aside.

        Raises `ConfigError` where masks cannot be made of such scenes at all.
        """
        if not self.reading.making.bands:
            return found
        self.reading.making.check(found.scenes)
        scenes: list[Scene] = []
        lost: list[tuple[str, str]] = []
        for scene in found.scenes:
            try:
                scenes.append(find.looked_at(scene, self.reading.files))
            except AutomapError as error:
                lost.append((scene.id, str(error)))
                _log.warning("scene set aside: %s: %s", scene.id, error)
        rest = Found(scenes=tuple(scenes), rejected=(*found.rejected, *lost))
        if not scenes:
            raise InputError(_nothing(rest), self.place)
        return rest

    def _is_wanted(self, scene: Scene) -> bool:
        if self.level is not None and _level(scene) != self.level:
            return False
        if self.tiles and not self.is_catalogue and scene.tile not in self.tiles:
            return False
        return scene in self.selection

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that are read, as they stand in the file."""
        return self.reading.bands

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All that count, by time; looked for once."""
        return self.found.scenes

    @cached_property
    def dates(self) -> tuple[Overpass, ...]:
        """Overpasses by time."""
        return overpasses(self.found.scenes)

    @cached_property
    def places(self) -> dict[str, int]:
        """Id of a scene → its place in `scenes`."""
        return {scene.id: place for place, scene in enumerate(self.scenes)}

    @cached_property
    def lattice(self) -> Lattice | None:
        """The sensor's own grid; None when every date is warped onto the tile."""
        if self.reading.grid == "tile":
            return None
        return lattice_of(self.found.scenes, self.reading)

    @cached_property
    def outlines(self) -> tuple[BaseGeometry, ...]:
        """Of each different grid of the scenes, longitude and latitude."""
        grids: dict[Grid, None] = {}
        others: list[BaseGeometry] = []
        for scene in self.found.scenes:
            grid = scene.band(self.reading.bands[0]).grid
            if grid is not None:
                grids[grid] = None
            elif scene.footprint is not None:
                others.append(scene.footprint)
        return (*(outline(grid) for grid in grids), *others)

    def footprint(self, crs: CRS) -> BaseGeometry:
        key = crs.to_wkt()
        if key not in self._footprints:
            self._footprints[key] = self._footprint(crs)
        return self._footprints[key]

    def _footprint(self, crs: CRS) -> BaseGeometry:
        reach = reproject_geometry(shapely.union_all(self.outlines), LON_LAT, crs)
        shapely.prepare(reach)
        return reach

    @cached_property
    def _footprints(self) -> dict[str, BaseGeometry]:
        return {}

    def fingerprint(self) -> str:
        """Of the scenes, their files as they are now, and all options."""
        far = _far_stamps(self.place) if not self.is_catalogue and is_remote(self.place) else {}
        digest = hashlib.sha256(repr((self.path, self.reading)).encode())
        for scene in self.found.scenes:
            digest.update(scene.id.encode())
            files = [scene.band(band) for band in self.reading.files]
            hrefs = [(file.href, file.checksum) for file in files]
            hrefs += [(file.href, file.checksum) for file in scene.quality]
            for href, checksum in hrefs:
                digest.update(f"{href} {checksum} {_stamp(href, far)}".encode())
        return digest.hexdigest()

    def at(self, tile: Tile) -> Scenes:
        return Scenes(self, tile)

    def __getstate__(self) -> dict[str, Any]:
        """With what was found, so that a worker neither looks again nor finds anything else."""
        state = dict(self.__dict__)
        state.pop("_footprints", None)
        return state


class Scenes:
    """The scenes around a tile: what a process function receives."""

    __slots__ = ("_reader", "tile")

    def __init__(self, reader: ScenesReader, tile: Tile) -> None:
        self._reader = reader
        self.tile = tile

    @property
    def path(self) -> str:
        return self._reader.path

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All of the input, by time."""
        return self._reader.found.scenes

    @property
    def dates(self) -> tuple[Overpass, ...]:
        """All of the input: scenes of one overpass are one date. `Stack.indexes` count in it."""
        return self._reader.dates

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that are read, as they stand in the file."""
        return self._reader.reading.bands

    @property
    def making(self) -> Making:
        """What the flags of its scenes are made of."""
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

        `whole` gives int16 with 10000 for a reflectance of 1 in place of float32. With `max_valid`
        every pixel gets at most so many dates, the first ones in `order` (`clear`: least cloud
        cover first), and reading ends when all have them. `cloud_distance` measures the distance to
        clouds and shadows up to so many metres.
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
        """One date after the other, for what does not fit in memory; empty ones are left out.

        Without `masked` every pixel with data counts.
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

        Strips without a date are there too, so that results can be put together again. On the grid
        of the tile, or where all fits, there is one strip.
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
        """A count of what each scene gives to the pixels of this tile, to be filled with stacks."""
        return Tally(self._frame(), self.tile, self._reader.places)

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

    def __enter__(self) -> Scenes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def __repr__(self) -> str:
        return f"Scenes({self.path!r}, {self.tile.index})"


def _level(scene: Scene) -> Level:
    """Of reflectance; plain pictures of no known level are taken for the top of the atmosphere."""
    return "surface" if (scene.level or "").startswith(("L2", "SR")) else "toa"


def _check_alike(key: str, found: list[str]) -> None:
    """Raise `ConfigError` for dates that do not belong together."""
    if len(found) > 1:
        raise ConfigError(
            f"scenes of the {key} {', '.join(found)} are never mixed",
            key=key,
            remedy=f"{key}: {found[0]}",
        )


def _unknown_last(cover: float | None) -> float:
    return 101.0 if cover is None else cover


def _search(reader: ScenesReader) -> Found:
    from automap_tiles.scenes import catalogue

    options = catalogue.Options(
        tiles=reader.tiles,
        collections=reader.collections,
        level=reader.level,
        bands=reader.reading.bands,
        verify=reader.verify,
    )
    return catalogue.search(reader.place, reader.selection, options)


def _nothing(everything: Found) -> str:
    """Why no scene is left."""
    if everything.scenes:
        many = len(everything.scenes)
        return f"none of the {many} scenes is of that time, satellite, cover and area"
    if not everything.rejected:
        return "no product of a known satellite"
    name, reason = everything.rejected[0]
    return f"all {len(everything.rejected)} products were set aside, the first: {name}: {reason}"


def _far_stamps(place: str) -> dict[str, str]:
    """Of the objects of a place in a store, by GDAL's names; the place may be one of them."""
    return object_stamps(split(place)[0] if is_archive(place) else place)


def _stamp(href: str, far: Mapping[str, str]) -> str:
    """Size and time of the file, or of the archive it is in; nothing for what is elsewhere."""
    path = href.partition("{")[2].partition("}")[0] or href
    if path in far:
        return far[path]
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
