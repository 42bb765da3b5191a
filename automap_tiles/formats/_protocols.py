"""What readers and writers of any format promise."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._glance import Glance
    from automap_tiles.formats.bands import BandTable
    from automap_tiles.grid import Pyramid, Tile, TileIndex
    from automap_tiles.notes import Note
    from automap_tiles.storage import Cleaned

    RasterArray: TypeAlias = np.ma.MaskedArray[Any, np.dtype[Any]]
    """(band, y, x), mask True = no data."""
    BoolArray: TypeAlias = NDArray[np.bool_]
    """(y, x)"""

Feature: TypeAlias = dict[str, Any]
"""GeoJSON-like: `{"type": "Feature", "geometry": {...}, "properties": {...}}`."""


Counts: TypeAlias = Mapping[str, Mapping[str, int]]
"""Whole numbers that are summed up over tiles, in two levels of names."""


class OutputKind(enum.Enum):
    """What a tile is made of."""

    RASTER = "raster"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Tiled:
    """What is stored for one tile."""

    data: Any
    """Masked array (band, y, x) in the output's dtype, nodata under the mask; or features."""
    tags: Mapping[str | int, Any] = field(default_factory=dict)
    """Tags of the file; under the number of a band a mapping of the tags of that band."""
    counts: Counts = field(default_factory=dict)
    """What the function counted on the tile."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What `execute` may return to have something summed up over all tiles of the output."""

    result: Any
    """What it would return without."""
    counts: Counts
    """Of the tile without its buffer; the sums are for the function `sum_up` of the module."""


OutputData: TypeAlias = Tiled


class StoredFile(NamedTuple):
    """A file as it was stored: what it must be like when it is looked at again."""

    key: str
    """Below the path of the writer; of a single file what follows its path: `""`, `.aux.xml`."""
    size: int
    """Bytes."""
    checksum: int
    """`automap_tiles.storage.checksum` of the content."""


@runtime_checkable
class InputTile(Protocol):
    """An input seen from one tile: what a process function receives."""

    @property
    def tile(self) -> Tile: ...

    def is_empty(self) -> bool:
        """Whether there can be no data on the tile."""
        ...

    def __enter__(self) -> InputTile: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class RasterInput(InputTile, Protocol):
    """A raster on the grid of a tile."""

    def read(
        self, indexes: int | Sequence[int] | None = None, resampling: str = "nearest"
    ) -> RasterArray:
        """Pixels: (y, x) for one band number, (band, y, x) for several or all (None)."""
        ...

    def describe_bands(self) -> BandTable:
        """Names and units of the bands."""
        ...


@runtime_checkable
class VectorInput(InputTile, Protocol):
    """Features on a tile, in its CRS, clipped to its box."""

    def read(
        self, validity_check: bool = True, clip_to_crs_bounds: bool = False
    ) -> list[Feature]: ...

    def read_union_geometry(self, *, pixelbuffer: int = 0) -> BaseGeometry:
        """All features as one geometry, widened by so many pixels."""
        ...

    def read_as_raster_mask(
        self,
        all_touched: bool = False,
        invert: bool = False,
        *,
        pixelbuffer: int = 0,
        band_count: int | None = None,
    ) -> BoolArray:
        """Mask of the tile: False on features and True elsewhere; with `invert` the reverse."""
        ...


@runtime_checkable
class WholeVectorInput(VectorInput, Protocol):
    """Features on a tile that can be had whole, and burnt with values of their own."""

    def read_whole(self) -> list[Feature]:
        """Features that reach into the tile's box, whole."""
        ...

    def read_as_raster_values(
        self,
        value_of: Callable[[Feature], int],
        order_of: Callable[[Feature], Any],
        *,
        all_touched: bool = False,
        pixelbuffer: float = 0,
        finer: int = 1,
    ) -> NDArray[np.uint8]:
        """Values of features (y, x), 1 to 255, burnt in an order, each over those before; 0: none.

        `pixelbuffer` widens features by so many pixels, or shrinks them; `finer`: so many times as
        many pixels along each side.
        """
        ...


