"""One acquisition of a satellite: where its bands are, and what is known of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from automap_tiles.errors import InputError
from automap_tiles.scenes.funnel import Funnel
from automap_tiles.sensors.registry import by_key

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Grid
    from automap_tiles.sensors.metadata import CloudPolygon
    from automap_tiles.sensors.scaling import Scaling
    from automap_tiles.sensors.sensor import Sensor

Level = Literal["toa", "surface"]
"""Reflectance at the top of the atmosphere, or at the surface."""

_SURFACE = ("L2", "SR")


@dataclass(frozen=True, kw_only=True)
class BandFile:
    """Where the pixels of one band are."""

    href: str
    """Path or address as `raster.read` takes it: local, `/vsitar/…`, `/vsizip/…`, `https://`,
    `s3://`."""
    index: int = 1
    """Band in the file, from 1."""
    scaling: Scaling | None = None
    """To reflectance; None for bands that hold none (angles, thermal bands)."""
    grid: Grid | None = None
    """Of the file, where it is known without opening it."""
    size: int | None = None
    """Bytes of the file, where a catalogue tells."""
    checksum: str | None = None
    """Multihash in hexadecimal digits (`file:checksum`), where a catalogue tells."""


@dataclass(frozen=True, kw_only=True)
class QualityFile:
    """Where the codes of one quality layer are."""

    layer: str
    """Name in `sensors.quality_tables`."""
    href: str
    indexes: tuple[int, ...] = (1,)
    """Bands in the file, from 1; several for a layer of bands."""
    grid: Grid | None = None
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One product: what one satellite saw of one tile or path/row at one time.

    Opens nothing; picklable.
    """

    id: str
    """Of the product where it is known; unique among those found together. Whether two scenes are
    the same acquisition is never told by it (`scenes.acquisitions`)."""
    sensor: str
    """Key: `landsat-8`, `sentinel-2a`."""
    time: datetime
    """UTC, with its zone."""
    bands: Mapping[str, BandFile]
    """By the mission's own name (`Band.name`: `B4`, `B04`); `band` finds by any name."""
    quality: tuple[QualityFile, ...] = ()
    """Best first, as in `Sensor.quality`."""
    level: str | None = None
    """`L1TP`, `L2SP`, `L1C`, `L2A` …"""
    tile: str | None = None
    """`016037` (path and row), `33TWL`."""
    orbit: int | None = None
    """Relative orbit of Sentinel-2, path of Landsat: one overpass has one."""
    footprint: BaseGeometry | None = None
    """Longitude and latitude (EPSG:4326); parts on both sides where it runs over the
    antimeridian. None: not known without opening the files."""
    crs: str | None = None
    """Of the bands, `EPSG:32633`; None: not known without opening them."""
    cloud_cover: float | None = None
    """Per cent."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees at the centre, azimuth clockwise from north."""
    clouds: tuple[CloudPolygon, ...] | None = None
    """Clouds as polygons in the CRS of the bands, where the product has those in place of a
    quality layer; () is a clear sky."""
    access: str | None = None
    """Name of the way to the files where they need one (`scenes.access`): links to be signed."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else is worth keeping, plain JSON values."""

    @property
    def instrument(self) -> Sensor:
        """The table of the sensor; raises `ConfigError` when there is none of its key."""
        return by_key(self.sensor)

    @property
    def satellite(self) -> str:
        """`5`, `7`, `8`, `9`, `2`: results of different ones are never mixed."""
        return self.instrument.satellite

    @property
    def kind(self) -> Level:
        """Of its reflectance; pictures of no known level are taken for top of the atmosphere."""
        return "surface" if (self.level or "").startswith(_SURFACE) else "toa"

    def find(self, name: str) -> BandFile | None:
        """A band by any of its names; None when the scene does not have it."""
        if name in self.bands:
            return self.bands[name]
        band = self.instrument.find(name)
        return None if band is None else self.bands.get(band.name)

    def band(self, name: str) -> BandFile:
        """As `find`.

        Raises `ConfigError` for a name that the sensor does not know, `InputError` for a band that
        this scene lacks.
        """
        found = self.find(name)
        if found is None:
            known = self.instrument.band(name)
            raise InputError(f"has no {known.common or known.name} ({known.name})", self.id)
        return found


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search gave."""

    scenes: tuple[Scene, ...] = ()
    """By time, then id."""
    rejected: tuple[tuple[str, str], ...] = ()
    """(path or id, reason) of products that cannot be used."""
    funnel: Funnel = field(default_factory=Funnel)
    """How many there were at each step, and why the others were left out."""

    def __add__(self, other: Found) -> Found:
        """Both together; what is in both is there once."""
        return in_order(
            [*self.scenes, *other.scenes],
            [*self.rejected, *other.rejected],
            self.funnel + other.funnel,
        )


def in_order(
    scenes: Iterable[Scene], rejected: Iterable[tuple[str, str]], funnel: Funnel | None = None
) -> Found:
    """Scenes sorted by time, equal ones once; different ones of one id get ids of their own."""
    once: dict[tuple[Any, ...], list[Scene]] = {}
    for scene in scenes:
        alike = once.setdefault(_order(scene), [])
        if scene not in alike:
            alike.append(scene)
    ordered = [scene for key in sorted(once) for scene in once[key]]
    return Found(
        scenes=tuple(sorted(_with_own_ids(ordered), key=_order)),
        rejected=tuple(dict.fromkeys(rejected)),
        funnel=funnel or Funnel(),
    )


Wanted = Sequence[str] | Callable[[Scene], Sequence[str]]
"""Bands that a scene must have, by any of their names: the same of all scenes, or asked of each."""


def wanted_of(scene: Scene, wanted: Wanted | None) -> Sequence[str] | None:
    """The bands that this scene must have; None: whatever it has."""
    return wanted(scene) if callable(wanted) else wanted


def common_bands_of(scene: Scene) -> Sequence[str]:
    """Those that its satellite has of the bands that are made alike of all satellites."""
    return scene.instrument.common_bands


def _order(scene: Scene) -> tuple[datetime, str, tuple[str, ...]]:
    return scene.time, scene.id, tuple(file.href for file in scene.bands.values())


def _with_own_ids(scenes: Sequence[Scene]) -> Iterator[Scene]:
    """Files are named after ids: two scenes never share one, whatever the case of its letters.

    Where different acquisitions come under one name (renamed folders, flat names), all of them get
    the time to the second, so that none is taken for what another one was before.
    """
    shared = Counter(scene.id.lower() for scene in scenes)
    taken = {name for name, count in shared.items() if count == 1}
    for scene in scenes:
        if shared[scene.id.lower()] == 1:
            yield scene
            continue
        own = f"{scene.id}_{scene.time:%Y%m%dT%H%M%S}"
        numbered = (f"{own}_{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([own], numbered) if name.lower() not in taken)
        taken.add(name.lower())
        yield replace(scene, id=name)
