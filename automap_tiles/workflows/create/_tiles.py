"""A tile directory as the source of a new process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import GridError, InputError
from automap_tiles.formats import OutputKind
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.formats.raster_file import size_in
from automap_tiles.formats.tiles import METADATA_NAME
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.storage import open_storage
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows.tiles.stored_tiles import TileSelection, open_stored_tiles

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, kw_only=True)
class FinestTiles:
    """The extent of a folder's tiles at its finest zoom, and its zooms."""

    path: str
    pyramid: Pyramid
    zooms: tuple[int, ...]
    """Ascending."""
    box: Bounds
    """In the CRS of the pyramid."""

    def __str__(self) -> str:
        return f"zooms {self.zooms[0]} to {self.zooms[-1]}"

    def area_in(self, crs: CRS) -> BaseGeometry:
        """The box in a CRS."""
        return reproject_geometry(self.box.polygon(), self.pyramid.crs, crs)

    def pixel_size(self, crs: CRS) -> float:
        """Pixel size of the finest zoom; raises `InputError` if it is undefined there."""
        width, height = self.pyramid.pixel_size(self.zooms[-1])
        if crs == self.pyramid.crs:
            return width
        shape = round(self.box.height / height), round(self.box.width / width)
        try:
            return size_in(crs, self.pyramid.crs, self.box, shape)
        except GridError as error:
            raise InputError(str(error), self.path) from error

    def entry(self, written: str, pyramid: Pyramid) -> Any:
        """Its entry under `input`; `written` is its path there.

        On another grid, the zoom that matches a tile may be finer than all zooms of the folder.
        """
        if pyramid.same_grid(self.pyramid):
            return written
        return {"format": "TileDirectory", "path": written, "max_zoom": self.zooms[-1]}

    def zooms_on(self, pyramid: Pyramid) -> tuple[int, int]:
        """First and last zoom of another pyramid with matching pixel sizes."""
        if pyramid.same_grid(self.pyramid):
            return self.zooms[0], self.zooms[-1]
        finest = pyramid.zoom_of(self.pixel_size(pyramid.crs))
        return finest, finest


def kind_of_tiles(source: str) -> OutputKind | None:
    """Content of the tiles of a folder; None if it is not a tile directory."""
    return open_stored_tiles(source).metadata.kind if _holds_tiles(source) else None


def _holds_tiles(source: str) -> bool:
    return not is_process_file(source) and open_storage(source).exists(METADATA_NAME)


def finest_tiles(source: str) -> FinestTiles | None:
    """The tiles of a folder; None if it is something else.

    Raises `InputError` if it contains no tile.
    """
    if not _holds_tiles(source):
        return None
    stored = open_stored_tiles(source)
    zooms = sorted({index.zoom for index in stored.existing(TileSelection())})
    if not zooms:
        raise InputError("there is no tile in it", source)
    bare = stored.pyramid.replace(pixelbuffer=0)
    boxes = [
        bare.tile(*index).bounds for index in stored.existing(TileSelection(zooms=(zooms[-1],)))
    ]
    return FinestTiles(
        path=source, pyramid=stored.pyramid, zooms=tuple(zooms), box=reduce(_around, boxes)
    )


def _around(one: Bounds, other: Bounds) -> Bounds:
    return Bounds(
        min(one.left, other.left),
        min(one.bottom, other.bottom),
        max(one.right, other.right),
        max(one.top, other.top),
    )
