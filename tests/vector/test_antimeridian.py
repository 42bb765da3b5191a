"""Areas and places whose longitudes are counted on different turns of the globe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from shapely import MultiPoint, MultiPolygon, Point, Polygon, box, union_all
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from automap_tiles.grid import Bounds
from automap_tiles.vector import (
    continued_across_antimeridian,
    intersection_across_antimeridian,
    intersects_across_antimeridian,
    shifted_to_box,
)

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


LON_LAT, MERCATOR, UTM = (CRS.from_epsg(code) for code in (4326, 3857, 32660))


@settings(max_examples=30)
@given(
    lefts=st.lists(st.integers(-180, 176), min_size=1, max_size=6),
    width=st.integers(1, 4),
)
def test_the_narrowest_box_that_goes_on_beyond_the_antimeridian(
    lefts: list[int], width: int
) -> None:
    area = MultiPolygon([box(left, 0, left + width, 1) for left in lefts])
    found = continued_across_antimeridian(area, LON_LAT)
    west, _, east, _ = found.bounds
    # of every column where a box may begin the one to the last part, once around
    reach = min(max((left - start) % 360 for left in lefts) + width for start in lefts)
    assert east - west == min(reach, max(lefts) + width - min(lefts))
    assert -180 <= west <= 180
    assert wrapped(union_all([found])).symmetric_difference(union_all([area])).area < 1e-9


def test_what_has_no_antimeridian_goes_on_nowhere() -> None:
    assert continued_across_antimeridian(FIJI, UTM) is FIJI
    half = 20_037_508.342789244
    metres = MultiPolygon([box(half - 10, 0, half, 10), box(-half, 0, -half + 10, 10)])
    assert continued_across_antimeridian(metres, MERCATOR).bounds == pytest.approx(
        (half - 10, 0, half + 10, 10)
    )
    whole = box(-180, -10, 180, 10)
    assert (
        continued_across_antimeridian(MultiPolygon([whole, box(0, 20, 1, 21)]), LON_LAT).bounds[2]
        == 180
    )


def test_shapes_lie_on_the_turn_of_the_box() -> None:
    there = Bounds(177, -19, 182, -16)
    shapes = np.array(
        [Point(-179, -17), Point(178, -17), Point(-179, -17, 5), FIJI, Point(20, 0), Polygon(),
         MultiPoint([(-179, -17), (3, 3)])],
        dtype=object,
    )  # fmt: skip
    found = shifted_to_box(shapes, there, LON_LAT)
    assert [each.bounds for each in found[:3]] == [
        (181, -17, 181, -17), (178, -17, 178, -17), (181, -17, 181, -17),
    ]  # fmt: skip
    assert found[2].z == 5
    assert found[3].equals(box(177, -19, 182, -16))
    assert found[4].equals(shapes[4])
    assert found[5].is_empty
    assert found[6].equals(MultiPoint([(181, -17), (3, 3)]))
    assert shifted_to_box(shapes, there, UTM) is shapes
    # a box that counts on below -180
    (back,) = shifted_to_box(
        np.array([Point(179, 0)], dtype=object), Bounds(-182, -1, -178, 1), LON_LAT
    )
    assert back.equals(Point(-181, 0))
