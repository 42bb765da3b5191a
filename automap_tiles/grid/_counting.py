"""Exact number of tiles of several zooms that share area with a geometry, in one quadtree descent.

A node that the outline does not cross lies inside or outside as a whole, which a point-in-polygon
test of its centre decides. Each crossed node keeps the segments of the outline that cross it; they
are tested against its children by a separating-axis test in NumPy. Only where a segment passes
within about 1e-9 tiles of a tile's edge is the geometry itself asked. A count therefore costs the
length of the outline in tiles, and a fraction of streaming the same tiles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid._nodes import matrix_shape, node_span, root_level, shrinkage

if TYPE_CHECKING:
    from automap_tiles.grid.pyramid import Pyramid

_BLOCK = 1 << 14
"""Nodes that are opened together, unless it is one alone, or their pairs with segments."""
_PAIRS = 1 << 17
"""Pairs of nodes and segments of the outline that are looked at together: what memory takes."""
_NEAR, _FAR = 0.5, 1.5
"""In multiples of the shrinkage of a box: a segment that touches the box inset by the second surely
crosses the shrunk box, one that does not touch it inset by the first surely does not."""
_ROUNDING = 16
"""ULPs of the coordinates added to the larger inset: what the arithmetic may be off."""

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
_Truths = NDArray[np.bool_]
_OFFSETS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Nodes of one level that the outline crosses, and by which of its segments."""

    level: int
    rows: _Ints
    cols: _Ints
    node: _Ints
    """Of each pair the node, in ascending order …"""
    segment: _Ints
    """… and the segment of the outline."""

    def split(self) -> tuple[_Crossed, _Crossed]:
        """Two halves."""
        half = len(self.rows) // 2
        cut = int(np.searchsorted(self.node, half))
        return (
            _Crossed(
                self.level, self.rows[:half], self.cols[:half], self.node[:cut], self.segment[:cut]
            ),
            _Crossed(
                self.level,
                self.rows[half:],
                self.cols[half:],
                self.node[cut:] - half,
                self.segment[cut:],
            ),
        )


def count_tiles(pyramid: Pyramid, area: BaseGeometry, zooms: Collection[int]) -> dict[int, int]:
    """Zoom → tiles that share area with polygons on the pyramid; see `cover.tiles`."""
    if area.is_empty or not zooms:
        return dict.fromkeys(zooms, 0)
    shapely.prepare(area)
    return _Counter(pyramid, area, sorted(zooms)).run()


