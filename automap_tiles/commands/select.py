"""Narrowing a process down to one tile or the tiles over one point."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid, TileIndex

if TYPE_CHECKING:
    from automap_tiles.runtime import Process


def only_tile(process: Process, index: TileIndex) -> Process:
    """The same process for one of its tiles.

    Raises
    ------
    GridError
        There is no such tile.
    ConfigError
        The zoom is none of the process's.

    """
    if index.zoom not in process.zooms:
        raise ConfigError(
            f"zoom {index.zoom} is none of the process's",
            file=process.config_path,
            key="zoom_levels",
            found=list(process.zooms),
        )
    box = process.pyramid.replace(pixelbuffer=0).tile(*index).bbox
    return replace(process, zooms=(index.zoom,), area=process.area.intersection(box))


def only_point(process: Process, x: float, y: float, crs: str | None) -> Process:
    """The same process for its tiles over a point, at every zoom.

    `crs` None: that of the pyramid. On the edge between tiles the one to the east and south counts.

    Raises
    ------
    ConfigError
        The CRS cannot be understood, or the point lies outside of the pyramid.

    """
    zoom = max(process.zooms)
    if crs is not None:
        x, y = _project(x, y, crs, process.pyramid)
    index = tile_at(process.pyramid, zoom, x, y)
    box = process.pyramid.replace(pixelbuffer=0).tile(*index).bbox
    return replace(process, area=process.area.intersection(box))


def tile_at(pyramid: Pyramid, zoom: int, x: float, y: float) -> TileIndex:
    """The tile over a point in the CRS of the pyramid; raises `ConfigError` outside of it."""
    edge = pyramid.bounds
    if not (edge.left <= x <= edge.right and edge.bottom <= y <= edge.top):
        raise ConfigError("lies outside of the pyramid", key="--point", found=(x, y))
    x_span, y_span = pyramid.metatile_size(zoom)
    rows, cols = pyramid.matrix_shape(zoom)
    row = min(int((edge.top - y) / y_span), rows - 1)
    col = min(int((x - edge.left) / x_span), cols - 1)
    return TileIndex(zoom, row, col)


def _project(x: float, y: float, crs: str, pyramid: Pyramid) -> tuple[float, float]:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError
    from rasterio.warp import transform

    try:
        (found_x,), (found_y,) = transform(CRS.from_user_input(crs), pyramid.crs, [x], [y])
    except CRSError as error:
        raise ConfigError(
            f"cannot be understood: {error}", key="--point-crs", found=crs, remedy="EPSG:4326"
        ) from error
    return found_x, found_y
