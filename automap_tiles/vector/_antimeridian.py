"""Longitudes have many numbers: 180.2 and -179.8 are the same meridian.

The outline of a grid near the antimeridian counts on beyond 180 or -180; areas that users give and
footprints of catalogues end there and go on at the other side (RFC 7946, section 3.1.9).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry

from automap_tiles.vector._reproject import shift


def intersection_across_antimeridian(area: BaseGeometry, place: BaseGeometry) -> BaseGeometry:
    """The part of an area that lies in a place, its longitudes counted as those of the place.

    Both in longitude and latitude. An area that lies in the place as it is comes back itself.
    """
    if place.contains(area):
        return area
    found = [each.intersection(place) for each in _turned(area, place)]
    return found[0] if len(found) == 1 else shapely.union_all(found)


def intersects_across_antimeridian(area: BaseGeometry, place: BaseGeometry) -> bool:
    """Whether two share a point, whichever turn of the globe their longitudes are counted on."""
    return any(each.intersects(place) for each in _turned(area, place))


def _turned(area: BaseGeometry, place: BaseGeometry) -> Iterator[BaseGeometry]:
    """The area on each turn on which it might lie in the place."""
    if area.is_empty or place.is_empty:
        return
    (left, _, right, _), (west, _, east, _) = area.bounds, place.bounds
    for turn in range(math.ceil((west - right) / 360), math.floor((east - left) / 360) + 1):
        yield shift(area, 360.0 * turn) if turn else area
