"""Sensors and their bands: names, pixel sizes and wavelengths."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from automap_tiles.errors import ConfigError

CommonName = Literal[
    "coastal",
    "blue",
    "green",
    "red",
    "rededge1",
    "rededge2",
    "rededge3",
    "nir",
    "nir08",
    "nir09",
    "pan",
    "cirrus",
    "swir1",
    "swir2",
    "lwir",
    "lwir11",
    "lwir12",
]

COMMON: tuple[CommonName, ...] = ("blue", "green", "red", "nir", "swir1", "swir2")
"""The six bands that are prepared for every satellite, as far as it has them."""

_THERMAL = 4.0
"""Micrometres; at longer wavelengths, emission exceeds reflected sunlight."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """One band of a sensor."""

    name: str
    """As in the mission's file names: `B4`, `B04`, `B8A`, `B6_VCID_1`."""
    number: str
    """The mission's band number without leading zeros: `4`, `8A`."""
    common: CommonName | None
    resolution: float
    """Pixel size in metres as delivered (thermal bands of Landsat are resampled to 30 m)."""
    wavelength: float
    """Centre wavelength, micrometres."""
    span: tuple[float, float]
    """Shortest and longest wavelength, micrometres."""
    aliases: tuple[str, ...] = ()
    """Names used by catalogues: `swir16`, `rededge`."""
    irradiance: float | None = None
    """Solar irradiance outside the atmosphere, W m⁻² µm⁻¹; only needed for radiance products."""

    @property
    def is_reflective(self) -> bool:
        """Whether it measures reflected sunlight rather than thermal emission."""
        return self.wavelength < _THERMAL

    @property
    def names(self) -> frozenset[str]:
        """All its names, in lower case."""
        own = {self.name, self.number, f"B{self.number}", *self.aliases}
        if self.common:
            own.add(self.common)
        return frozenset(name.lower() for name in own)


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """One satellite's multispectral instrument."""

    key: str
    """`landsat-8`, `sentinel-2a`."""
    satellite: str = ""
    """`landsat-8`, `sentinel-2`: results of different satellites are never mixed; defaults to the
    key."""
    title: str
    """Display name: `Landsat 8 OLI/TIRS`."""
    resolution: float
    """Pixel size of the finest of the six common bands, metres."""
    bands: tuple[Band, ...]
    quality: tuple[str, ...] = ()
    """Names of the quality layers its products may have, best first."""
    to_oli: Mapping[str, tuple[float, float]] | None = field(default=None, hash=False)
    """(slope, offset of surface reflectance) by band name, to the equivalent band of Landsat 8's
    OLI; OLI bands themselves have 1 and 0. None: unknown."""
    may_have_offset: bool = False
    """Whether some processing versions add an offset to the numbers, which catalogues get wrong
    (`guard`)."""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.satellite:
            object.__setattr__(self, "satellite", self.key)

    def find(self, name: str) -> Band | None:
        """A band by any of its names, case-insensitive; None if there is none."""
        return self._index.get(name.lower())

    def band(self, name: str) -> Band:
        """Like `find`; raises `ConfigError` with the available names."""
        band = self.find(name)
        if band is None:
            known = [band.common or band.name for band in self.bands]
            close = difflib.get_close_matches(name.lower(), self._index, 1, 0.6)
            raise ConfigError(
                f"{self.title} has no band {name}",
                key="bands",
                found=name,
                remedy=f"{close[0]}?" if close else f"one of {', '.join(known)}",
            )
        return band

    @cached_property
    def common(self) -> dict[CommonName, Band]:
        """Bands by common name."""
        return {band.common: band for band in self.bands if band.common}

    @property
    def common_bands(self) -> tuple[CommonName, ...]:
        """The bands of `COMMON` that it has; a run prepares and composites these."""
        return tuple(name for name in COMMON if name in self.common)

    @cached_property
    def _index(self) -> dict[str, Band]:
        index: dict[str, Band] = {}
        for band in self.bands:
            for name in band.names:
                other = index.setdefault(name, band)
                if other is not band:
                    raise ValueError(f"{self.key}: {name} names {other.name} and {band.name}")
        return index
