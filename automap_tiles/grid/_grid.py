"""A raster grid: CRS, transform and shape, without pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from affine import Affine
from rasterio.crs import CRS

from automap_tiles.errors import GridError
from automap_tiles.grid._bounds import Bounds


class GridLike(Protocol):
    """Anything that pixels can be read onto: a `Grid` or a `Tile`."""

    @property
    def crs(self) -> CRS: ...
    @property
    def transform(self) -> Affine: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def bounds(self) -> Bounds: ...


@dataclass(frozen=True, slots=True)
class Grid:
    """North-up raster grid."""

    crs: CRS
    transform: Affine
    """Pixel to CRS coordinates; the rotation terms of every grid that is written are zero."""
    shape: tuple[int, int]
    """(height, width) in pixels."""

    def __hash__(self) -> int:
        # Without the CRS: hashing its WKT takes longer than comparing it.
        return hash((self.transform, self.shape))

    @classmethod
    def from_bounds(cls, bounds: Bounds, shape: tuple[int, int], crs: CRS) -> Grid:
        """Grid of the given shape that fills a box.

        Raises `GridError` when the box or the shape is empty.
        """
        height, width = shape
        if height < 1 or width < 1 or bounds.width <= 0 or bounds.height <= 0:
            raise GridError(f"no grid of shape {shape} fits into {tuple(bounds)}")
        scale = Affine.scale(bounds.width / width, -bounds.height / height)
        return cls(crs, Affine.translation(bounds.left, bounds.top) @ scale, (height, width))

    @property
    def bounds(self) -> Bounds:
        """The box around the four corners; also valid for rotated or flipped sources."""
        height, width = self.shape
        corners = [(0, 0), (width, height)]
        if not self.is_north_up:
            corners += [(width, 0), (0, height)]
        xs, ys = zip(*(self.transform @ corner for corner in corners), strict=True)
        return Bounds(min(xs), min(ys), max(xs), max(ys))

    @property
    def is_north_up(self) -> bool:
        """Whether columns run east and rows south."""
        to_map = self.transform
        return to_map.b == to_map.d == 0 and to_map.a > 0 > to_map.e

    def cf_attributes(self) -> dict[str, str]:
        """Attributes of a grid mapping: CF conventions 1.11, 5.6, and what GDAL adds to them."""
        wkt = self.crs.to_wkt()
        place = " ".join(map(str, self.transform.to_gdal()))
        return {"crs_wkt": wkt, "spatial_ref": wkt, "GeoTransform": place}

    @property
    def height(self) -> int:
        return self.shape[0]

    @property
    def width(self) -> int:
        return self.shape[1]
