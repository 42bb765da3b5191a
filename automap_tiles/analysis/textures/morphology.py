"""Grey-scale morphology with square windows: what is narrower than a window is taken away or shown.

Serra 1982, Image Analysis and Mathematical Morphology; Soille 2003, Morphological Image Analysis.
Missing pixels, and those beyond the plane, do not count; a pixel depends on those at most twice the
radius away, and on nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis.textures._windows import window_extremes

Plane = NDArray[np.float32]
Bools = NDArray[np.bool_]


def margin(radius: int) -> int:
    """Margin of opening and closing with a radius, pixels."""
    return 2 * radius


def erosion(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """(y, x) minimum of the window of 2 radius + 1 pixels around each pixel, 0 where not valid."""
    return _extreme(plane, valid, radius, np.minimum, np.inf)


def dilation(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """Like `erosion`, with the maximum."""
    return _extreme(plane, valid, radius, np.maximum, -np.inf)


def opening(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """Removes bright structures narrower than the window."""
    return dilation(erosion(plane, valid, radius), valid, radius)


def closing(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """Removes dark structures narrower than the window."""
    return erosion(dilation(plane, valid, radius), valid, radius)


def white_tophat(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """Plane minus its opening: bright narrow structures."""
    return _difference(_single(plane, valid), opening(plane, valid, radius), valid)


def black_tophat(plane: NDArray[Any], valid: Bools, radius: int) -> Plane:
    """Closing minus the plane: dark narrow structures."""
    return _difference(closing(plane, valid, radius), _single(plane, valid), valid)


def _single(plane: NDArray[Any], valid: Bools) -> Plane:
    return np.where(valid, plane, 0).astype(np.float32)


def _difference(one: Plane, other: Plane, valid: Bools) -> Plane:
    return np.where(valid, one - other, np.float32(0))


def _extreme(
    plane: NDArray[Any], valid: Bools, radius: int, combine: np.ufunc, nothing: float
) -> Plane:
    if radius < 0:
        raise ValueError(f"a radius is at least 0, not {radius}")
    there = np.where(valid, plane, nothing).astype(np.float32)
    padded = np.pad(there, radius, constant_values=nothing)
    found = window_extremes(padded, 2 * radius + 1, combine, BlockMemory(), "extremes")
    return np.where(valid, found, np.float32(0))
