"""Protocols of readers, and of the input tiles that process functions receive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import BoolArray, Feature, OutputKind, RasterArray
    from automap_tiles.formats._pixel_sample import PixelSample
    from automap_tiles.formats.bands import BandTable
    from automap_tiles.grid import Tile


@runtime_checkable
class InputTile(Protocol):
    """An input on one tile, as a process function receives it."""

    @property
    def tile(self) -> Tile: ...

    def is_empty(self) -> bool:
        """Whether there is certainly no data on the tile."""
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
        """The union of all features, buffered by `pixelbuffer` pixels."""
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
    """Features on a tile, also available unclipped and burnt with individual values."""

    def read_whole(self) -> list[Feature]:
        """Features that intersect the tile's box, unclipped."""
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
        """Values (y, x) from 1 to 255 of features burnt over each other in order; 0: none.

        `pixelbuffer` buffers features by this many pixels (negative: shrinks them); `finer`
        multiplies the number of pixels along each side.
        """
        ...


@runtime_checkable
class Reader(Protocol):
    """A source of data.

    Readers are picklable and thread-safe, and do no I/O before a method is called.
    """

    @property
    def path(self) -> str:
        """Path of the data, as the user wrote it."""
        ...

    @property
    def kind(self) -> OutputKind: ...

    def footprint(self, crs: CRS) -> BaseGeometry:
        """Area that may have data, in a CRS; covers all data. Raises `InputError`."""
        ...

    def fingerprint(self) -> str:
        """Fingerprint that changes with the data."""
        ...

    def at(self, tile: Tile) -> InputTile:
        """The source on a tile; reads nothing yet."""
        ...


@runtime_checkable
class RememberedReader(Reader, Protocol):
    """A source whose fingerprint had a different form in earlier versions."""

    def earlier_fingerprint(self) -> str | None:
        """The earlier form; None if unchanged."""
        ...


@runtime_checkable
class RasterReader(Reader, Protocol):
    """A source of pixels."""

    def describe_bands(self) -> BandTable:
        """Names and units of the bands; raises `InputError`."""
        ...

    def pixel_sample(self) -> PixelSample:
        """A small sample of the pixels and their size, read quickly; raises `InputError`."""
        ...


@runtime_checkable
class Sized(Protocol):
    """A reader that knows its resolution and amount of data."""

    def pixel_size(self, crs: CRS) -> float:
        """Size of its finest pixels in units of a CRS; raises `InputError`."""
        ...

    def contents(self) -> str:
        """Amount of data, in a few words."""
        ...
