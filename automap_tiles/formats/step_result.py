"""The result of one step of a process as the input of another, on a tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.formats._input_tile import MapcheteRasterTile, PixelSource, filled
from automap_tiles.formats._pixel_sample import PixelSample
from automap_tiles.formats._writers import PixelWriter
from automap_tiles.formats.bands import BandTable
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles import PixelFormat, blank
from automap_tiles.grid import GridLike, Tile
from automap_tiles.vector import ground_size

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

__all__ = [
    "PixelProvider",
    "PixelSample",
    "PixelSource",
    "StepResultTile",
    "band_table",
    "expected_sample",
    "pixel_format",
]


class PixelProvider(Protocol):
    """Gives the pixels of the tile, when they are first asked for."""

    def __call__(self) -> RasterArray | None:
        """(band, y, x) on the tile, to be read only; None: there are none."""
        ...


class StepResultTile(MapcheteRasterTile):
    """The result of another step on a tile; made when it is first asked for."""

    __slots__ = ("_pixels", "_source", "tile")

    _source: PixelSource
    tile: Tile

    def __init__(self, tile: Tile, source: PixelSource, pixels: PixelProvider) -> None:
        self.tile = tile
        self._source = source
        self._pixels = pixels

    def read(  # noqa: PLR0913 - mapchete's keywords
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,  # noqa: ARG002 - it is on the grid of the tile already
        *,
        tile_directory_zoom: int | None = None,
        matching_method: str = "gdal",  # noqa: ARG002
        matching_max_zoom: int | None = None,  # noqa: ARG002
        matching_precision: int = 8,  # noqa: ARG002
        fallback_to_higher_zoom: bool = False,  # noqa: ARG002
        dst_nodata: float | None = None,
        gdal_opts: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> RasterArray:
        """Pixels: (y, x) for one band number, (band, y, x) for several or all (None).

        Raises `InputError` for a band or a zoom that does not exist.
        """
        if tile_directory_zoom not in (None, self.tile.zoom):
            raise InputError(
                f"can be read at the zoom of the tile only ({self.tile.zoom}), not at "
                f"{tile_directory_zoom}",
                self.path,
            )
        data = filled(self._chosen(self._wanted(indexes)), dst_nodata)
        return data[0] if isinstance(indexes, int) else data

    def _chosen(self, wanted: list[int]) -> RasterArray:
        """A copy of some bands: what a function does to it is its own business."""
        found = self._pixels()
        if found is None:
            pixels = self._source.pixel_format()
            shape = (len(wanted), *self.tile.shape)
            return blank(shape, np.dtype(pixels.dtype), pixels.nodata)
        places = [band - 1 for band in wanted]
        return np.ma.MaskedArray(
            found.data[places], np.ma.getmaskarray(found)[places], fill_value=found.fill_value
        )

    @property
    def profile(self) -> dict[str, Any]:
        """Bands and CRS, as rasterio tells them."""
        return self._profile(self.tile.crs)

    def is_empty(
        self,
        *,
        indexes: int | Sequence[int] | None = None,  # noqa: ARG002 - mapchete's keywords
        tile_directory_zoom: int | None = None,  # noqa: ARG002
        fallback_to_higher_zoom: bool = False,  # noqa: ARG002
    ) -> bool:
        found = self._pixels()
        return found is None or bool(np.ma.getmaskarray(found).all())


def pixel_format(writer: PixelWriter, looks: Appearance) -> PixelFormat:
    """What a writer would store."""
    return PixelFormat(count=len(looks.names), dtype=writer.dtype, nodata=writer.nodata)


def band_table(looks: Appearance) -> BandTable:
    """Names and units of bands, as the file says them."""
    count = len(looks.names)
    return BandTable(
        names=tuple(name or f"band_{number}" for number, name in enumerate(looks.names, start=1)),
        scales=tuple(looks.scales) or (1.0,) * count,
        offsets=tuple(looks.offsets) or (0.0,) * count,
    )


def expected_sample(count: int, dtype: str, grid: GridLike) -> PixelSample:
    """What can be seen of pixels that are not made yet: how large they are."""
    return PixelSample(
        pixels=np.ma.MaskedArray(np.zeros((count, 0), dtype)), pixel=ground_size(grid)
    )
