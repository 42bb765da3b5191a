"""Coordinate systems whose x goes once around the globe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasterio.crs import CRS

if TYPE_CHECKING:
    from automap_tiles.grid.pyramid import Pyramid

_MERCATOR = CRS.from_epsg(3857)
_MERCATOR_TURN = 2 * 20037508.342789244
_ROUNDING = 1e-12


def full_turn(crs: CRS) -> float | None:
    """X from the antimeridian once around to it; None for a CRS without one."""
    if crs.is_geographic:
        return 360.0
    return _MERCATOR_TURN if crs == _MERCATOR else None


def other_turns(pyramid: Pyramid) -> tuple[float, ...]:
    """How far geometries that count x on another turn of the globe move to lie on a pyramid.

    On a global one either way; on another only where that itself goes on beyond the antimeridian.
    """
    edge = pyramid.bounds
    if pyramid.is_global:
        return edge.width, -edge.width
    turn = full_turn(pyramid.crs)
    if turn is None:
        return ()
    half = turn / 2 * (1 + _ROUNDING)
    return (*((turn,) if edge.right > half else ()), *((-turn,) if edge.left < -half else ()))
