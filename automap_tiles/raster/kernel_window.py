"""The source window that resampling kernels need for a block: always the same pixels.

Results of GDAL's kernels depend slightly on the source window, so a block must see the same pixels
whatever else has been read.
"""

from __future__ import annotations

import math

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from automap_tiles.grid import Grid
from automap_tiles.raster._coordinates import PixelTransformer

# Pixels that the widest kernel (Lanczos, radius 3) uses on either side, plus one.
_KERNEL = 4

# Sample points along each edge of a block, which may be curved in the source.
_POINTS = 33

Window = tuple[range, range]
"""Rows and columns relative to the upper left corner of the source; may be negative."""


def kernel_window(crs: CRS, transform: Affine, block: Grid) -> Window | None:
    """Return the window of an unbounded source grid that a block may be resampled from.

    None when the block cannot be represented in the source's CRS.
    """
    height, width = block.shape
    along = np.linspace(0.0, 1.0, _POINTS)
    cols = np.concatenate([along, along, np.zeros(_POINTS), np.ones(_POINTS)]) * width
    rows = np.concatenate([np.zeros(_POINTS), np.ones(_POINTS), along, along]) * height
    x, y = PixelTransformer(block, Grid(crs, transform, (1, 1))).exact(cols, rows)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    return _span(y[known], height), _span(x[known], width)


def _span(places: np.ndarray[tuple[int], np.dtype[np.float64]], size: int) -> range:
    first, last = float(places.min()), float(places.max())
    # Kernels scale with the number of source pixels per pixel of the block.
    margin = _KERNEL * max(1.0, (last - first) / size) + 1
    return range(math.floor(first - margin), math.ceil(last + margin))
