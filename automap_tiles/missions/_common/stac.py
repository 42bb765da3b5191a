"""STAC items as missions see them, and what a mission derives from them.

`scenes.catalogue` normalises items of all STAC versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.sensor import Sensor

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ReadFile = Callable[[str], bytes]
"""Reads a metadata file by its href; raises `InputError`."""


@dataclass(frozen=True, kw_only=True)
class BandInfo:
    """What an item states about one band of a file; None: not stated."""

    name: str | None = None
    common: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One asset (file) of an item."""

    key: str
    href: str
    """Ready to open: links relative to the item are resolved."""
    name: str
    """File name without folders and query."""
    is_here: bool
    """Whether it is a local file."""
    bands: tuple[BandInfo, ...]
    """At least one."""
    roles: frozenset[str] = frozenset()
    type: str = ""
    """Media type, lower case."""
    fields: Mapping[str, Any]
    """All fields of the asset."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A STAC item."""

    id: str
    collection: str
    """Empty: none named."""
    time: datetime
    """UTC; the start if the item covers a time range."""
    properties: Mapping[str, Any]
    assets: tuple[Asset, ...]
    footprint: BaseGeometry | None
    refused: tuple[str, ...] = ()
    """Keys of assets with addresses that items of this catalogue must not use."""

    @property
    def platform(self) -> str:
        """The satellite as the item writes it; empty: not stated."""
        return (self.text("platform", "eo:platform") or "").strip()

    def first(self, *names: str) -> Any:
        """The first of these properties that has a value."""
        for name in names:
            if self.properties.get(name) is not None:
                return self.properties[name]
        return None

    def number(self, *names: str) -> float | None:
        """Like `first`, as a number."""
        return number(self.first(*names))

    def text(self, *names: str) -> str | None:
        """Like `first`, as text."""
        found = self.first(*names)
        return None if found is None else str(found)


def number(value: object) -> float | None:
    """A finite number, also if written as text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Identity of an item; None: not stated."""

    sensor: Sensor
    product: str | None = None
    """The producer's product name."""
    level: str | None = None
    tile: str | None = None
    """`33TWL`, `016037`."""
    orbit: int | None = None
    baseline: str | None = None
    """Processing baseline, `05.09`."""
    collection: str | None = None
    """`02`."""
    tier: str | None = None
    """`T1`, `T2`, `RT`."""
    day: date | None = None
    """Acquisition date from the product name."""


@dataclass(frozen=True, kw_only=True)
class BandAsset:
    """A band and its asset."""

    asset: Asset
    info: BandInfo
    index: int
    """Band index in the file, from 1."""


@dataclass(frozen=True, kw_only=True)
class QualityAsset:
    """A quality layer and its asset."""

    asset: Asset
    layer: str
    """Name of the layer (`missions.quality_layer`)."""
    indexes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scalings:
    """Scalings to reflectance by band, and notes about them."""

    by_band: Mapping[str, Scaling]
    notes: Mapping[str, Any] = field(default_factory=dict)
    """For `Scene.metadata`."""


@dataclass(frozen=True, kw_only=True)
class About:
    """An item's scene metadata besides the bands."""

    cloud_cover: float | None = None
    """Per cent."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees."""
    from_above: str | None = None
    """The correction by which its reflectance is already at nadir view, in words."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """For `Scene.metadata`; None values are left out."""


class Dialect(Protocol):
    """One way in which STAC items describe scenes of a mission."""

    def identify(self, item: Item) -> Identity | None:
        """The identity of an item; None if it belongs to another mission or dialect.

        Raises `InputError` for an item of this mission that cannot be used.
        """
        ...

    def bands(self, item: Item, identity: Identity) -> Mapping[str, BandAsset]:
        """Bands by the sensor's own name; the best file where several hold the same band."""
        ...

    def quality(self, item: Item, identity: Identity) -> tuple[QualityAsset, ...]:
        """Quality layers, best first."""
        ...

    def about(self, item: Item, identity: Identity) -> About: ...

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        """Scalings of all reflective bands.

        Reads metadata files where the item is not sufficient, or where they are local. Raises
        `InputError` if no scaling to reflectance is found.
        """
        ...
