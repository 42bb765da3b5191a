"""The files of one product, by what they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from automap_tiles.missions.common.sensor import COMMON
from automap_tiles.missions.landsat.bands import LANDSAT_8
from automap_tiles.missions.registry import by_key
from automap_tiles.missions.sentinel2.bands import SENTINEL_2A

Family = Literal["landsat", "safe", "aws", "cog", "bands"]


@dataclass(frozen=True, kw_only=True)
class ProductLayout:
    """The files of one product; None: the names do not say."""

    family: Family
    """`landsat`; Sentinel-2 as `safe`, `aws` (JPEG 2000 tiles), `cog` (Earth Search), `bands`
    (bands with ESA's names and no metadata beside them)."""
    id: str
    """Unique among the products found together: the product's own name where it is known."""
    sensor: str | None = None
    """Key."""
    level: str | None = None
    """`L1TP`, `L2SP`, `L1C`, `L2A` …; `SR` for surface reflectance of Collection 1."""
    version: str | None = None
    """Landsat: collection `00` (none), `01`, `02`; Sentinel-2: baseline `04.00`."""
    date: date | None = None
    tile: str | None = None
    """`016037` (path and row) or `33TWL`."""
    bands: Mapping[str, str]
    """File of each band by the mission's own name for it; the finest where there are several."""
    quality: Mapping[str, str]
    """File of each quality layer by the layer's name."""
    angles: Mapping[str, str]
    """Landsat: `sun_zenith`, `sun_azimuth`, `view_zenith`, `view_azimuth`."""
    metadata: Mapping[str, str]
    """`mtl`; `product`, `granule`, `tile_info`, `clouds` (polygons), `stac`."""

    def missing(self, wanted: Iterable[str] = COMMON) -> tuple[str, ...]:
        """What is not there of the bands (any name of theirs) and of the metadata."""
        kind = LANDSAT_8 if self.family == "landsat" else SENTINEL_2A
        sensor = by_key(self.sensor) if self.sensor else kind
        lost = [name for name in wanted if sensor.band(name).name not in self.bands]
        needed = {"landsat": ("mtl",), "safe": ("product", "granule")}.get(self.family, ())
        return (*lost, *(f"{role} metadata" for role in needed if role not in self.metadata))
