"""A directory of raster tiles as an input on a tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.formats._input_tile import MapcheteRasterTile, filled, reading_with
from automap_tiles.formats.tiles._missing_zooms import report_missing_zooms
from automap_tiles.formats.tiles._pixels import read_pixels
from automap_tiles.grid import GridLike, Tile, unit_parts

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.formats.tiles._directory import TileDirectory


class PixelTile(MapcheteRasterTile):
    """A directory of raster tiles as an input on a tile."""

    __slots__ = ("_source", "tile")

    _source: TileDirectory
    tile: Tile

    def __init__(self, tile: Tile, source: TileDirectory) -> None:
        self.tile = tile
        self._source = source

    def read(  # noqa: PLR0913 - mapchete's keywords
        self,
        indexes: int | Sequence[int] | None = None,
        resampling: str | None = None,
        *,
        tile_directory_zoom: int | None = None,
        matching_method: str = "gdal",
        matching_max_zoom: int | None = None,
        matching_precision: int = 8,
        fallback_to_higher_zoom: bool = False,
        dst_nodata: float | None = None,
        gdal_opts: Mapping[str, Any] | None = None,
    ) -> RasterArray:
        """Pixels: (y, x) for one band number, (band, y, x) for several or all (None).

        They are read from the zoom that matches the tile, or from `tile_directory_zoom`; with
        `fallback_to_higher_zoom` from a coarser one if the matching one has no tiles. `dst_nodata`
        is the value under the mask; `gdal_opts` are GDAL options.
        """
        matching = replace(
            self._source.matching,
            zoom=tile_directory_zoom,
            method=matching_method,
            precision=matching_precision,
            max_zoom=_or(matching_max_zoom, self._source.matching.max_zoom),
            fall_back=fallback_to_higher_zoom,
        )
        wanted = self._wanted(indexes)

        def zoom_at(grid: GridLike) -> int:
            return self._source.zoom_at(self.tile, grid, matching)

        with reading_with(gdal_opts):
            data = read_pixels(
                self._source.files,
                self._source.pixel_format(),
                self._source.decoder,
                self.tile,
                zoom_at=zoom_at,
                indexes=wanted,
                resampling=resampling or self._source.resampling,
            )
        # an explicit zoom may be empty: a preview, before it is computed
        if tile_directory_zoom is None and np.ma.getmaskarray(data).all():
            zooms = {zoom_at(part.grid) for part in unit_parts(self.tile)}
            report_missing_zooms(self._source.files, zooms)
        data = filled(data, dst_nodata)
        return data[0] if isinstance(indexes, int) else data

    @property
    def profile(self) -> dict[str, Any]:
        """Bands and CRS of the stored tiles, as in rasterio."""
        return self._profile(self._source.pyramid.crs)

    def is_empty(
        self,
        *,
        indexes: int | Sequence[int] | None = None,  # noqa: ARG002 - mapchete's keyword
        tile_directory_zoom: int | None = None,
        fallback_to_higher_zoom: bool = False,
    ) -> bool:
        matching = replace(
            self._source.matching, zoom=tile_directory_zoom, fall_back=fallback_to_higher_zoom
        )
        return self._source.is_empty(self.tile, matching)


def _or(value: int | None, default: int | None) -> int | None:
    return default if value is None else value
