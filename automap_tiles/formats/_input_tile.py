"""Input tiles with the attribute names that processes written for mapchete expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.raster.env import gdal_options

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.formats.bands import BandTable
    from automap_tiles.formats.tiles import PixelFormat
    from automap_tiles.grid import Bounds, Tile


class InputTileContext:
    """An input on a tile, as a context manager with nothing to close."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def path(self) -> str: ...
        @property
        def tile(self) -> Tile: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}, {self.tile.index})"


class MapcheteInputTile(InputTileContext):
    """Names of mapchete's inputs in addition to ours: properties of the tile."""

    __slots__ = ()

    @property
    def bounds(self) -> Bounds:
        return self.tile.bounds

    @property
    def crs(self) -> CRS:
        return self.tile.crs

    @property
    def shape(self) -> tuple[int, int]:
        return self.tile.shape

    @property
    def transform(self) -> Affine:
        return self.tile.transform

    @property
    def pixelbuffer(self) -> int:
        return self.tile.pixelbuffer


class PixelSource(Protocol):
    """Source of the pixels of a tile."""

    @property
    def path(self) -> str: ...
    def pixel_format(self) -> PixelFormat: ...
    def describe_bands(self) -> BandTable: ...
    def footprint(self, crs: CRS) -> BaseGeometry: ...


class MapcheteRasterTile(MapcheteInputTile):
    """Pixels on a tile whose storage format is known in advance."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def _source(self) -> PixelSource: ...

    @property
    def path(self) -> str:
        return self._source.path

    @property
    def bbox(self) -> BaseGeometry:
        """Area that may have data, in the CRS of the tile."""
        return self._source.footprint(self.tile.crs)

    def describe_bands(self) -> BandTable:
        return self._source.describe_bands()

    def _profile(self, crs: CRS) -> dict[str, Any]:
        """Bands and CRS, as rasterio tells them."""
        found = self._source.pixel_format()
        return {"dtype": found.dtype, "nodata": found.nodata, "count": found.count, "crs": crs}

    def _wanted(self, indexes: int | Sequence[int] | None) -> list[int]:
        """Band numbers, from 1; raises `InputError` for one that does not exist."""
        count = self._source.pixel_format().count
        wanted = [indexes] if isinstance(indexes, int) else list(indexes or range(1, count + 1))
        if outside := [band for band in wanted if not 1 <= band <= count]:
            raise InputError(f"has bands 1 to {count}, not {outside[0]}", self.path)
        return wanted


def filled(pixels: RasterArray, nodata: float | None) -> RasterArray:
    """With another fill value under the mask, if requested."""
    if nodata is None:
        return pixels
    data = np.where(np.ma.getmaskarray(pixels), np.asarray(nodata, pixels.dtype), pixels.data)
    return np.ma.MaskedArray(data, np.ma.getmaskarray(pixels), fill_value=nodata)


def reading_with(options: Mapping[str, Any] | None) -> AbstractContextManager[None]:
    """GDAL options for one read, in addition to those of the thread."""
    return gdal_options(options) if options else nullcontext()
