"""The quadtree above the tiles of a pyramid; its levels are zooms, and negative above those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automap_tiles.grid.pyramid import Pyramid

# Fraction of a tile's edge, at the requested zoom, by which boxes are shrunk before they are
# tested; at least a few ULPs of the coordinates. It excludes neighbours that share only an edge,
# even where rounding makes them overlap: 1e-9 of a 256 px tile is far below a pixel. All levels of
# the descent use the same length, or a coarse box would lose whole tiles.
_SHRINK = 1e-9
_LAST_PLACES = 8


def root_level(pyramid: Pyramid) -> int:
    """Level of the node above everything; negative when zoom 0 has many tiles."""
    return -(max(pyramid.matrix_shape(0)) - 1).bit_length()


def matrix_shape(pyramid: Pyramid, level: int) -> tuple[int, int]:
    """(rows, columns) of nodes."""
    if level >= 0:
        return pyramid.matrix_shape(level)
    rows, cols = pyramid.matrix_shape(0)
    return -(-rows // 2**-level), -(-cols // 2**-level)


def node_span(pyramid: Pyramid, level: int) -> tuple[float, float]:
    """(x, y) size of a node in CRS units."""
    x_span, y_span = pyramid.metatile_size(max(level, 0))
    scale = 2.0 ** max(-level, 0)
    return x_span * scale, y_span * scale


def shrinkage(pyramid: Pyramid, zoom: int) -> float:
    """Length, in CRS units, by which boxes are shrunk on every side."""
    last_place = float(np.spacing(max(abs(value) for value in pyramid.bounds)))
    return max(_SHRINK * min(pyramid.metatile_size(zoom)), _LAST_PLACES * last_place)
