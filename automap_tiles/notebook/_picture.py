"""A picture of all of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.notebook._window import Window, read, window_of
from automap_tiles.pictures.encode import ImageFormat, empty, encode
from automap_tiles.pictures.render import render
from automap_tiles.pictures.style import read_style

if TYPE_CHECKING:
    from automap_tiles.layers.layer import Layer, Query

_END = 85.05
"""Degrees: where web mercator ends."""


def picture(layer: Layer, size: int, name: str | None) -> bytes:
    """PNG in web mercator, `size` pixels along the longer side at most; blank without data."""
    info = layer.info
    style = read_style(_query(layer, name), info.band_names, info.alpha)
    window = _window(layer, size)
    nearest = bool(info.classes) or style.colormap is not None
    data = read(layer, window, style.needed, "nearest" if nearest else "bilinear")
    if data is None:
        return empty((window.height, window.width), ImageFormat.PNG)
    return encode(render(data, style), ImageFormat.PNG)


def _query(layer: Layer, name: str | None) -> Query:
    if name is None:
        return default_style(layer)[0]
    styles = layer.info.styles
    if name not in styles:
        known = ", ".join(styles) or "there are none"
        raise ConfigError("unknown style", key="style", found=name, remedy=known)
    return styles[name]


def _window(layer: Layer, size: int) -> Window:
    """The finest zoom at which all of it is no larger than that.

    A process that is computed is not looked at from further away than its tiles are computed for.
    """
    west, south, east, north = layer.info.bounds
    bounds = Bounds(west, max(south, -_END), min(east, 180.0), min(north, _END))
    pyramid = web.web_pyramid()
    windows = (window_of(pyramid, zoom, bounds) for zoom in range(layer.info.max_zoom, -1, -1))
    fitting = next(each for each in windows if max(each.height, each.width) <= max(size, 256))
    if fitting.zoom < layer.info.min_zoom and not isinstance(layer, ProcessLayer):
        return window_of(pyramid, layer.info.min_zoom, bounds)
    return fitting
