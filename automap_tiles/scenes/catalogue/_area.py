"""Areas and footprints on the globe, including those that cross the antimeridian.

Results lie between -180 and 180 and are split at the antimeridian (RFC 7946).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_FAR = 1080.0
"""Longitudes may wrap around the globe up to three times."""

_MANY_POINTS = 200
"""Outlines with more points are sent as their convex hull: some servers refuse long requests."""


def from_bounds(left: float, bottom: float, right: float, top: float) -> BaseGeometry:
    """A box in degrees; `left > right` crosses the antimeridian, as in a GeoJSON bbox."""
    from shapely import box

    return normalised(box(left, bottom, right + 360 if left > right else right, top))


def item_bbox(left: float, bottom: float, right: float, top: float) -> list[float]:
    """The bbox of an item; west exceeds east if it crosses the antimeridian (RFC 7946, 5.2)."""
    return [_turned(left), bottom, _turned(right), top]


def _turned(lon: float) -> float:
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180


def normalised(area: BaseGeometry) -> BaseGeometry:
    """The same area with longitudes between -180 and 180.

    Raises `InputError` if the coordinates cannot be degrees.
    """
    from shapely import box, make_valid, union_all
    from shapely.affinity import translate

    left, bottom, right, top = area.bounds
    if not (abs(left) <= _FAR and abs(right) <= _FAR and bottom >= -90.1 and top <= 90.1):
        raise InputError(f"not longitudes and latitudes: {area.bounds}")
    if left >= -180 and right <= 180:
        return area
    area = area if area.is_valid else make_valid(area)
    parts = []
    for turn in range(int((left - 180) // 360), int((right + 180) // 360) + 1):
        world = box(360 * turn - 180, -90, 360 * turn + 180, 90)
        part = area.intersection(world)
        if not part.is_empty and (part.area > 0 or area.area == 0):
            parts.append(translate(part, -360.0 * turn))
    return union_all(parts)


def footprint(
    geometry: Mapping[str, Any] | None, bbox: Sequence[float] | None
) -> BaseGeometry | None:
    """Footprint of an item; None if it has neither.

    Scenes are narrow, so an edge longer than half the globe crosses the antimeridian. Raises
    `InputError` for an invalid geometry.
    """
    from shapely import MultiPolygon, force_2d, make_valid, union_all
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    if geometry is None:
        return None if not bbox else _of_bbox(bbox)
    try:
        _check_finite(geometry.get("coordinates"))
        found = force_2d(shape(geometry))
        if found is None:
            raise ValueError("nothing")
        if found.geom_type == "Polygon":
            found = _unrolled(found)
        elif isinstance(found, MultiPolygon):
            found = union_all([make_valid(_unrolled(part)) for part in found.geoms])
        found = found if found.is_valid else make_valid(found)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InputError(f"its geometry is not valid: {error}") from error
    return None if found.is_empty else normalised(found)


def server_parts(area: BaseGeometry) -> tuple[BaseGeometry, ...]:
    """Geometries to query a server with: a simple one on each side of the antimeridian.

    They cover at least the area itself, against which scenes are tested again afterwards.
    """
    from shapely import box, get_num_coordinates

    touches_both = area.bounds[0] <= -180 and area.bounds[2] >= 180
    halves = [box(-180, -90, 0, 90), box(0, -90, 180, 90)] if touches_both else [area.envelope]
    parts = [area.intersection(half) for half in halves] if touches_both else [area]
    return tuple(
        part.convex_hull
        if get_num_coordinates(part) > _MANY_POINTS or "Collection" in part.geom_type
        else part
        for part in parts
        if not part.is_empty
    )


def _check_finite(coordinates: Any) -> None:
    """Raise `ValueError` for coordinates that cannot be degrees, where shapely only warns."""
    if isinstance(coordinates, list | tuple):
        for inner in coordinates:
            _check_finite(inner)
    elif not isinstance(coordinates, int | float) or not abs(coordinates) < 1e6:  # heights, too
        raise ValueError(f"coordinate {coordinates}")


def _of_bbox(bbox: Sequence[float]) -> BaseGeometry:
    try:
        _check_finite(list(bbox))
        numbers = [float(value) for value in bbox]
    except (TypeError, ValueError) as error:
        raise InputError(f"its bbox is not valid: {error}") from error
    if len(numbers) == 6:  # with heights
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4:
        raise InputError(f"its bbox is not valid: {bbox}")
    return from_bounds(*numbers)


def _unrolled(polygon: Any) -> Any:
    """Remove jumps across the antimeridian; a ring around a pole becomes a cap."""
    from shapely import Polygon, box

    rings = [_unrolled_ring(ring.coords) for ring in (polygon.exterior, *polygon.interiors)]
    outer = rings[0]
    if outer and abs(outer[0][0] - outer[-1][0]) > 180:
        latitudes = [y for _, y in outer]
        north = sum(latitudes) > 0
        return box(-180, min(latitudes) if north else -90, 180, 90 if north else max(latitudes))
    return Polygon(outer, rings[1:])


def _unrolled_ring(coordinates: Any) -> list[tuple[float, float]]:
    ring: list[tuple[float, float]] = []
    turn = 0.0
    for point in coordinates:
        x = float(point[0]) + turn
        if ring and x - ring[-1][0] > 180:
            turn -= 360
            x -= 360
        elif ring and x - ring[-1][0] < -180:
            turn += 360
            x += 360
        ring.append((x, float(point[1])))
    return ring
