"""Pixel boxes: the extent of files, areas and tiles on the pixel grid of a zoom."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from automap_tiles.grid import Bounds, Grid, Pyramid, TileIndex
from automap_tiles.grid.cover import clip_to_pyramid

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Misalignment, in pixels, up to which a file still counts as aligned with the pixels of the zoom.
_ALIGNED = 1e-3


class PixelBox(NamedTuple):
    """First and last (exclusive) rows and columns, counted from the pyramid's corner."""

    top: int
    left: int
    bottom: int
    right: int


def offset_of(grid: Grid, pyramid: Pyramid, zoom: int) -> tuple[int, int] | None:
    """(row, col) of a grid's first pixel among the pixels of a zoom; None if it is not aligned."""
    x_size, y_size = pyramid.pixel_size(zoom)
    col = (grid.transform.c - pyramid.bounds.left) / x_size
    row = (pyramid.bounds.top - grid.transform.f) / y_size
    fits = (
        math.isclose(grid.transform.a, x_size, rel_tol=1e-9)
        and math.isclose(-grid.transform.e, y_size, rel_tol=1e-9)
        and abs(col - round(col)) < _ALIGNED
        and abs(row - round(row)) < _ALIGNED
    )
    return (round(row), round(col)) if fits else None


def box_of_grid(grid: Grid, pyramid: Pyramid, zoom: int) -> PixelBox | None:
    """The box of a grid; None if it is not aligned."""
    offset = offset_of(grid, pyramid, zoom)
    if offset is None:
        return None
    return PixelBox(*offset, offset[0] + grid.height, offset[1] + grid.width)


def box_of_tile(index: TileIndex, pyramid: Pyramid) -> PixelBox:
    """The box of a tile without its buffer; it may extend beyond the pyramid."""
    edge = pyramid.tile_size * pyramid.metatiling
    top, left = index.row * edge, index.col * edge
    return PixelBox(top, left, top + edge, left + edge)


def box_of_area(area: BaseGeometry, pyramid: Pyramid, zoom: int) -> PixelBox:
    """The box of an area, extended to whole tiles."""
    left, bottom, right, top = clip_to_pyramid(pyramid, area).bounds
    x_span, y_span = pyramid.metatile_size(zoom)
    edge = pyramid.tile_size * pyramid.metatiling
    # a millionth of a tile: an edge on the edge of a tile does not include the next one
    return PixelBox(
        math.floor((pyramid.bounds.top - top) / y_span + 1e-6) * edge,
        math.floor((left - pyramid.bounds.left) / x_span + 1e-6) * edge,
        math.ceil((pyramid.bounds.top - bottom) / y_span - 1e-6) * edge,
        math.ceil((right - pyramid.bounds.left) / x_span - 1e-6) * edge,
    )


def pixels_of_area(area: BaseGeometry, pyramid: Pyramid, zoom: int) -> PixelBox:
    """The box of an area, extended to whole pixels."""
    left, bottom, right, top = clip_to_pyramid(pyramid, area).bounds
    x_size, y_size = pyramid.pixel_size(zoom)
    return PixelBox(
        math.floor((pyramid.bounds.top - top) / y_size + _ALIGNED),
        math.floor((left - pyramid.bounds.left) / x_size + _ALIGNED),
        math.ceil((pyramid.bounds.top - bottom) / y_size - _ALIGNED),
        math.ceil((right - pyramid.bounds.left) / x_size - _ALIGNED),
    )


def hull(boxes: list[PixelBox], shape: tuple[int, int]) -> PixelBox:
    """The smallest box around all, clipped to the (height, width) of the zoom."""
    return PixelBox(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        min(shape[0], max(box.bottom for box in boxes)),
        min(shape[1], max(box.right for box in boxes)),
    )


def grid_of_box(pyramid: Pyramid, zoom: int, box: PixelBox) -> Grid:
    """The grid of a box, with identical numbers for the same corner."""
    x_size, y_size = pyramid.pixel_size(zoom)
    edge = pyramid.bounds
    bounds = Bounds(
        edge.left + box.left * x_size,
        edge.top - box.bottom * y_size,
        edge.left + box.right * x_size,
        edge.top - box.top * y_size,
    )
    grid = Grid.from_bounds(bounds, (box.bottom - box.top, box.right - box.left), pyramid.crs)
    # the exact pixel size, not one derived from rounded edges
    transform = grid.transform.translation(bounds.left, bounds.top)
    return Grid(grid.crs, transform @ transform.scale(x_size, -y_size), grid.shape)


def tiles_under(box: PixelBox, pyramid: Pyramid, zoom: int) -> Iterator[TileIndex]:
    """Tiles that touch a box."""
    edge = pyramid.tile_size * pyramid.metatiling
    for row in range(box.top // edge, (box.bottom - 1) // edge + 1):
        for col in range(box.left // edge, (box.right - 1) // edge + 1):
            yield TileIndex(zoom, row, col)
