"""What a mission is: everything that this software knows of a family of satellites."""

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
    """Sensors whose results belong together; those of different satellites are never mixed."""

    name: str
    """Its key everywhere, and the name of its folder: `landsat-8`, `sentinel-2`."""
    sensors: tuple[Sensor, ...]
    """One at least: Sentinel-2A, B and C."""
    aliases: tuple[str, ...] = ()
    """What else it answers to: `8`."""
    in_groups: bool = False
    """Whether the word of its mission, and `all`, mean it as well."""

    @property
    def common_bands(self) -> tuple[CommonName, ...]:
        """Those of `COMMON` that all its sensors have: what a run prepares and composites."""
        own = [set(sensor.common_bands) for sensor in self.sensors]
        return tuple(name for name in COMMON if all(name in bands for bands in own))

    @property
    def resolution(self) -> float:
        """Metres: of the finest of the common bands."""
        return min(sensor.resolution for sensor in self.sensors)


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What a catalogue that is known by name has of a mission."""

    catalogue: str
    """`earth-search`."""
    name: str
    """As the catalogue calls it: `sentinel-2-l2a`."""
    satellites: tuple[str, ...]
    level: Level
    tile: tuple[str, str] | None = None
    """The property that names an item's tile, and how it is written: `grid:code`, `MGRS-{}`."""


@dataclass(frozen=True, kw_only=True)
class TileNames:
    """How a mission cuts the globe."""

    example: str
    """`33TWL (Sentinel-2)`."""
    parse: Callable[[str], str | None]
    """A tile as scenes have it, of any way to write it; None for what is not one of its tiles."""


class Products(Protocol):
    """Products in folders and archives."""

    @property
    def metadata(self) -> tuple[str, ...]:
        """Endings, in lower case, of files that only a product has: without bands it is told of."""
        ...

    def find(self, names: Sequence[str]) -> Iterator[ProductLayout]:
        """The mission's products among these sorted names; nothing is opened."""
        ...

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        """The scene of a product; raises `InputError` with the reason why it cannot be used."""
        ...


class Mission(Protocol):
    """A family of satellites. `missions/<name>` exports one as `MISSION`; it opens nothing."""

    @property
    def group(self) -> str:
        """The word for all its satellites that are in groups: `landsat`."""
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
        """Ways in which STAC items tell of its scenes; the first that knows an item reads it."""
        ...

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Of the catalogues that are known by name."""
        ...

    @property
    def deliveries(self) -> Deliveries: ...

    @property
    def credit(self) -> str:
        """What pictures say of whose data they are, `{years}` being when it was seen."""
        ...

    @property
    def angles(self) -> ReadAngles | None:
        """Tells from where the sun shone and its scenes were seen; None: nothing does."""
        ...

    @property
    def tiles(self) -> TileNames | None:
        """None: its tiles are called as its metadata call them."""
        ...


class NoProducts:
    """Of a mission that comes in catalogues only, or as described stacks (`scenes.yaml`)."""

    metadata: tuple[str, ...] = ()

    def find(self, names: Sequence[str]) -> Iterator[ProductLayout]:
        """None."""
        del names
        return iter(())

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        """There is never one to be asked for."""
        raise NotImplementedError(f"{layout.id}: {files}")


@dataclass(frozen=True, kw_only=True)
class PlainMission:
    """A mission that is told part by part; what is left out it does not have."""

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
