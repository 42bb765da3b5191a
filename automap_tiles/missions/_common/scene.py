"""One acquisition of a satellite: where its bands are, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from automap_tiles.errors import InputError
from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.known import sensor_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Grid
    from automap_tiles.missions._common.angles import NadirFactor
    from automap_tiles.missions._common.scaling import Scaling
    from automap_tiles.missions._common.sensor import Sensor

Level = Literal["toa", "surface"]
"""Reflectance at the top of the atmosphere, or at the surface."""

Ring = tuple[tuple[float, float], ...]
"""Corners (x, y) of a closed line."""

_SURFACE = ("L2", "SR")


@dataclass(frozen=True, kw_only=True)
class BandFile:
    """Where the pixels of one band are."""

    href: str
    """Path or address as `raster._read` takes it: local, `/vsitar/…`, `/vsizip/…`, `https://`,
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
    """Name in `missions.quality_layer`."""
    href: str
    indexes: tuple[int, ...] = (1,)
    """Bands in the file, from 1; several for a layer of bands."""
    grid: Grid | None = None
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, kw_only=True)
class CloudPolygon:
    """One cloud as a polygon, in the CRS of the bands."""

    flag: Flag
    """CLOUD (opaque) or CIRRUS."""
    exterior: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One product: what one satellite saw of one tile or path/row at one time.

    Opens nothing; picklable.
    """

    id: str
    """Of the product where it is known; unique among those found together. Whether two scenes are
    the same acquisition is never told by it (`scenes._acquisitions`)."""
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
    """Per cent; what is none, such as -1 for "not computed", becomes None: not known."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees at the centre, azimuth clockwise from north."""
    clouds: tuple[CloudPolygon, ...] | None = None
    """Clouds as polygons in the CRS of the bands, where the product has those in place of a
    quality layer; () is a clear sky."""
    access: str | None = None
    """Name of the way to the files where they need one, such as links to be signed
    (`scenes._link_signing`)."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else is worth keeping, plain JSON values."""
    shift: tuple[float, float] = (0.0, 0.0)
    """(x, y) in units of the bands' CRS by which its pixels lie off where its files say
    (`scenes.coregistration`)."""
    nadir: Mapping[str, NadirFactor] | None = None
    """By the mission's own name of a band: what brings it to a view from straight above
    (`scenes.nadir`); None: it is read as it was seen."""
    tones: Mapping[str, tuple[float, float]] | None = None
    """(gain, offset of reflectance) by the mission's own name of a band, which bring it to the
    brightness of the scenes beside it (`scenes.seamless`); None: as it is."""
    is_from_above: str | None = None
    """What has brought its reflectance to such a view already, in words."""

    def __post_init__(self) -> None:
        if self.cloud_cover is not None and not 0 <= self.cloud_cover <= 100:
            object.__setattr__(self, "cloud_cover", None)

    @property
    def instrument(self) -> Sensor:
        """The table of the sensor; raises `ConfigError` when there is none of its key."""
        return sensor_of(self.sensor)

    @property
    def satellite(self) -> str:
        """`landsat-8`, `sentinel-2`: results of different ones are never mixed."""
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
