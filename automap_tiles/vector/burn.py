"""Rasterize geometries to masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid import GridLike
from automap_tiles.quiet import without_georeference


def burn(
    geometries: Iterable[BaseGeometry | Mapping[str, Any]],
    grid: GridLike,
    *,
    all_touched: bool = False,
    invert: bool = False,
) -> NDArray[np.bool_]:
    """Mask (y, x) of a grid: True on pixels whose centre is inside a geometry.

    With `all_touched`, every pixel that a geometry touches; with `invert`, the reverse. The
    geometries are in the CRS of the grid.
    """
    shapes = [geometry for geometry in geometries if not _is_empty(geometry)]
    if not shapes:
        return np.full(grid.shape, invert)
    with without_georeference():
        burnt = rasterize(
            ((geometry, 0 if invert else 1) for geometry in shapes),
            out_shape=grid.shape,
            transform=grid.transform,
            fill=1 if invert else 0,
            all_touched=all_touched,
            dtype="uint8",
        )
    mask: NDArray[np.bool_] = burnt.view(bool)
    return mask


def burn_values(
    shapes: Iterable[tuple[BaseGeometry, int]], grid: GridLike, *, all_touched: bool = False
) -> NDArray[np.uint8]:
    """Values (y, x) from 1 to 255 of shapes burnt over each other in order; 0 where there is none.

    See `burn` for the pixels that a shape covers.
    """
    some = [(geometry, value) for geometry, value in shapes if not _is_empty(geometry)]
    if not some:
        return np.zeros(grid.shape, np.uint8)
    with without_georeference():
        burnt: NDArray[np.uint8] = rasterize(
            some,
            out_shape=grid.shape,
            transform=grid.transform,
            fill=0,
            all_touched=all_touched,
            dtype="uint8",
        )
    return burnt


def _is_empty(geometry: BaseGeometry | Mapping[str, Any]) -> bool:
    if isinstance(geometry, BaseGeometry):
        return bool(geometry.is_empty)
    return not geometry.get("coordinates") and not geometry.get("geometries")
