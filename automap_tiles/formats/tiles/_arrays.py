"""Paste and crop arrays of tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.grid import Pyramid, Tile

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray


def blank(shape: tuple[int, ...], dtype: np.dtype[Any], nodata: float | None) -> RasterArray:
    """An array without any data; nodata, or 0, under the mask."""
    fill = 0 if nodata is None else nodata
    return np.ma.MaskedArray(np.full(shape, fill, dtype), mask=True, fill_value=fill)


def paste(target: RasterArray, source: RasterArray, row: int, col: int) -> None:
    """Paste an array into another with its first pixel at (row, col), clipped to the target."""
    height, width = target.shape[-2:]
    top, left = max(0, row), max(0, col)
    bottom, right = min(height, row + source.shape[-2]), min(width, col + source.shape[-1])
    if top >= bottom or left >= right:
        return
    here = np.s_[:, top:bottom, left:right]
    there = np.s_[:, top - row : bottom - row, left - col : right - col]
    target.data[here] = source.data[there]
    np.ma.getmaskarray(target)[here] = np.ma.getmaskarray(source)[there]


def without_buffer(data: RasterArray, pyramid: Pyramid, bare: Tile) -> RasterArray:
    """The array of an output tile without the buffer of its pyramid."""
    top, _, left, _ = Tile(pyramid, bare.index).buffer_margins
    height, width = bare.shape
    return data[:, top : top + height, left : left + width]
