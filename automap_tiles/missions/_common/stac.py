"""STAC items as missions see them, and what a mission says of an item.

`scenes.catalogue` makes items alike, whatever version of STAC they are written in.
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
"""Reads a metadata file by its address; raises `InputError`."""


@dataclass(frozen=True, kw_only=True)
class BandInfo:
    """What an item says of one band in a file; None: it does not."""

    name: str | None = None
    common: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file of an item."""

    key: str
    href: str
    """As one opens it: links relative to the item are resolved."""
    name: str
    """Of the file, without folders and query."""
    is_here: bool
    """Whether it lies on this machine."""
    bands: tuple[BandInfo, ...]
    """One at least."""
    roles: frozenset[str] = frozenset()
    type: str = ""
    """Media type, lower case."""
    fields: Mapping[str, Any]
    """Everything that the item says of it."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A STAC item."""

    id: str
    collection: str
    """Empty: it names none."""
    time: datetime
    """UTC; the start where it has no one time."""
    properties: Mapping[str, Any]
    assets: tuple[Asset, ...]
    footprint: BaseGeometry | None
    refused: tuple[str, ...] = ()
    """Keys of assets whose addresses items of that catalogue must not have."""

    @property
    def platform(self) -> str:
        """The satellite, as the item writes it; empty: it does not say."""
        return (self.text("platform", "eo:platform") or "").strip()

    def first(self, *names: str) -> Any:
        """The first of these properties that has a value."""
        for name in names:
            if self.properties.get(name) is not None:
                return self.properties[name]
        return None

    def number(self, *names: str) -> float | None:
        """As `first`, a number."""
        return number(self.first(*names))

    def text(self, *names: str) -> str | None:
        """As `first`, a text."""
        found = self.first(*names)
        return None if found is None else str(found)


def number(value: object) -> float | None:
    """A finite number, also when it is written as text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an item is; None: nothing says."""

    sensor: Sensor
    product: str | None = None
    """The producer's own name."""
    level: str | None = None
    tile: str | None = None
    """`33TWL`, `016037`."""
    orbit: int | None = None
    baseline: str | None = None
    """Of the processing, `05.09`."""
    collection: str | None = None
    """`02`."""
    tier: str | None = None
    """`T1`, `T2`, `RT`."""
    day: date | None = None
    """When it was seen, by the name of the product."""


@dataclass(frozen=True, kw_only=True)
class BandAsset:
    """A band and where it is."""

    asset: Asset
    info: BandInfo
    index: int
    """In the file, from 1."""


@dataclass(frozen=True, kw_only=True)
class QualityAsset:
    """A quality layer and where it is."""

    asset: Asset
    layer: str
    """Name of the layer (`missions.quality_layer`)."""
    indexes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scalings:
    """How numbers become reflectance, by band, and what is worth telling of it."""

    by_band: Mapping[str, Scaling]
    notes: Mapping[str, Any] = field(default_factory=dict)
    """For `Scene.metadata`."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What an item says of its scene besides bands."""

    cloud_cover: float | None = None
    """Per cent."""
    sun_elevation: float | None = None
    sun_azimuth: float | None = None
    """Degrees."""
    from_above: str | None = None
    """What has brought reflectance to a view from straight above already, in words."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """For `Scene.metadata`; what is None is left out."""


class Dialect(Protocol):
    """One way in which STAC items tell of scenes of a mission."""

    def identify(self, item: Item) -> Identity | None:
        """None for an item of another mission or dialect.

        Raises `InputError` for one of this mission that cannot be used.
        """
        ...

    def bands(self, item: Item, identity: Identity) -> Mapping[str, BandAsset]:
        """Bands by the sensor's own name; of several files of one band the best one."""
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
        """Of every reflective band.

        Metadata files are read where the item itself does not suffice, and where they lie on this
        machine. Raises `InputError` when nothing says how the numbers become reflectance.
        """
        ...
