"""Content of a new process file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.grid.cover import clip_to_pyramid, hull

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_TILE = 256
"""Edge in pixels within which everything fits at the coarsest zoom."""
_DIGITS = {True: 7, False: 2}
"""Decimal digits of bounds in degrees, and in metres: about a centimetre."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The parts of a process file that depend on the data."""

    about: str
    """The data in a few words."""
    process: str | None
    """Name of a built-in process; None: a function in a separate file."""
    module: str
    """Content of that file; empty if there is none."""
    inputs: Mapping[str, Any]
    bounds: Bounds
    """In the CRS of the pyramid; across the antimeridian the right edge is beyond that of the
    grid."""
    zooms: tuple[int, int]
    """First and last zoom."""
    lower: str | None
    """How coarser zooms are made from the finest one; None: each is computed."""
    output: Mapping[str, Any]
    """Without its path."""
    parameters: Mapping[str, Any]


def bounds_on(pyramid: Pyramid, area: BaseGeometry, path: str) -> Bounds:
    """The slightly enlarged box of an area; raises `ConfigError` if no tile intersects it.

    `area` is in the CRS of the pyramid, `path` the source's, for the message.
    """
    if not area.is_empty:
        area = clip_to_pyramid(pyramid, Bounds(*area.bounds).polygon())
    if area.is_empty:
        raise ConfigError(
            "lies outside of the grid",
            key="--from",
            found=path,
            remedy="--pyramid-type geodetic, which reaches to the poles",
        )
    steps = 10 ** _DIGITS[pyramid.crs.is_geographic]
    left, bottom, right, top = hull(pyramid, area)
    return Bounds(
        math.floor(left * steps) / steps,
        math.floor(bottom * steps) / steps,
        math.ceil(right * steps) / steps,
        math.ceil(top * steps) / steps,
    )


def zooms_of(pyramid: Pyramid, bounds: Bounds, size: float) -> tuple[int, int]:
    """From the zoom at which a box is about one tile to the zoom that matches this pixel size."""
    finest = pyramid.zoom_of(size)
    return min(finest, zoom_of_whole(pyramid, bounds)), finest


def zoom_of_whole(pyramid: Pyramid, bounds: Bounds) -> int:
    """The finest zoom at which a box is no larger than a tile."""
    return max(0, pyramid.zoom_of(max(bounds.width, bounds.height) / _TILE) - 1)
