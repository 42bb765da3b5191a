"""Whether a tile intersects an area."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import shapely

from automap_tiles.grid import Bounds, Tile, other_turns

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def shares_points(tile: Tile, area: BaseGeometry) -> bool:
    """Whether the box of a tile, buffer included, touches an area in its CRS.

    Both may cross the antimeridian, with x coordinates that differ by a full turn.
    """
    if area.is_empty:
        return False
    left, bottom, right, top = tile.bounds
    return any(
        shapely.intersects(area, shapely.box(left - turn, bottom, right - turn, top))
        for turn in (0.0, *other_turns(tile.pyramid))
    )


def pieces(bounds: Bounds, tile: Tile) -> Iterator[tuple[Bounds, float]]:
    """The parts of a box on a tile's pyramid, and the shift that moves each back into the box.

    A box across the antimeridian of a global grid has a part on either side.
    """
    edge = tile.pyramid.bounds
    if not tile.pyramid.is_global or (bounds.left >= edge.left and bounds.right <= edge.right):
        yield bounds, 0.0
        return
    for shift in (0.0, -edge.width, edge.width):
        moved = Bounds(bounds.left - shift, bounds.bottom, bounds.right - shift, bounds.top)
        part = moved.intersection(edge)
        if part is not None:
            yield part, shift
