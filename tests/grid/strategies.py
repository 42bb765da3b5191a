"""Pyramids, tiles and areas for the tests of the grid floor."""

from __future__ import annotations

from functools import cache
from typing import Any

import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry
from tilematrix import TilePyramid

from automap_tiles.grid import Pyramid, Tile
from automap_tiles.grid.pyramid import METATILINGS

CUSTOM: dict[str, Any] = {
    # the Swiss grid that mapchete-hub uses: one tile
    "utm": {
        "shape": [1, 1],
        "bounds": [166021.4431, 0.0, 1476741.4431, 1310720],
        "srs": {"epsg": 32632},
    },
    # many tiles at zoom 0, more columns than rows, no power of two
    "laea": {
        "shape": [11, 13],
        "bounds": [2426378.0132, 1528101.2618, 2426378.0132 + 13e5, 1528101.2618 + 11e5],
        "srs": {"epsg": 3035},
    },
    # more rows than columns, far from the origin, odd lengths
    "tall": {"shape": [7, 2], "bounds": [-9.3, -70.1, 10.7, -0.1], "srs": {"epsg": 4326}},
    # around the world with three rows
    "belt": {
        "shape": [3, 8],
        "bounds": [-180, -67.5, 180, 67.5],
        "srs": {"epsg": 4326},
        "is_global": True,
    },
}
GRIDS: dict[str, Any] = {"geodetic": "geodetic", "mercator": "mercator", **CUSTOM}

grid_names = st.sampled_from(sorted(GRIDS))


@cache
def oracle(name: str, metatiling: int, tile_size: int) -> TilePyramid:
    return TilePyramid(GRIDS[name], metatiling=metatiling, tile_size=tile_size)


@st.composite
def pyramids(draw: st.DrawFn, buffers: Any = None) -> tuple[str, Pyramid]:
    """Name of the grid and a pyramid on it."""
    name = draw(grid_names)
    pyramid = Pyramid.from_grid(
        GRIDS[name],
        tile_size=draw(st.sampled_from([16, 256, 512, 100])),
        metatiling=draw(st.sampled_from(METATILINGS)),
        pixelbuffer=draw(st.just(0) if buffers is None else buffers),
    )
    return name, pyramid


def tiles_of(pyramid: Pyramid, top_zoom: int = 20) -> st.SearchStrategy[Tile]:
    """Any tile, the ones at the edges more often."""

    @st.composite
    def any_tile(draw: st.DrawFn) -> Tile:
        zoom = draw(st.integers(0, top_zoom))
        rows, cols = pyramid.matrix_shape(zoom)
        row = draw(st.one_of(st.sampled_from([0, rows - 1]), st.integers(0, rows - 1)))
        col = draw(st.one_of(st.sampled_from([0, cols - 1]), st.integers(0, cols - 1)))
        return pyramid.tile(zoom, row, col)

    return any_tile()


@st.composite
def areas(draw: st.DrawFn, pyramid: Pyramid, zoom: int) -> BaseGeometry:
    """Shapes of some tiles' size, over the edges of the pyramid too; also snapped to tile edges."""
    left, bottom, right, top = pyramid.bounds
    x_size, y_size = pyramid.metatile_size(zoom)

    def place(low: float, high: float, size: float) -> float:
        if draw(st.booleans()):
            return low + draw(st.integers(-2, int((high - low) / size) + 2)) * size
        return draw(st.floats(low - 2 * size, high + 2 * size))

    def one() -> BaseGeometry:
        x, y = place(left, right, x_size), place(bottom, top, y_size)
        kind = draw(st.sampled_from(["box", "disk", "triangle", "ring"]))
        if kind == "box":
            width = draw(st.one_of(st.integers(1, 5).map(float), st.floats(0.01, 6)))
            height = draw(st.one_of(st.integers(1, 5).map(float), st.floats(0.01, 6)))
            return shapely.box(x, y, x + width * x_size, y + height * y_size)
        radius = draw(st.floats(0.05, 4)) * x_size
        disk = shapely.Point(x, y).buffer(radius)
        if kind == "triangle":
            points = [(x, y), (x + radius, y + radius * 0.3), (x + radius * 0.4, y - radius)]
            return shapely.Polygon(points)
        return disk.difference(shapely.Point(x, y).buffer(radius / 2)) if kind == "ring" else disk

    shapes = [one() for _ in range(draw(st.integers(1, 3)))]
    return shapely.union_all(shapes)
