"""Layers on a map of ipyleaflet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import MissingExtra
from automap_tiles.notebook._server import server

if TYPE_CHECKING:
    from automap_tiles.notebook._look import Shown

_BEYOND = 4
"""Zooms that pixels are enlarged for."""


def open_map(layers: Sequence[Shown], *, height: str, basemap: Any) -> Any:
    """An `ipyleaflet.Map`; raises `MissingExtra` without it."""
    try:
        import ipyleaflet
    except ImportError as error:
        raise MissingExtra("ipyleaflet", "notebook") from error
    tiles = [_tiles(ipyleaflet, each) for each in layers]
    below = [] if basemap is None else [ipyleaflet.basemap_to_tiles(basemap)]
    west, south, east, north = layers[-1].info.bounds
    shown = ipyleaflet.Map(
        layers=[*below, *tiles],
        center=((south + north) / 2, (west + east) / 2),
        zoom=max(each.info.min_zoom for each in layers),
        scroll_wheel_zoom=True,
    )
    shown.layout.height = height
    shown.add(ipyleaflet.ScaleControl(position="bottomleft"))
    if len(tiles) > 1:
        shown.add(ipyleaflet.LayersControl(position="topright"))
    shown.fit_bounds([[south, west], [north, east]])
    return shown


def _tiles(ipyleaflet: Any, shown: Shown) -> Any:
    info = shown.info
    west, south, east, north = info.bounds
    return ipyleaflet.TileLayer(
        url=server().show(shown.layer),
        name=info.title,
        attribution=escape(shown.attribution),
        min_zoom=0,
        max_native_zoom=info.max_zoom,
        max_zoom=info.max_zoom + _BEYOND,
        bounds=((south, west), (north, east)),
    )
