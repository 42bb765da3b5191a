"""What process files and scripts written for mapchete ask tiles and pyramids for, by its names.

Each is a few words in ours; they stand in one place, so that our own code goes on with ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, cast

from automap_tiles.errors import GridError

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.crs import CRS
    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid._bounds import Bounds
    from automap_tiles.grid._index import TileIndex
    from automap_tiles.grid._tile import Tile
    from automap_tiles.grid.pyramid import Pyramid


class _Edges:
    """Names of where something lies that both have."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def crs(self) -> CRS: ...
        @property
        def bounds(self) -> Bounds: ...

    @property
    def left(self) -> float:
        return self.bounds.left

    @property
    def bottom(self) -> float:
        return self.bounds.bottom

    @property
    def right(self) -> float:
        return self.bounds.right

    @property
    def top(self) -> float:
        return self.bounds.top

    @property
    def srid(self) -> int | None:
        epsg: int | None = self.crs.to_epsg()
        return epsg


class TileWords(_Edges):
    """Names that mapchete's `BufferedTile` has beside those of ours."""

    if TYPE_CHECKING:  # what `Tile` has, and these are words for

        @property
        def index(self) -> TileIndex: ...
        @property
        def pyramid(self) -> Pyramid: ...
        @property
        def transform(self) -> Affine: ...
        @property
        def shape(self) -> tuple[int, int]: ...
        @property
        def bbox(self) -> Polygon: ...
        def parent(self) -> Tile | None: ...
        def children(self) -> list[Tile]: ...
        def unbuffered(self) -> Tile: ...

    @property
    def id(self) -> TileIndex:
        return self.index

    @property
    def affine(self) -> Affine:
        return self.transform

    @property
    def tp(self) -> Pyramid:
        return self.pyramid

    @property
    def tile_pyramid(self) -> Pyramid:
        return self.pyramid

    @property
    def buffered_tp(self) -> Pyramid:
        return self.pyramid

    @property
    def height(self) -> int:
        return self.shape[0]

    @property
    def width(self) -> int:
        return self.shape[1]

    @property
    def x_size(self) -> float:
        """Of the tile without its buffer, CRS units."""
        bounds = self.unbuffered().bounds
        return bounds.right - bounds.left

    @property
    def y_size(self) -> float:
        bounds = self.unbuffered().bounds
        return bounds.top - bounds.bottom

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The box as GeoJSON; what Python's geometry packages take a shape by."""
        found: dict[str, Any] = self.bbox.__geo_interface__
        return found

    def get_parent(self) -> Tile | None:
        return self.parent()

    def get_children(self) -> list[Tile]:
        """In mapchete's order: the first row from the west, the second from the east."""
        return sorted(
            self.children(), key=lambda tile: (tile.row, -tile.col if tile.row % 2 else tile.col)
        )

    def get_neighbors(self, connectedness: Literal[4, 8] = 8) -> list[Tile]:
        """The tiles beside this one, each once: four of them first, then those at the corners.

        Over the antimeridian of a global grid it goes on on the other side; beyond other edges
        there are none. Raises `ValueError` for another number than 4 or 8.
        """
        if connectedness not in (4, 8):
            raise ValueError("connectedness is 4 or 8")
        pyramid = self.pyramid
        zoom, own_row, own_col = self.index
        rows, cols = pyramid.matrix_shape(zoom)
        steps = [(-1, 0), (0, 1), (1, 0), (0, -1)]
        if connectedness == 8:
            steps += [(-1, 1), (1, 1), (1, -1), (-1, -1)]
        found: dict[tuple[int, int], None] = {}
        for down, right in steps:
            row, col = own_row + down, own_col + right
            if pyramid.is_global:
                col %= cols
            if 0 <= row < rows and 0 <= col < cols and (row, col) != (own_row, own_col):
                found[row, col] = None
        return [pyramid.tile(zoom, row, col) for row, col in found]

    def is_on_edge(self) -> bool:
        """Whether it touches an edge of the pyramid, or its buffer does."""
        own, edge = self.bounds, self.pyramid.bounds
        return (
            own.left <= edge.left
            or own.bottom <= edge.bottom
            or own.right >= edge.right
            or own.top >= edge.top
        )

    def is_valid(self) -> bool:
        """A tile outside of the matrix is refused when it is made."""
        return True

    def __iter__(self) -> Iterator[int]:
        """Zoom, row and column."""
        return iter(self.index)