@runtime_checkable
class Reader(Protocol):
    """A source of data.

    Readers are picklable, may be used by many threads at once, and open nothing before they are
    asked.
    """

    @property
    def path(self) -> str:
        """Where the data are, as the user wrote it."""
        ...

    @property
    def kind(self) -> OutputKind: ...

    def footprint(self, crs: CRS) -> BaseGeometry:
        """Area that can have data, in a CRS; at least all that has. Raises `InputError`."""
        ...

    def fingerprint(self) -> str:
        """Changes when the data change."""
        ...

    def at(self, tile: Tile) -> InputTile:
        """The source seen from a tile; reads nothing yet."""
        ...


@runtime_checkable
class RasterReader(Reader, Protocol):
    """A source of pixels."""

    def describe_bands(self) -> BandTable:
        """Names and units of the bands; raises `InputError`."""
        ...

    def glance(self) -> Glance:
        """A few of its pixels and their size, read in no time; raises `InputError`."""
        ...


@runtime_checkable
class Sized(Protocol):
    """A reader that knows how fine its pixels are, and how much there is."""

    def pixel_size(self, crs: CRS) -> float:
        """Edge of its finest pixels in units of a CRS; raises `InputError`."""
        ...

    def contents(self) -> str:
        """How much it is, in a few words."""
        ...


@runtime_checkable
class Advising(Protocol):
    """A writer that knows what should be known before the first tile."""

    def advice(self) -> tuple[Note, ...]:
        """What it assumes because nobody said it."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A place for the results of a process.

    Addressed by process tiles: a tile of any metatiling and pixel buffer on the output's grid.
    The writer cuts its own output tiles out of them. Writers are picklable and may be used by many
    threads and processes at once.
    """

    @property
    def path(self) -> str: ...
    @property
    def pyramid(self) -> Pyramid:
        """Of the output tiles."""
        ...

    @property
    def process_pyramid(self) -> Pyramid: ...
    @property
    def kind(self) -> OutputKind: ...
    @property
    def lossless(self) -> bool:
        """Whether what is read back equals what was written, bit by bit."""
        ...

    @property
    def nodata(self) -> float | None:
        """Value of pixels without data; None for features."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Of all bands, not compressed; 0 for features."""
        ...

    def prepare(self, *, area: BaseGeometry | None = None, overwrite: bool = False) -> None:
        """Make the folder and its description; once, before the first tile.

        `area` is where tiles will be, in the CRS of the pyramid: the extent of a single file.
        `overwrite` allows other bands or another dtype than those of the tiles there. Raises
        `OutputMismatch` when something of another pyramid or format is there, `OutputError` when
        it cannot be written.
        """
        ...

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        """What will be stored of a function's return value; None when there is nothing to write.

        Raises `ProcessResultError` for values that cannot be stored, `ValueOverflow` when asked to.
        """
        ...

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        """Store what `convert` gave, and say what was stored.

        Output tiles without any data are removed, and not among the files.
        """
        ...

    def read(self, tile: Tile) -> Tiled | None:
        """What is stored on the tile, its buffer included; None when nothing is."""
        ...

    def exists(self, tile: Tile) -> bool:
        """Whether anything is stored on the tile."""
        ...

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]: ...
    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        """Those of which all is stored that may be: every one of several output tiles."""
        ...

    def stored(self, names: Sequence[str]) -> set[str]:
        """Those of the files, by the names that `write` gave, that are there."""
        ...

    def delete(self, tile: Tile) -> None: ...
    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        """Once after the last tile: single files are put together here, and returned.

        `summary` is what the process says of the whole output, plain JSON values by name: each goes
        into a JSON file in the folder or beside the single file, where it is a tag as well.
        """
        ...

    def clean(self) -> Cleaned:
        """Remove what a killed run left behind: part files, never tiles."""
        ...

    def fingerprint(self) -> str:
        """Changes when tiles written now would differ from those written before."""
        ...


@runtime_checkable
class Recut(Protocol):
    """A writer whose output ends somewhere, and may end elsewhere later."""

    def end_with_area(self) -> None:
        """End where the area does, though what is there goes on or ends before.

        For processes whose area is what their inputs reach: beyond it there was nothing.
        """
        ...


@runtime_checkable
class PixelWriter(Writer, Protocol):
    """A writer that knows the type of its pixels."""

    @property
    def dtype(self) -> str:
        """As NumPy names it."""
        ...
