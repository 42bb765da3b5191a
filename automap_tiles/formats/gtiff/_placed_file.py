"""A single large raster in a folder or an object store, which may not exist yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rasterio

from automap_tiles import raster
from automap_tiles.raster.datasets import forget
from automap_tiles.raster.drivers import open_dataset
from automap_tiles.storage import Storage, is_remote

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray
    from automap_tiles.grid import Grid, Tile


@dataclass(frozen=True, kw_only=True)
class PlacedFile:
    """Location of the file.

    GDAL would continue to use its cache of an object after that has been replaced, so remote files
    are reopened each time.
    """

    folder: Storage
    name: str
    """In its folder."""
    nodata: float | None

    @property
    def path(self) -> str:
        return f"{self.folder.root.rstrip('/')}/{self.name}"

    def exists(self) -> bool:
        return self.folder.exists(self.name)

    def delete(self) -> None:
        self.folder.delete(self.name)

    def inspect(self) -> raster.RasterInfo:
        """Metadata of the raster."""
        with self._anew():
            if is_remote(self.folder.root):
                forget(self._url)
            return raster.inspect(self._url)

    def read(self, target: Tile | Grid) -> RasterArray:
        """Pixels on a tile or grid, (band, y, x)."""
        if not is_remote(self.folder.root):
            return raster.read(self._url, target, nodata=self.nodata)
        with self._anew():
            forget(self._url)
            data: RasterArray = raster.read(self._url, target, nodata=self.nodata)
            forget(self._url)
            return data

    def band_tags(self) -> dict[int, dict[str, str]]:
        """Tags by band number."""
        with self._anew(), open_dataset(self._url) as dataset:
            return {band: dict(dataset.tags(band)) for band in dataset.indexes}

    @property
    def _url(self) -> str:
        return self.folder.url(self.name)

    def _anew(self) -> Any:
        return rasterio.Env(CPL_VSIL_CURL_NON_CACHED=self.folder.url(""))
