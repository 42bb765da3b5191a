"""Optional capabilities of readers and writers.

Code that shows, copies or lists data checks for one of these, never for the class of a format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from automap_tiles import raster
from automap_tiles.errors import ConfigError
from automap_tiles.formats._readers import InputTile, Reader
from automap_tiles.formats._writers import Writer
from automap_tiles.raster.legend import ClassLegend, read_class_legend
from automap_tiles.raster.raster_facts import RasterFacts, read_facts

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.formats.tiles import Matching, PixelFormat, TileFiles
    from automap_tiles.grid import Bounds, GridLike, Pyramid, Tile
    from automap_tiles.missions import Scene
    from automap_tiles.scenes.lattice import Lattice
    from automap_tiles.scenes.reading import Reading
    from automap_tiles.scenes.select import Overpass


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """What a map needs to know about the bands of an output before any tile exists."""

    names: tuple[str | None, ...]
    """One per band; None: it has no name."""
    dtype: str
    alpha: int | None = None
    """Number of the alpha band, from 1."""
    scales: tuple[float, ...] = ()
    """Value = number · scale + offset, one per band; empty: 1."""
    offsets: tuple[float, ...] = ()
    units: tuple[str | None, ...] = ()
    colorinterp: tuple[str, ...] = ()
    """Colour interpretations named as in GDAL."""
    class_names: Mapping[int, str] = field(default_factory=dict)
    """Names of the values of band 1."""
    class_colours: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Colours (r, g, b) or (r, g, b, a) of the values of band 1."""


class RasterLook(Protocol):
    """Metadata of a raster, or of one tile of many; each part raises `InputError`."""

    @property
    def info(self) -> raster.RasterInfo: ...
    @property
    def about(self) -> RasterFacts: ...
    @property
    def legend(self) -> ClassLegend:
        """Of band 1."""
        ...


class FileLook:
    """Metadata of a raster opened by GDAL."""

    def __init__(self, path: str) -> None:
        self._path = path

    @cached_property
    def info(self) -> raster.RasterInfo:
        return raster.inspect(self._path)

    @cached_property
    def about(self) -> RasterFacts:
        return read_facts(self._path)

    @cached_property
    def legend(self) -> ClassLegend:
        return read_class_legend(self._path)


@runtime_checkable
class Describing(Reader, Protocol):
    """A reader whose metadata can be inspected."""

    def look(self) -> RasterLook | None:
        """None when it has no bands, or none yet; raises `InputError`."""
        ...


class ZoomedInput(InputTile, Protocol):
    """Stored tiles on a tile, readable from any zoom."""

    def read(
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,
        *,
        tile_directory_zoom: int | None = None,
    ) -> RasterArray: ...


@runtime_checkable
class TiledReader(Describing, Protocol):
    """A reader of stored tiles, addressable by index."""

    @property
    def pyramid(self) -> Pyramid:
        """Of the stored tiles."""
        ...

    @property
    def bounds(self) -> Bounds | None:
        """Bounds of the data in the CRS of the pyramid, if declared."""
        ...

    @property
    def matching(self) -> Matching: ...
    def zoom_at(self, tile: Tile, grid: GridLike, matching: Matching) -> int:
        """The zoom that a part of a tile is read from."""
        ...

    def pixels_at(self, tile: Tile) -> ZoomedInput:
        """For rasters: like `at`, with a choice of zoom."""
        ...

    def pixel_format(self) -> PixelFormat:
        """Bands and dtype; raises `InputError` when there are no tiles."""
        ...

    def stamps(self, tile: Tile, zoom: int) -> list[str | None]:
        """Stamps, which change with the file, of the stored tiles of a zoom under any tile.

        None: that tile does not exist.
        """
        ...

    def stored_zooms(self) -> tuple[int, ...]:
        """Zooms that have tiles, ascending."""
        ...

    def stored_box(self, zooms: Sequence[int]) -> Bounds | None:
        """Bounds of the tiles of the finest of these zooms that has few enough to list."""
        ...


@runtime_checkable
class PassingOn(Reader, Protocol):
    """A reader that delegates to another reader."""

    @property
    def reader(self) -> Reader: ...


class DatedReader(Reader, Protocol):
    """A reader of many dates of the same place."""

    @property
    def bands(self) -> tuple[str, ...]: ...
    @property
    def dates(self) -> tuple[Overpass, ...]:
        """By time."""
        ...

    @property
    def scenes(self) -> tuple[Scene, ...]: ...
    @property
    def reading(self) -> Reading: ...
    @property
    def lattice(self) -> Lattice | None: ...


@runtime_checkable
class Dated(Reader, Protocol):
    """A reader of satellite scenes that can be viewed date by date."""

    def by_date(self) -> DatedReader: ...


@runtime_checkable
class TileWriter(Writer, Protocol):
    """A writer that stores each output tile separately, so that it can be viewed."""

    @property
    def files(self) -> TileFiles: ...
    def in_memory(self) -> TileWriter:
        """A writer of the same tiles that keeps them in memory."""
        ...

    def reader(self) -> TiledReader:
        """Reader of what it stores, whether or not anything exists yet."""
        ...

    def appearance(self) -> Appearance: ...


@runtime_checkable
class Spooling(Writer, Protocol):
    """A writer whose tiles are spooled in a directory until they are assembled."""

    @property
    def spool(self) -> TileWriter: ...


@runtime_checkable
class LookingBack(Writer, Protocol):
    """A writer that can check efficiently which of very many tiles existed before a run."""

    def looking_back(self) -> Writer:
        """Only for these checks: it need not notice what the run itself writes."""
        ...


def tile_writer(writer: Writer) -> TileWriter:
    """The writer itself if it stores tiles; for a single file the writer of its spooled tiles.

    Raises `ConfigError` for writers of other packages that do not store single tiles.
    """
    if isinstance(writer, Spooling):
        return writer.spool
    if isinstance(writer, TileWriter):
        return writer
    raise ConfigError("outputs of this format cannot be looked at tile by tile", key="output")
