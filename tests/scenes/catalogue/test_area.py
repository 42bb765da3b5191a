"""Areas over the antimeridian, and footprints as catalogues write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box, get_coordinates
from shapely.affinity import translate
from shapely.geometry import mapping

from automap_tiles.errors import InputError
from automap_tiles.scenes.catalogue import from_bounds, normalised
from automap_tiles.scenes.catalogue._area import footprint, server_parts

CENTRES = st.floats(-180, 180, allow_nan=False)
SIZES = st.floats(0.5, 8)


@given(CENTRES, SIZES, st.integers(-2, 2), CENTRES)
def test_turns_of_the_globe_change_nothing(x: float, size: float, turn: int, probe: float) -> None:
    area = normalised(translate(box(x - size, 10, x + size, 20), 360 * turn))
    left, _, right, _ = area.bounds
    assert -180 <= left <= right <= 180
    assert area.area == pytest.approx(20 * size)
    distance = abs((probe - x + 180) % 360 - 180)
    if abs(distance - size) > 1e-6:
        assert area.intersects(Point(probe, 15)) == (distance < size)


@given(CENTRES, SIZES, st.floats(-70, 70))
def test_every_way_of_writing_a_footprint(x: float, size: float, y: float) -> None:
    """In two parts, beyond 180, or with a jump from one side to the other: the same place."""
    whole = box(x - size, y - 5, x + size, y + 5)
    parts = normalised(whole)
    jumping = Polygon([((lon + 180) % 360 - 180, lat) for lon, lat in get_coordinates(whole)])
    for written in (whole, parts, jumping):
        found = footprint(mapping(written), None)
        assert found is not None
        assert found.symmetric_difference(parts).area < 1e-6


def test_boxes() -> None:
    assert from_bounds(10, 20, 30, 40).equals(box(10, 20, 30, 40))
    across = from_bounds(170, -20, -170, -10)
    assert across.equals(MultiPolygon([box(170, -20, 180, -10), box(-180, -20, -170, -10)]))
    assert from_bounds(-180, -90, 180, 90).equals(box(-180, -90, 180, 90))
    wide = box(-100, 0, 120, 10)  # a user's area is what it says, however wide
    assert normalised(wide) is wide


def test_bbox_of_an_item() -> None:
    for bbox in ([179, -10, -179, -9], [179, -10, 0, -179, -9, 100]):
        found = footprint(None, bbox)
        assert found is not None
        assert found.equals(from_bounds(179, -10, -179, -9))
    assert footprint(None, None) is None
    with pytest.raises(InputError, match="bbox"):
        footprint(None, [1, 2])


@pytest.mark.parametrize("north", [True, False])
def test_round_a_pole(north: bool) -> None:
    """Landsat's southernmost rows go round the pole."""
    sign = 1 if north else -1
    ring = [(lon, sign * (82 + lon / 180)) for lon in (0, 90, 180, -90, 0)]
    found = footprint({"type": "Polygon", "coordinates": [ring]}, None)
    assert found is not None
    assert found.covers(Point(33, sign * 89))
    assert found.covers(Point(-133, sign * 89))
    assert not found.intersects(Point(33, sign * 70))


def test_heights_and_bow_ties() -> None:
    flat = footprint(mapping(Polygon([(0, 0, 5), (2, 0, 5), (2, 2, 5), (0, 2, 5)])), None)
    assert flat is not None
    assert flat.equals(box(0, 0, 2, 2))
    bow = footprint(mapping(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])), None)
    assert bow is not None
    assert bow.is_valid
    assert bow.area == pytest.approx(2)


def test_what_servers_are_asked_for() -> None:
    assert server_parts(box(0, 0, 1, 1)) == (box(0, 0, 1, 1),)
    parts = server_parts(from_bounds(170, 0, -170, 10))
    assert [part.bounds for part in parts] == [(-180, 0, -170, 10), (170, 0, 180, 10)]
    coast = Point(10, 50).buffer(3, 500)
    (sent,) = server_parts(coast)
    assert sent.covers(coast)
    assert all(
        part.geom_type == "Polygon" for part in server_parts(from_bounds(-180, -90, 180, 90))
    )
