"""What process files written for mapchete ask an input on a tile for, by its names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.raster.env import gdal_options

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.crs import CRS

    from automap_tiles.formats._protocols import RasterArray
    from automap_tiles.grid import Bounds, Tile


class SeenFromTile:
    """Names that inputs of mapchete have beside those of ours: they tell of the tile."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def tile(self) -> Tile: ...

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


def filled(pixels: RasterArray, nodata: float | None) -> RasterArray:
    """With another value under the mask, if one is wanted."""
    if nodata is None:
        return pixels
    data = np.where(np.ma.getmaskarray(pixels), np.asarray(nodata, pixels.dtype), pixels.data)
    return np.ma.MaskedArray(data, np.ma.getmaskarray(pixels), fill_value=nodata)


def reading_with(options: Mapping[str, Any] | None) -> AbstractContextManager[None]:
    """Options of GDAL for one read; none are those of the thread."""
    return gdal_options(options) if options else nullcontext()
