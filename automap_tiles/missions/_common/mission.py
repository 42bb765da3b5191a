"""Definition of a mission: everything AutoMap knows about a family of satellites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from automap_tiles.missions._common.angles import ReadAngles
from automap_tiles.missions._common.deliveries import Deliveries
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.quality import QualityLayer
from automap_tiles.missions._common.scene import Level, Scene
from automap_tiles.missions._common.sensor import COMMON, CommonName, Sensor
from automap_tiles.missions._common.stac import Dialect


@dataclass(frozen=True, kw_only=True)
class Satellite:
    """Sensors whose results may be combined; results of different satellites are never mixed."""

    name: str
    """Key, also used as folder name: `landsat-8`, `sentinel-2`."""
    sensors: tuple[Sensor, ...]
    """At least one: Sentinel-2A, B and C."""
    aliases: tuple[str, ...] = ()
    """Alternative names: `8`."""
    in_groups: bool = False
    """Whether the mission's group name and `all` include it."""

    @property
    def common_bands(self) -> tuple[CommonName, ...]:
        """The bands of `COMMON` that all its sensors have; a run prepares and composites these."""
        own = [set(sensor.common_bands) for sensor in self.sensors]
        return tuple(name for name in COMMON if all(name in bands for bands in own))

    @property
    def resolution(self) -> float:
        """Pixel size of the finest common band, metres."""
        return min(sensor.resolution for sensor in self.sensors)


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A collection with a mission's data in a known catalogue."""

    catalogue: str
    """`earth-search`."""
    name: str
    """Collection id: `sentinel-2-l2a`."""
    satellites: tuple[str, ...]
    level: Level
    tile: tuple[str, str] | None = None
    """Property with the tile id, and its format: `grid:code`, `MGRS-{}`."""


@dataclass(frozen=True, kw_only=True)
class TileNames:
    """Tiling scheme of a mission."""

    example: str
    """`33TWL (Sentinel-2)`."""
    parse: Callable[[str], str | None]
    """Normalises a tile id; None if it is not one of the mission's tiles."""


class Products(Protocol):
    """Products in folders and archives."""

    @property
    def metadata(self) -> tuple[str, ...]:
        """Suffixes, lower case, of files that mark a product; reported if its bands are missing."""
        ...

    def find(self, names: Sequence[str]) -> Iterator[ProductLayout]:
        """The mission's products in a sorted list of names; nothing is opened."""
        ...

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        """The scene of a product; raises `InputError` with the reason if it cannot be used."""
        ...


class Mission(Protocol):
    """A family of satellites, exported as `MISSION` by `missions/<name>`; does no I/O."""

    @property
    def group(self) -> str:
        """Name that selects all its satellites that are part of groups: `landsat`."""
        ...

    @property
    def satellites(self) -> tuple[Satellite, ...]: ...

    @property
    def quality(self) -> tuple[QualityLayer, ...]:
        """Quality layers that only its products have."""
        ...

    @property
    def products(self) -> Products: ...

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """STAC dialects; the first that recognises an item reads it."""
        ...

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Collections in known catalogues."""
        ...

    @property
    def deliveries(self) -> Deliveries: ...

    @property
    def credit(self) -> str:
        """Attribution for pictures; `{years}` is replaced by the years of acquisition."""
        ...

    @property
    def angles(self) -> ReadAngles | None:
        """Reads sun and view angles; None: not available."""
        ...

    @property
    def tiles(self) -> TileNames | None:
        """None: tile ids are used as the metadata write them."""
        ...


class NoProducts:
    """For missions found only in catalogues or as described stacks (`scenes.yaml`)."""

    metadata: tuple[str, ...] = ()

    def find(self, names: Sequence[str]) -> Iterator[ProductLayout]:
        """None."""
        del names
        return iter(())

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        """Never called, since `find` returns no products."""
        raise NotImplementedError(f"{layout.id}: {files}")


@dataclass(frozen=True, kw_only=True)
class PlainMission:
    """A mission assembled from its parts; parts left out are not supported."""

    group: str
    satellites: tuple[Satellite, ...]
    quality: tuple[QualityLayer, ...] = ()
    products: Products = field(default_factory=NoProducts)
    dialects: tuple[Dialect, ...] = ()
    collections: tuple[Collection, ...] = ()
    deliveries: Deliveries = field(default_factory=Deliveries)
    credit: str = ""
    angles: ReadAngles | None = None
    tiles: TileNames | None = None