class _Counter:
    def __init__(self, pyramid: Pyramid, area: BaseGeometry, zooms: list[int]) -> None:
        self._pyramid, self._area = pyramid, area
        self._zooms = zooms
        self._counts = dict.fromkeys(zooms, 0)
        self._starts, self._ends = _segments(area)
        self._shrink = {zoom: shrinkage(pyramid, zoom) for zoom in zooms}
        last_place = float(np.spacing(max(abs(value) for value in pyramid.bounds)))
        self._rounding = _ROUNDING * last_place
        self._near = _NEAR * min(self._shrink.values())

    def run(self) -> dict[int, int]:
        level = root_level(self._pyramid)
        zero = np.zeros(1, dtype=np.int64)
        segments = np.arange(len(self._starts))
        stack = [_Crossed(level, zero, zero, np.zeros(len(segments), np.int64), segments)]
        if level in self._counts:
            self._decide(stack[0])
        while stack:
            block = stack.pop()
            if block.level == self._zooms[-1]:
                continue
            if len(block.rows) > 1 and max(len(block.rows), len(block.node)) > _BLOCK:
                stack.extend(block.split())
                continue
            stack.append(self._opened(block))
        return self._counts

    def _opened(self, block: _Crossed) -> _Crossed:
        """The children that the outline crosses; the others are counted where they are inside."""
        level = block.level + 1
        rows = (2 * block.rows[:, None] + _OFFSETS[:, 0]).ravel()
        cols = (2 * block.cols[:, None] + _OFFSETS[:, 1]).ravel()
        last_row, last_col = matrix_shape(self._pyramid, level)
        exists = (rows < last_row) & (cols < last_col)
        node, segment = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for few in _chunks(len(block.node)):  # as many as a whole outline has in the first node
            child = (4 * block.node[few, None] + np.arange(4)).ravel()
            own = np.repeat(block.segment[few], 4)
            held = exists[child]
            child, own = child[held], own[held]
            touched = self._touches(level, rows[child], cols[child], own, self._near)
            node, segment = np.append(node, child[touched]), np.append(segment, own[touched])
        order = np.argsort(node, kind="stable")
        node, segment = node[order], segment[order]
        crossed = np.zeros(len(rows), dtype=bool)
        crossed[node] = True
        free = exists & ~crossed
        self._count_inside(level, rows[free], cols[free])
        number = np.cumsum(crossed) - 1
        found = _Crossed(level, rows[crossed], cols[crossed], number[node], segment)
        if level in self._counts:
            self._decide(found)
        return found

    def _touches(
        self, level: int, rows: _Ints, cols: _Ints, segment: _Ints, inset: float
    ) -> _Truths:
        """Whether segments touch the boxes of nodes, `inset` taken off on every side.

        By separating axes: those of the box, and the normal of the segment.
        """
        left, bottom, right, top = self._boxes(level, rows, cols)
        x, y = (left + right) / 2, (bottom + top) / 2
        half_x = np.maximum((right - left) / 2 - inset, 0)
        half_y = np.maximum((top - bottom) / 2 - inset, 0)
        start, end = self._starts[segment], self._ends[segment]
        px, py, qx, qy = start[:, 0] - x, start[:, 1] - y, end[:, 0] - x, end[:, 1] - y
        dx, dy = end[:, 0] - start[:, 0], end[:, 1] - start[:, 1]
        beside = (np.minimum(px, qx) > half_x) | (np.maximum(px, qx) < -half_x)
        beside |= (np.minimum(py, qy) > half_y) | (np.maximum(py, qy) < -half_y)
        beside |= np.abs(px * dy - py * dx) > half_x * np.abs(dy) + half_y * np.abs(dx)
        return ~beside

    def _boxes(
        self, level: int, rows: _Ints, cols: _Ints
    ) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Left, bottom, right and top of nodes, cut at the edge of the pyramid."""
        x_span, y_span = node_span(self._pyramid, level)
        edge = self._pyramid.bounds
        left: _Floats = edge.left + cols.astype(np.float64) * x_span
        top: _Floats = edge.top - rows.astype(np.float64) * y_span
        right = np.minimum(left + x_span, edge.right)
        return left, np.maximum(top - y_span, edge.bottom), right, top

    def _count_inside(self, level: int, rows: _Ints, cols: _Ints) -> None:
        """Nodes that are not crossed: all below them count where their middle lies inside."""
        if not len(rows):
            return
        left, bottom, right, top = self._boxes(level, rows, cols)
        inside = shapely.contains_xy(self._area, (left + right) / 2, (bottom + top) / 2)
        rows, cols = rows[inside], cols[inside]
        for zoom in self._zooms:
            if zoom >= level:
                self._counts[zoom] += _descendants(self._pyramid, level, rows, cols, zoom)

    def _decide(self, block: _Crossed) -> None:
        """Count crossed tiles of a zoom; the geometry is asked where arithmetic cannot tell."""
        shrink = self._shrink[block.level]
        inset = _FAR * shrink + self._rounding
        sure = np.zeros(len(block.rows), dtype=bool)
        for few in _chunks(len(block.node)):
            node = block.node[few]
            rows, cols = block.rows[node], block.cols[node]
            sure[node[self._touches(block.level, rows, cols, block.segment[few], inset)]] = True
        left, bottom, right, top = self._boxes(block.level, block.rows[~sure], block.cols[~sure])
        boxes = shapely.box(left + shrink, bottom + shrink, right - shrink, top - shrink)
        asked = shapely.intersects(self._area, boxes)
        self._counts[block.level] += int(sure.sum()) + int(asked.sum())


def _chunks(length: int) -> Iterator[slice]:
    for start in range(0, length, _PAIRS):
        yield slice(start, start + _PAIRS)


def _descendants(pyramid: Pyramid, level: int, rows: _Ints, cols: _Ints, zoom: int) -> int:
    """Tiles of a zoom below nodes of a level."""
    last_row, last_col = matrix_shape(pyramid, zoom)
    scale = 2 ** (zoom - level)
    height = np.minimum((rows + 1) * scale, last_row) - rows * scale
    width = np.minimum((cols + 1) * scale, last_col) - cols * scale
    return _sum_of_products(height, width)


def _sum_of_products(height: _Ints, width: _Ints) -> int:
    """Exact where 64 bits are too few: the whole world at zoom 30 has 2**61 tiles and more."""
    if height.size and int(height.max()) * int(width.max()) * height.size < 2**63:
        return int(height @ width)
    return sum(h * w for h, w in zip(height.tolist(), width.tolist(), strict=True))


def _segments(area: BaseGeometry) -> tuple[_Floats, _Floats]:
    """(n, 2) beginnings and ends of the segments of all rings."""
    points, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(area)), return_index=True
    )
    within = ring[1:] == ring[:-1]
    return points[:-1][within], points[1:][within]
