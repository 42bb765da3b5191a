"""Pixels covered by polygons, rasterised window by window to limit memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from automap_tiles.analysis.learning.sampling import by_number, lots
from automap_tiles.analysis.shapes.erode import eroded
from automap_tiles.grid import Bounds
from automap_tiles.vector import burn, clip_to_box, matching_parts
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels
from automap_tiles.workflows.samples.picture import SourcePicture

_BLOCK = 1024
"""Edge of a window in pixels."""

_Ints = NDArray[np.int64]


class PolygonPixels(NamedTuple):
    """Pixels of one polygon, and what was excluded."""

    rows: _Ints
    cols: _Ints
    outside: int = 0
    """Estimated pixels outside the raster; at least 1 if the polygon is outside."""
    edge: int = 0
    mixed: int = 0
    narrow: int = 0
    """1 if the polygon has only edge pixels."""
    thinned: int = 0
    outer: NDArray[np.bool_] | None = None
    """Which of the pixels lie at the edge of a polygon that has interior ones; None: none."""


@dataclass
class _Kept:
    """Pixels found so far, and their number."""

    limit: int | None
    seed: int
    found: int = 0
    mixed: int = 0
    rows: _Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    cols: _Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    outer: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    inner: int = 0
    """Number of interior pixels."""

    def add(
        self,
        inside: NDArray[np.bool_],
        mixed: NDArray[np.bool_],
        outer: NDArray[np.bool_],
        corner: tuple[int, int],
    ) -> None:
        self.found += int(inside.sum())
        self.mixed += int((inside & mixed).sum())
        rows, cols = np.nonzero(inside & ~mixed)
        self.rows = np.concatenate([self.rows, rows + corner[0]])
        self.cols = np.concatenate([self.cols, cols + corner[1]])
        self.outer = np.concatenate([self.outer, outer[rows, cols]])
        self.inner += int((inside & ~outer).sum())
        if self.limit is not None and len(self.rows) > self.limit:
            lot = lots(self.rows, self.cols, self.seed)
            kept = by_number(np.zeros(len(lot), np.uint8), self.limit, lot)
            self.rows, self.cols = self.rows[kept], self.cols[kept]
            self.outer = self.outer[kept]

    @property
    def at_edge(self) -> NDArray[np.bool_] | None:
        """Which pixels lie at the edge; None if all do."""
        return self.outer if self.inner else None

    @property
    def thinned(self) -> int:
        return self.found - self.mixed - len(self.rows)


class Polygons:
    """Polygons of known class on a raster."""

    def __init__(
        self,
        picture: SourcePicture,
        shapes: NDArray[np.object_],
        classes: NDArray[np.uint8],
        erode: int,
    ) -> None:
        self._picture, self._shapes, self._classes = picture, shapes, classes
        self._erode = erode
        self._tree = shapely.STRtree(shapes)

    def claims(self, number: int, limit: int | None, seed: int) -> PolygonPixels:
        """The pixels of one polygon, at most `limit`; those with the lowest lots of the seed."""
        shape = self._shapes[number]
        inside = clip_to_box(shape, self._picture.bounds)
        width, height = self._picture.pixel
        outside = max(round((shape.area - inside.area) / (width * height)), int(inside.is_empty))
        whole, core = _Kept(limit, seed), _Kept(limit, seed)
        if not inside.is_empty:
            self._burn(number, whole, core)
        if core.found:
            edge = whole.found - core.found
            return PolygonPixels(
                core.rows,
                core.cols,
                outside,
                edge,
                core.mixed,
                thinned=core.thinned,
                outer=core.at_edge,
            )
        if whole.found:
            return PolygonPixels(
                whole.rows, whole.cols, outside, 0, whole.mixed, 1, thinned=whole.thinned
            )
        return self._middle(number, inside, outside)

    def hit(self, claims: LabelledPixels) -> NDArray[np.bool_]:
        """Pixels whose centre lies in a polygon of another class."""
        hit = np.zeros(len(claims), dtype=bool)
        centres = shapely.points(*self._picture.centres(claims.rows, claims.cols))
        pixel, polygon = self._tree.query(centres, predicate="intersects")
        hit[pixel[claims.classes[pixel] != self._classes[polygon]]] = True
        return hit

    def _middle(self, number: int, inside: BaseGeometry, outside: int) -> PolygonPixels:
        """The pixel at the centre of a polygon that contains no pixel centre."""
        none = np.zeros(0, np.int64)
        if inside.is_empty:
            return PolygonPixels(none, none, outside)
        middle = inside.representative_point()
        rows, cols = self._picture.places(np.array([middle.x]), np.array([middle.y]))
        if not self._picture.holds(rows, cols).all():
            return PolygonPixels(none, none, max(outside, 1))
        claim = LabelledPixels.of_one(rows, cols, int(self._classes[number]), 0)
        if self.hit(claim).any():
            return PolygonPixels(none, none, outside, mixed=1)
        return PolygonPixels(rows, cols, outside, narrow=int(self._erode > 0))

    def _burn(self, number: int, whole: _Kept, core: _Kept) -> None:
        """Rasterise the polygon and its eroded interior, window by window."""
        shape, around = self._shapes[number], max(1, self._erode)
        for rows, cols in self._windows(shape):
            grid = self._picture.grid(
                range(rows.start - around, rows.stop + around),
                range(cols.start - around, cols.stop + around),
            )
            box = _wider(grid.bounds, max(self._picture.pixel))
            mask = burn(_parts(shape, box), grid)
            if not mask.any():
                continue
            others = self._tree.query(box.polygon(), predicate="intersects")
            others = others[self._classes[others] != self._classes[number]]
            own = (slice(around, around + len(rows)), slice(around, around + len(cols)))
            parts = [part for other in others for part in _parts(self._shapes[other], box)]
            mixed = burn(parts, grid)[own]
            outer, corner = ~eroded(mask)[own], (rows.start, cols.start)
            whole.add(mask[own], mixed, outer, corner)
            core.add(eroded(mask, self._erode)[own], mixed, outer, corner)

    def _windows(self, shape: BaseGeometry) -> Iterator[tuple[range, range]]:
        """Windows of the raster that contain the shape."""
        left, bottom, right, top = shape.bounds
        (first_row, last_row), (first_col, last_col) = self._picture.places(
            np.array([left, right]), np.array([top, bottom])
        )
        rows, cols = self._picture.window
        rows = range(max(rows.start, int(first_row)), min(rows.stop, int(last_row) + 1))
        cols = range(max(cols.start, int(first_col)), min(cols.stop, int(last_col) + 1))
        for row in range(rows.start, rows.stop, _BLOCK):
            for col in range(cols.start, cols.stop, _BLOCK):
                yield (
                    range(row, min(row + _BLOCK, rows.stop)),
                    range(col, min(col + _BLOCK, cols.stop)),
                )


def _parts(shape: BaseGeometry, bounds: Bounds) -> list[BaseGeometry]:
    """The polygons of a shape in a box; none if it only touches the box."""
    return list(matching_parts(clip_to_box(shape, bounds), "Polygon"))


def _wider(bounds: Bounds, by: float) -> Bounds:
    return Bounds(bounds.left - by, bounds.bottom - by, bounds.right + by, bounds.top + by)
