"""The files of one product by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from automap_tiles.missions._common.sensor import COMMON, Sensor


@dataclass(frozen=True, kw_only=True)
class ProductLayout:
    """The files of one product; None where the names do not tell."""

    family: str
    """Name of the file layout, defined by the mission: `landsat`, `safe`."""
    id: str
    """Unique among the products found together; the product's own name if known."""
    sensor: str | None = None
    """Sensor key."""
    level: str | None = None
    """`L1TP`, `L2SP`, `L1C`, `L2A` …; `SR` for surface reflectance of Collection 1."""
    version: str | None = None
    """Processing version as the mission counts it: collection `02`, baseline `04.00`."""
    date: date | None = None
    tile: str | None = None
    """`016037` (path and row) or `33TWL`."""
    bands: Mapping[str, str]
    """File of each band by the mission's own band name; the finest if there are several."""
    quality: Mapping[str, str]
    """File of each quality layer by layer name."""
    angles: Mapping[str, str]
    """`sun_zenith`, `sun_azimuth`, `view_zenith`, `view_azimuth`."""
    like: Sensor
    """The sensor whose band names are used; one with the same names if `sensor` is unknown."""
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names in the folder of a file that stands for many, such as the chunks of an array."""
    spare: tuple[str, ...] = ()
    """Files that were passed over for another file of the same band or layer."""
    needs: tuple[str, ...] = ()
    """Metadata roles without which the product is incomplete."""
    metadata: Mapping[str, str]
    """Metadata file by role, as defined by the mission: `mtl`; `product`, `granule`."""

    @property
    def files(self) -> frozenset[str]:
        """All files of the product."""
        tables = (self.bands, self.quality, self.angles, self.metadata)
        return frozenset(file for table in tables for file in table.values())

    def missing(self, wanted: Iterable[str] = COMMON) -> tuple[str, ...]:
        """The wanted bands (by any name) and metadata that are missing."""
        lost = [name for name in wanted if self.like.band(name).name not in self.bands]
        return (*lost, *(f"{role} metadata" for role in self.needs if role not in self.metadata))


_ENDINGS = (".tif", ".tiff", ".jp2")


@dataclass(kw_only=True)
class OneOfEach:
    """Files by role, keeping the best one of each, independent of their order."""

    best: dict[str, str] = field(default_factory=dict)
    spare: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, *, lesser: bool = False) -> None:
        """`lesser`: the file holds only part of what another file of that role holds."""
        there = self.best.get(kind)
        if there is None or self._rank(name, lesser) < self._ranks[there]:
            self.best[kind] = name
        if there is not None:
            self.spare.append(there if self.best[kind] == name else name)
        self._ranks[name] = self._rank(name, lesser)

    _ranks: dict[str, tuple[bool, int, str]] = field(default_factory=dict, repr=False)

    @staticmethod
    def _rank(name: str, lesser: bool) -> tuple[bool, int, str]:
        ending = PurePosixPath(name).suffix.lower()
        known = _ENDINGS.index(ending) if ending in _ENDINGS else len(_ENDINGS)
        return lesser, known, name
