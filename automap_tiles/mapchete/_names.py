"""Functions of mapchete's that are other calls of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automap_tiles.grid import Pyramid, cover

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def BufferedTilePyramid(  # noqa: N802 - mapchete's name of a class
    grid: str | Mapping[str, Any],
    tile_size: int = 256,
    metatiling: int = 1,
    pixelbuffer: int = 0,
) -> Pyramid:
    """A pyramid on a grid by its name or definition; raises `GridError`."""
    return Pyramid.from_grid(
        grid, tile_size=tile_size, metatiling=metatiling, pixelbuffer=pixelbuffer
    )


def count_tiles(
    geometry: BaseGeometry,
    pyramid: Pyramid,
    minzoom: int,
    maxzoom: int,
    init_zoom: int = 0,  # noqa: ARG001 - where mapchete begins to look
) -> int:
    """Exact number of tiles of all zooms that share area with a geometry, CRS of the pyramid."""
    zooms = range(minzoom, maxzoom + 1)
    return sum(cover.count(pyramid, geometry, zoom) for zoom in zooms)
