"""Which tiles touch an area.

The quadtree is descended in blocks of nodes, each tested at once against the prepared geometry.
Nodes inside the geometry are not tested again, so memory is bounded by the depth of the tree. A
count opens none of them, and costs the length of the outline, not the area.
A tile counts when it shares area with the geometry; touching edges do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid._bounds import Bounds
from automap_tiles.grid._counting import count_tiles
from automap_tiles.grid._index import TileIndex
from automap_tiles.grid._nodes import matrix_shape, node_span, root_level, shrinkage
from automap_tiles.grid._turn import other_turns

if TYPE_CHECKING:
    from automap_tiles.grid.pyramid import Pyramid

# Nodes expanded together: enough for the vectorised tests to pay off, few enough that the first
# tile comes early.
_BLOCK = 512

# An overhang beyond the antimeridian of less than this fraction of the world's width is rounding,
# e.g. of a reprojection (4e-8 m): it is cut off, not wrapped around. 1e-13 is 4 micrometres.
_WRAP = 1e-13

_POLYGON = int(shapely.GeometryType.POLYGON)

_Int = NDArray[np.int64]


class _Block(NamedTuple):
    """Nodes of one level, in Morton order."""

    level: int
    rows: _Int
    cols: _Int
    inside: NDArray[np.bool_]
    """Nodes that lie inside the geometry together with all their descendants."""


def tiles(
    pyramid: Pyramid, geometry: BaseGeometry, zoom: int, *, within: TileIndex | None = None
) -> Iterator[TileIndex]:
    """Stream the tiles of a zoom that share area with a geometry, along the Morton curve.

    The geometry is in the CRS of the pyramid; parts beyond the antimeridian of a global grid are
    wrapped around. `within` restricts the stream to the descendants of one tile.
    """
    area = clip_to_pyramid(pyramid, geometry)
    for block in _descend(pyramid, area, zoom, within=within):
        for row, col in zip(block.rows.tolist(), block.cols.tolist(), strict=True):
            yield TileIndex(zoom, row, col)


def includes(pyramid: Pyramid, geometry: BaseGeometry, index: TileIndex) -> bool:
    """Whether a tile is one that `tiles` would stream."""
    return next(tiles(pyramid, geometry, index.zoom, within=index), None) is not None


def count(pyramid: Pyramid, geometry: BaseGeometry, zoom: int) -> int:
    """Exact number of tiles that `tiles` would stream."""
    return counts(pyramid, geometry, (zoom,))[zoom]


def counts(pyramid: Pyramid, geometry: BaseGeometry, zooms: Collection[int]) -> dict[int, int]:
    """Zoom → number of tiles that `tiles` would stream, for little more than the finest costs."""
    return count_tiles(pyramid, clip_to_pyramid(pyramid, geometry), zooms)


def clip_to_pyramid(pyramid: Pyramid, geometry: BaseGeometry) -> BaseGeometry:
    """The part of a geometry on the pyramid.

    On a global grid what lies beyond is wrapped; on one that goes on beyond the antimeridian lies
    what is there on another turn of the globe, too.
    """
    edge = pyramid.bounds
    frame = shapely.box(*edge)
    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry)
    geometry = _with_area(geometry)
    if geometry.is_empty or frame.covers(geometry):
        return geometry
    left, _, right, _ = geometry.bounds
    slack = edge.width * _WRAP
    parts = [geometry.intersection(frame)]
    parts += [
        _shift(geometry, turn).intersection(frame)
        for turn in other_turns(pyramid)
        if left + turn < edge.right - slack and right + turn > edge.left + slack
    ]
    return _with_area(shapely.union_all(parts) if len(parts) > 1 else parts[0])


def hull(pyramid: Pyramid, area: BaseGeometry) -> Bounds:
    """The smallest box around an area on a pyramid.

    On a global grid it may cross the antimeridian: its right edge then exceeds the pyramid's.
    """
    left, bottom, right, top = area.bounds
    if not pyramid.is_global:
        return Bounds(left, bottom, right, top)
    spans = sorted((part.bounds[0], part.bounds[2]) for part in shapely.get_parts(area))
    world = pyramid.bounds.width
    # The box omits the widest gap between the parts, including the gap across the antimeridian.
    end, widest, start = spans[0][1], spans[0][0] + world - right, left
    for west, east in spans[1:]:
        if west - end > widest:
            widest, start = west - end, west
        end = max(end, east)
    if start == left:
        return Bounds(left, bottom, right, top)
    last = max(east for west, east in spans if west < start)
    return Bounds(start, bottom, last + world, top)


def _with_area(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry without the points and lines left over where shapes only touch."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = shapely.get_parts(geometry)
    while (parts_type := shapely.get_type_id(parts)).max(initial=0) > _POLYGON:
        parts = shapely.get_parts(parts)
    polygons = parts[parts_type == _POLYGON]
    return shapely.union_all(polygons) if polygons.size else shapely.Polygon()


def _shift(geometry: BaseGeometry, east: float) -> BaseGeometry:
    return shapely.transform(geometry, lambda points: points + np.array([east, 0.0]))


def _descend(
    pyramid: Pyramid,
    geometry: BaseGeometry,
    zoom: int,
    *,
    within: TileIndex | None,
) -> Iterator[_Block]:
    """Blocks of nodes of `zoom`."""
    if geometry.is_empty:
        return
    shapely.prepare(geometry)
    shrink = shrinkage(pyramid, zoom)
    stack = [_test(pyramid, geometry, _root(pyramid, within), shrink)]
    while stack:
        block = stack.pop()
        if block.level == zoom:
            if block.rows.size:
                yield block
            continue
        opened = _test(pyramid, geometry, _children(pyramid, block), shrink)
        starts = range(0, opened.rows.size, _BLOCK)
        stack.extend(_pick(opened, slice(start, start + _BLOCK)) for start in reversed(starts))


def _root(pyramid: Pyramid, within: TileIndex | None) -> _Block:
    """The root of the tree; its level is negative when zoom 0 has several tiles."""
    if within is not None:
        level, row, col = within
    else:
        level, row, col = root_level(pyramid), 0, 0
    return _Block(
        level,
        np.array([row], dtype=np.int64),
        np.array([col], dtype=np.int64),
        np.zeros(1, dtype=bool),
    )


def _children(pyramid: Pyramid, block: _Block) -> _Block:
    level = block.level + 1
    rows = (2 * block.rows[:, None] + np.array([0, 0, 1, 1])).ravel()
    cols = (2 * block.cols[:, None] + np.array([0, 1, 0, 1])).ravel()
    inside = np.repeat(block.inside, 4)
    matrix_rows, matrix_cols = matrix_shape(pyramid, level)
    return _pick(_Block(level, rows, cols, inside), (rows < matrix_rows) & (cols < matrix_cols))


def _test(pyramid: Pyramid, geometry: BaseGeometry, block: _Block, shrink: float) -> _Block:
    """Drop the nodes that share no area; mark those that lie inside."""
    if block.inside.all():
        return block
    doubt = ~block.inside
    x_span, y_span = node_span(pyramid, block.level)
    edge = pyramid.bounds
    left = edge.left + block.cols[doubt] * x_span
    top = edge.top - block.rows[doubt] * y_span
    right = np.minimum(left + x_span, edge.right)
    bottom = np.maximum(top - y_span, edge.bottom)
    boxes = shapely.box(left + shrink, bottom + shrink, right - shrink, top - shrink)
    inside = block.inside.copy()
    inside[doubt] = shapely.covers(geometry, boxes)
    keep = inside.copy()
    keep[doubt] |= shapely.intersects(geometry, boxes)
    return _pick(_Block(block.level, block.rows, block.cols, inside), keep)


def _pick(block: _Block, which: NDArray[np.bool_] | slice) -> _Block:
    return _Block(block.level, block.rows[which], block.cols[which], block.inside[which])
