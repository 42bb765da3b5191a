"""Areas and places whose longitudes are counted on different turns of the globe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box, union_all
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from automap_tiles.vector import intersection_across_antimeridian, intersects_across_antimeridian

FIJI = MultiPolygon([box(177, -19, 180, -16), box(-180, -19, -178, -16)])
"""As RFC 7946 wants it."""


def wrapped(shape: BaseGeometry) -> BaseGeometry:
    """Between -180 and 180."""
    worlds = (translate(shape, -360 * turn) for turn in range(-3, 4))
    return union_all([each.intersection(box(-180, -90, 180, 90)) for each in worlds])


@pytest.mark.parametrize("turn", [-360, 0, 360])
def test_both_sides_of_the_antimeridian(turn: int) -> None:
    scene = translate(box(179, -18, 181, -17), turn)
    found = intersection_across_antimeridian(FIJI, scene)
    assert found.symmetric_difference(scene).area < 1e-9
    assert intersects_across_antimeridian(FIJI, scene)
    assert not intersects_across_antimeridian(FIJI, translate(scene, 10))
    assert intersection_across_antimeridian(FIJI, translate(scene, 10)).is_empty


def test_what_lies_within_comes_back_itself() -> None:
    area = box(10, 45, 12, 46)
    assert intersection_across_antimeridian(area, box(9, 40, 13, 50)) is area


def test_nothing_is_nowhere() -> None:
    for area, place in ((Polygon(), FIJI), (FIJI, Polygon())):
        assert intersection_across_antimeridian(area, place).is_empty
        assert not intersects_across_antimeridian(area, place)


@given(
    st.floats(-180, 180), st.floats(0.5, 90), st.floats(-400, 400), st.floats(0.5, 90),
)  # fmt: skip
def test_the_same_part_of_the_globe(left: float, width: float, west: float, wide: float) -> None:
    area, place = box(left, 0, left + width, 1), box(west, 0, west + wide, 1)
    wanted = wrapped(area).intersection(wrapped(place))
    found = intersection_across_antimeridian(wrapped(area), place)
    assert wrapped(found).symmetric_difference(wanted).area < 1e-6
    assert found.difference(place.buffer(1e-9)).area < 1e-9
    assert intersects_across_antimeridian(wrapped(area), place) or wanted.area == 0
