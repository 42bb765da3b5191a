"""The tile over a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid, TileIndex
from automap_tiles.runtime.area import parse_crs

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def point_box(pyramid: Pyramid, zoom: int, x: float, y: float, crs: str | None) -> BaseGeometry:
    """Bounding box of the tile at a point; `crs` None: that of the pyramid.

    On an edge between tiles, the tile to the east and south is taken.

    Raises
    ------
    ConfigError
        The CRS is invalid, or the point lies outside the pyramid.

    """
    if crs is not None:
        x, y = _project(x, y, crs, pyramid)
    bare = pyramid.replace(pixelbuffer=0)
    return bare.tile(*tile_at(bare, zoom, x, y)).bbox


def tile_at(pyramid: Pyramid, zoom: int, x: float, y: float) -> TileIndex:
    """The tile at a point in the pyramid's CRS; raises `ConfigError` if it is outside."""
    edge = pyramid.bounds
    if not (edge.left <= x <= edge.right and edge.bottom <= y <= edge.top):
        raise ConfigError("lies outside of the pyramid", key="--point", found=(x, y))
    x_span, y_span = pyramid.metatile_size(zoom)
    rows, cols = pyramid.matrix_shape(zoom)
    row = min(int((edge.top - y) / y_span), rows - 1)
    col = min(int((x - edge.left) / x_span), cols - 1)
    return TileIndex(zoom, row, col)


def _project(x: float, y: float, crs: str, pyramid: Pyramid) -> tuple[float, float]:
    from automap_tiles.grid.operation import transform_points

    (found_x,), (found_y,) = transform_points(parse_crs(crs, "--point-crs"), pyramid.crs, [x], [y])
    return found_x, found_y
