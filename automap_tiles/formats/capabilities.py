"""Optional capabilities of readers and writers.

Who shows, copies or lists data asks for one of these, never for the class of a format.
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
    """What a map needs to know of the bands of an output before any tile is there."""

    names: tuple[str | None, ...]
    """One per band; None: it has no name."""
    dtype: str
    alpha: int | None = None
    """Number of the band that says how opaque a pixel is, from 1."""
    scales: tuple[float, ...] = ()
    """Value = number · scale + offset, one per band; empty: 1."""
    offsets: tuple[float, ...] = ()
    units: tuple[str | None, ...] = ()
    colorinterp: tuple[str, ...] = ()
    """Colour interpretations named as in GDAL."""
    class_names: Mapping[int, str] = field(default_factory=dict)
    """Of the values of band 1."""
    class_colours: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """(r, g, b) or (r, g, b, a) of the values of band 1."""


class RasterLook(Protocol):
    """What a raster, or one tile of many, says of itself; each part raises `InputError`."""

    @property
    def info(self) -> raster.RasterInfo: ...
    @property
    def about(self) -> RasterFacts: ...
    @property
    def legend(self) -> ClassLegend:
        """Of band 1."""
        ...


class FileLook:
    """A look at what GDAL opens."""

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
    """A reader whose bands can be described by looking at it."""

    def look(self) -> RasterLook | None:
        """None where it has no bands, or none yet; raises `InputError`."""
        ...


class ZoomedInput(InputTile, Protocol):
    """Stored tiles seen from a tile, which may be read from any zoom."""

    def read(
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,
        *,
        tile_directory_zoom: int | None = None,
    ) -> RasterArray: ...


@runtime_checkable
class TiledReader(Describing, Protocol):
    """A reader of stored tiles, each of which can be found by its index."""

    @property
    def pyramid(self) -> Pyramid:
        """Of the stored tiles."""
        ...

    @property
    def bounds(self) -> Bounds | None:
        """Box of the data in the CRS of the pyramid, where somebody said it."""
        ...

    @property
    def matching(self) -> Matching: ...
    def zoom_at(self, tile: Tile, grid: GridLike, matching: Matching) -> int:
        """The zoom that a part of a tile is read from."""
        ...

    def pixels_at(self, tile: Tile) -> ZoomedInput:
        """Of rasters: as `at`, to be read from a zoom of one's own choice."""
        ...

    def pixel_format(self) -> PixelFormat:
        """Bands and dtype; raises `InputError` when there are no tiles to look at."""
        ...

    def stamps(self, tile: Tile, zoom: int) -> list[str | None]:
        """Of the stored tiles of a zoom under a tile of any grid: each changes when its tile does.

        None: that tile is not there.
        """
        ...

    def stored_zooms(self) -> tuple[int, ...]:
        """Zooms that have tiles, ascending."""
        ...

    def stored_box(self, zooms: Sequence[int]) -> Bounds | None:
        """Box of the tiles of the finest of these zooms that has not too many to look at."""
        ...


@runtime_checkable
class PassingOn(Reader, Protocol):
    """A reader of what another reader reads."""

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
    """A reader of a satellite's scenes, which may be looked at date by date."""

    def by_date(self) -> DatedReader: ...


@runtime_checkable
class TileWriter(Writer, Protocol):
    """A writer that stores each output tile by itself, so that it can be looked at."""

    @property
    def files(self) -> TileFiles: ...
    def in_memory(self) -> TileWriter:
        """A writer of the same tiles that keeps them in memory."""
        ...

    def reader(self) -> TiledReader:
        """Of what it stores, whether anything is there yet or not."""
        ...

    def appearance(self) -> Appearance: ...


@runtime_checkable
class Spooling(Writer, Protocol):
    """A writer whose tiles wait in a directory until they are put together."""

    @property
    def spool(self) -> TileWriter: ...


@runtime_checkable
class LookingBack(Writer, Protocol):
    """A writer that can be asked of very many tiles whether they were there before a run."""

    def looking_back(self) -> Writer:
        """For these questions alone: what the run itself writes it need not notice."""
        ...


def tile_writer(writer: Writer) -> TileWriter:
    """The writer itself where it stores tiles, of a single file that of the tiles beside it.

    Raises `ConfigError` for writers of other packages that store nothing tile by tile.
    """
    if isinstance(writer, Spooling):
        return writer.spool
    if isinstance(writer, TileWriter):
        return writer
    raise ConfigError("outputs of this format cannot be looked at tile by tile", key="output")
