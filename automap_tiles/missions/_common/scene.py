"""A scene: one satellite acquisition, its files and metadata."""

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
    """Location of the pixels of one band."""

    href: str
    """Path or address as `raster._read` takes it: local, `/vsitar/…`, `/vsizip/…`, `https://`,
    `s3://`."""
    index: int = 1
    """Band index in the file, from 1."""
    scaling: Scaling | None = None
    """Scaling to reflectance; None for bands that hold none (angles, thermal bands)."""
    grid: Grid | None = None
    """Grid of the file, if known without opening it."""
    size: int | None = None
    """File size in bytes, if a catalogue states it."""
    checksum: str | None = None
    """Multihash in hexadecimal digits (`file:checksum`), if a catalogue states it."""


@dataclass(frozen=True, kw_only=True)
class QualityFile:
    """Location of the codes of one quality layer."""

    layer: str
    """Layer name, see `missions.quality_layer`."""
    href: str
    indexes: tuple[int, ...] = (1,)
    """Band indexes in the file, from 1; several for a layer of bands."""
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
    """One product: a single acquisition of a tile or path/row by one satellite.

    Does no I/O; picklable.
    """

    id: str
    """Product id if known; unique among the scenes found together. It never decides whether two
    scenes are the same acquisition (see `scenes._acquisitions`)."""
    sensor: str
    """Sensor key: `landsat-8`, `sentinel-2a`."""
    time: datetime
    """UTC, timezone-aware."""
    bands: Mapping[str, BandFile]
    """By the mission's own band name (`Band.name`: `B4`, `B04`); `band` accepts any name."""
    quality: tuple[QualityFile, ...] = ()
    """Best first, as in `Sensor.quality`."""
    level: str | None = None
    """`L1TP`, `L2SP`, `L1C`, `L2A` …"""
    tile: str | None = None
    """`016037` (path and row), `33TWL`."""
    orbit: int | None = None
    """Relative orbit of Sentinel-2, path of Landsat; constant within an overpass."""
    footprint: BaseGeometry | None = None
    """Longitude and latitude (EPSG:4326), split at the antimeridian. None: unknown without opening
    the files."""
    crs: str | None = None
    """CRS of the bands, `EPSG:32633`; None: unknown without opening them."""
    cloud_cover: float | None = None
    """Per cent; None: unknown, also for placeholders such as -1 for "not computed"."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees at the scene centre, clockwise from north."""
    clouds: tuple[CloudPolygon, ...] | None = None
    """Cloud polygons in the CRS of the bands, for products that have them in place of a quality
    layer; () is a clear sky."""
    access: str | None = None
    """Name of the access method, for files that need one such as signed links
    (`scenes._link_signing`)."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Further metadata, plain JSON values."""
    shift: tuple[float, float] = (0.0, 0.0)
    """(x, y) in units of the bands' CRS by which the true position of the pixels differs from the
    files' georeference (`scenes.coregistration`)."""
    nadir: Mapping[str, NadirFactor] | None = None
    """By the mission's band name: the factor to nadir view (`scenes.nadir`); None: no
    correction."""
    tones: Mapping[str, tuple[float, float]] | None = None
    """(gain, offset of reflectance) by the mission's own band name, for brightness that matches the
    neighbouring scenes (`scenes.seamless`); None: unchanged."""
    is_from_above: str | None = None
    """The correction by which its reflectance is already at nadir view, in words."""

    def __post_init__(self) -> None:
        if self.cloud_cover is not None and not 0 <= self.cloud_cover <= 100:
            object.__setattr__(self, "cloud_cover", None)

    @property
    def instrument(self) -> Sensor:
        """The sensor definition; raises `ConfigError` if the key is unknown."""
        return sensor_of(self.sensor)

    @property
    def satellite(self) -> str:
        """`landsat-8`, `sentinel-2`: results of different satellites are never mixed."""
        return self.instrument.satellite

    @property
    def kind(self) -> Level:
        """Level of its reflectance; scenes of unknown level count as top of the atmosphere."""
        return "surface" if (self.level or "").startswith(_SURFACE) else "toa"

    def find(self, name: str) -> BandFile | None:
        """A band by any of its names; None if the scene does not have it."""
        if name in self.bands:
            return self.bands[name]
        band = self.instrument.find(name)
        return None if band is None else self.bands.get(band.name)

    def band(self, name: str) -> BandFile:
        """Like `find`.

        Raises `ConfigError` for a name that the sensor does not have, `InputError` for a band that
        is missing from this scene.
        """
        found = self.find(name)
        if found is None:
            known = self.instrument.band(name)
            raise InputError(f"has no {known.common or known.name} ({known.name})", self.id)
        return found
