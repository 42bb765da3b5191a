"""A window on the tiles of a grid, read tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from automap_tiles.grid import Bounds, Grid, Pyramid, cover
from automap_tiles.layers import web
from automap_tiles.vector import reproject_bounds

if TYPE_CHECKING:
    from automap_tiles.layers.layer import Layer

Pixels = np.ma.MaskedArray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Whole pixels of a zoom."""

    pyramid: Pyramid
    zoom: int
    row: int
    col: int
    height: int
    width: int

    @property
    def transform(self) -> Affine:
        """From pixels to the CRS of the pyramid."""
        across, down = self.pyramid.pixel_size(self.zoom)
        edge = self.pyramid.bounds
        left, top = edge.left + self.col * across, edge.top - self.row * down
        return Affine(across, 0.0, left, 0.0, -down, top)

    @property
    def grid(self) -> Grid:
        """The same as a grid."""
        return Grid(self.pyramid.crs, self.transform, (self.height, self.width))


def window_of(pyramid: Pyramid, zoom: int, bounds: Bounds) -> Window:
    """The pixels that a box (degrees) touches, within the pyramid."""
    box = reproject_bounds(bounds, web.LON_LAT, pyramid.crs)
    across, down = pyramid.pixel_size(zoom)
    rows, cols = pyramid.pixel_shape(zoom)
    edge = pyramid.bounds
    col, end = _pixels(box.left - edge.left, box.right - edge.left, across, cols)
    row, last = _pixels(edge.top - box.top, edge.top - box.bottom, down, rows)
    return Window(pyramid=pyramid, zoom=zoom, row=row, col=col, height=last - row, width=end - col)


def _pixels(first: float, last: float, size: float, count: int) -> tuple[int, int]:
    """Begin and end; what the reprojection has rounded is no pixel more."""
    begin = min(max(0, int(np.floor(first / size + 1e-3))), count - 1)
    return begin, min(count, max(begin + 1, int(np.ceil(last / size - 1e-3))))


def read(layer: Layer, window: Window, bands: tuple[int, ...], resampling: str) -> Pixels | None:
    """Pixels (band, y, x) of a layer; None: there is nothing. Raises as the layer does."""
    whole: Pixels | None = None
    plain = window.pyramid.replace(metatiling=1, pixelbuffer=0)
    for index in cover.tiles(plain, window.grid.bounds.polygon(), window.zoom):
        found = layer.read(plain.tile(*index), bands, resampling)
        if found is None:
            continue
        if whole is None:
            shape = (len(bands), window.height, window.width)
            whole = np.ma.MaskedArray(np.zeros(shape, found.dtype), mask=True)
        _paste(
            whole,
            found,
            index.row * plain.tile_size - window.row,
            index.col * plain.tile_size - window.col,
        )
    return whole


def _paste(whole: Pixels, part: Pixels, row: int, col: int) -> None:
    """Put a part where its first pixel is at row and column, as far as it lies inside."""
    top, left = max(0, row), max(0, col)
    bottom = min(whole.shape[1], row + part.shape[1])
    right = min(whole.shape[2], col + part.shape[2])
    if top < bottom and left < right:
        whole[:, top:bottom, left:right] = part[
            :, top - row : bottom - row, left - col : right - col
        ]
