"""Parameters of a request; what is wrong raises `ConfigError` with their name."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Request, request

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds
from automap_tiles.layers.dated import DatedLayer
from automap_tiles.layers.layer import Layer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class AskedTile:
    """Parameters of a tile request besides its position.

    Read from the WSGI environment, since creating a Flask request takes as long as a whole 304.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ
        self.query: str = environ.get("QUERY_STRING", "")
        """The raw query string."""

    @cached_property
    def request(self) -> Request:
        return Request(self._environ)

    def get(self, key: str) -> str | None:
        """A parameter; None if missing."""
        return self.request.args.get(key) if key in self.query else None

    def has(self, etag: str) -> bool:
        """Whether the browser has the content with this tag."""
        said = self._environ.get("HTTP_IF_NONE_MATCH")
        if not said:
            return False
        return said == f'"{etag}"' or etag in self.request.if_none_match


def box(key: str) -> Bounds | None:
    """West, south, east, north in degrees, clipped to the extent of web maps; None if missing."""
    text = request.args.get(key)
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise _no_box(key, text) from error
    found = Bounds(max(west, -360.0), max(south, -85.0), min(east, 360.0), min(north, 85.0))
    if not (found.left < found.right and found.bottom < found.top):  # also false for NaN
        raise _no_box(key, text)
    return found


def number(key: str, low: float, high: float) -> float:
    """A number within limits."""
    text = request.args.get(key, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ConfigError(
            "is not a number", key=key, found=text[:20], remedy=f"{low:g} to {high:g}"
        )
    return value


def on_date(layer: Layer, day: str | None) -> Layer:
    """A layer with dates at the requested date; any other layer unchanged."""
    if day is None:
        return layer
    if not isinstance(layer, DatedLayer):
        raise ConfigError(f"the layer {layer.info.name} has no dates", key="date", found=day[:20])
    return layer.on(day)


def _no_box(key: str, text: str) -> ConfigError:
    return ConfigError(
        "is not a box", key=key, found=text[:60], remedy="west,south,east,north in degrees"
    )
