"""Attributes of tiles and pyramids under the names that mapchete gives them.

Process files and scripts written for mapchete use them. Each is a thin alias; they are kept in one
module so that our own code uses only our names.
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
    """Names for extent and CRS that tiles and pyramids share."""

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
    """Names that mapchete's `BufferedTile` has in addition to ours."""

    if TYPE_CHECKING:  # Attributes of `Tile` that the aliases refer to.

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
        """Width of the tile without its buffer, CRS units."""
        bounds = self.unbuffered().bounds
        return bounds.right - bounds.left

    @property
    def y_size(self) -> float:
        bounds = self.unbuffered().bounds
        return bounds.top - bounds.bottom

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The box as GeoJSON, by the protocol of Python's geometry packages."""
        found: dict[str, Any] = self.bbox.__geo_interface__
        return found

    def get_parent(self) -> Tile | None:
        return self.parent()

    def get_children(self) -> list[Tile]:
        """The children in mapchete's order: first row eastwards, second row westwards."""
        return sorted(
            self.children(), key=lambda tile: (tile.row, -tile.col if tile.row % 2 else tile.col)
        )

    def get_neighbors(self, connectedness: Literal[4, 8] = 8) -> list[Tile]:
        """The neighbouring tiles, each once: the four sharing an edge first, then the corners.

        On a global grid neighbours wrap around the antimeridian; beyond other edges there are none.
        Raises `ValueError` unless `connectedness` is 4 or 8.
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
        """Whether the tile, buffer included, touches an edge of the pyramid."""
        own, edge = self.bounds, self.pyramid.bounds
        return (
            own.left <= edge.left
            or own.bottom <= edge.bottom
            or own.right >= edge.right
            or own.top >= edge.top
        )

    def is_valid(self) -> bool:
        """Always true: a tile outside the matrix cannot be constructed."""
        return True

    def __iter__(self) -> Iterator[int]:
        """Zoom, row and column."""
        return iter(self.index)


class PyramidWords(_Edges):
    """Names that mapchete's `BufferedTilePyramid` has in addition to ours."""

    __slots__ = ()

    if TYPE_CHECKING:  # Attributes of `Pyramid` that the aliases refer to.

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

        For a point on an edge, `on_edge_use` says which tile: right or left, bottom or top. Raises
        `GridError` for a point outside the pyramid.
        """
        if len(on_edge_use) != 2 or on_edge_use[0] not in "rl" or on_edge_use[1] not in "bt":
            raise ValueError("on_edge_use is rb, lb, rt or lt")
        edge = self.bounds
        if not (edge.left <= x <= edge.right and edge.bottom <= y <= edge.top):
            raise GridError(f"the point {x}, {y} is outside the pyramid")
        width, height = self.metatile_size(zoom)
        rows, cols = self.matrix_shape(zoom)
        col = _place((x - edge.left) / width, cols, first=on_edge_use[0] == "l")
        row = _place((edge.top - y) / height, rows, first=on_edge_use[1] == "t")
        return self.tile(zoom, row, col)

    def matrix_affine(self, zoom: int) -> Affine:
        """Affine from (column, row) of the matrix to CRS coordinates."""
        from affine import Affine

        width, height = self.metatile_size(zoom)
        return Affine(width, 0, self.bounds.left, 0, -height, self.bounds.top)


def _place(tiles: float, count: int, *, first: bool) -> int:
    """Row or column at a distance given in tiles; on an edge the first or second of the two."""
    whole = int(tiles)
    on_edge = tiles == whole
    return min(max(whole - 1 if on_edge and first else whole, 0), count - 1)
