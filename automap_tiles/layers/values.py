"""Pixel values of a layer at a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from automap_tiles.layers import web
from automap_tiles.layers.layer import Layer

_RADIUS = 6378137.0
"""Radius of the sphere of web mercator (EPSG:3857), metres."""


def values_at(
    layer: Layer, lon: float, lat: float, zoom: int | None = None
) -> Sequence[Any] | None:
    """Values of all bands, `numpy.ma.masked` for no data; None outside the layer.

    They are those of the pixel displayed at a zoom; by default at the layer's finest. Raises as
    `Layer.read` does.
    """
    info = layer.info
    west, south, east, north = info.bounds
    if not (south <= lat <= north and any(west <= lon + turn <= east for turn in (-360, 0, 360))):
        return None
    zoom = info.max_zoom if zoom is None else min(max(zoom, info.min_zoom), info.max_zoom)
    place = _place(lon, lat, zoom)
    if place is None:
        return None
    (row, col), (y, x) = place
    tile = web.web_pyramid().tile(zoom, row, col)
    data = layer.read(tile, range(1, len(info.bands) + 1))
    return None if data is None else [band[y, x] for band in data]


def _place(lon: float, lat: float, zoom: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Row and column of the web map tile, and of the pixel in it; None beyond the edge."""
    size = web.BASE * 2**zoom
    across = ((lon + 180) / 360 % 1) * size
    half = math.pi * _RADIUS
    if not -90 < lat < 90:
        return None
    north = _RADIUS * math.asinh(math.tan(math.radians(lat)))
    down = (half - north) / (2 * half) * size
    if not 0 <= down < size:
        return None
    row, y = divmod(int(down), web.BASE)
    col, x = divmod(min(int(across), size - 1), web.BASE)
    return (row, col), (y, x)