class PyramidWords(_Edges):
    """Names that mapchete's `BufferedTilePyramid` has beside those of ours."""

    __slots__ = ()

    if TYPE_CHECKING:  # what `Pyramid` has, and these are words for

        def matrix_shape(self, zoom: int) -> tuple[int, int]: ...
        def pixel_size(self, zoom: int) -> tuple[float, float]: ...
        def metatile_size(self, zoom: int) -> tuple[float, float]: ...
        def tile(self, zoom: int, row: int, col: int) -> Tile: ...
        def replace(
            self, *, metatiling: int | None = None, pixelbuffer: int | None = None
        ) -> Pyramid: ...

    def matrix_height(self, zoom: int) -> int:
        return self.matrix_shape(zoom)[0]

    def matrix_width(self, zoom: int) -> int:
        return self.matrix_shape(zoom)[1]

    def pixel_x_size(self, zoom: int) -> float:
        return self.pixel_size(zoom)[0]

    def pixel_y_size(self, zoom: int) -> float:
        return self.pixel_size(zoom)[1]

    def without_pixelbuffer(self) -> Pyramid:
        return self.replace(pixelbuffer=0)

    def intersecting(self, tile: Tile) -> list[Tile]:
        """Tiles of this pyramid that share area with a tile of another metatiling."""
        return tile.intersecting(cast("Pyramid", self))

    def tiles_from_geom(
        self,
        geometry: BaseGeometry,
        zoom: int,
        batch_by: str | None = None,  # noqa: ARG002 - an order of mapchete's own
        exact: bool = False,  # noqa: ARG002 - ours are always exact
    ) -> Iterator[Tile]:
        """Tiles of a zoom that share area with a geometry in the CRS of the pyramid."""
        from automap_tiles.grid.cover import tiles

        return (self.tile(*index) for index in tiles(cast("Pyramid", self), geometry, zoom))

    def tiles_from_bounds(self, bounds: Any, zoom: int) -> Iterator[Tile]:
        """Tiles of a zoom that share area with left, bottom, right, top."""
        from shapely import box

        return self.tiles_from_geom(box(*bounds), zoom)

    def tiles_from_bbox(self, geometry: BaseGeometry, zoom: int) -> Iterator[Tile]:
        """Tiles of a zoom that share area with the box of a geometry."""
        return self.tiles_from_bounds(geometry.bounds, zoom)

    def tile_from_xy(self, x: float, y: float, zoom: int, on_edge_use: str = "rb") -> Tile:
        """The tile around a point.

        Of one on an edge the letters say which: right or left, bottom or top. Raises `GridError`
        for a point outside of the pyramid.
        """
        if len(on_edge_use) != 2 or on_edge_use[0] not in "rl" or on_edge_use[1] not in "bt":
            raise ValueError("on_edge_use is rb, lb, rt or lt")
        edge = self.bounds
        if not (edge.left <= x <= edge.right and edge.bottom <= y <= edge.top):
            raise GridError(f"the point {x}, {y} is outside of the pyramid")
        width, height = self.metatile_size(zoom)
        rows, cols = self.matrix_shape(zoom)
        col = _place((x - edge.left) / width, cols, first=on_edge_use[0] == "l")
        row = _place((edge.top - y) / height, rows, first=on_edge_use[1] == "t")
        return self.tile(zoom, row, col)

    def matrix_affine(self, zoom: int) -> Affine:
        """From places in the matrix to coordinates."""
        from affine import Affine

        width, height = self.metatile_size(zoom)
        return Affine(width, 0, self.bounds.left, 0, -height, self.bounds.top)


def _place(tiles: float, count: int, *, first: bool) -> int:
    """Row or column at a distance told in tiles; on an edge the first or the second of the two."""
    whole = int(tiles)
    on_edge = tiles == whole
    return min(max(whole - 1 if on_edge and first else whole, 0), count - 1)
