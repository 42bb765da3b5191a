"""The tile over a point, against tilematrix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tilematrix import TilePyramid

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid
from automap_tiles.workflows._point import point_box, tile_at


@given(
    st.floats(-179.999, 179.999),
    st.floats(-89.999, 89.999),
    st.integers(0, 14),
    st.sampled_from([1, 2, 8]),
)
def test_tile_at_is_tilematrix(x: float, y: float, zoom: int, metatiling: int) -> None:
    expected = TilePyramid("geodetic", metatiling=metatiling).tile_from_xy(x, y, zoom)
    found = tile_at(Pyramid.from_grid("geodetic", metatiling=metatiling), zoom, x, y)
    assert tuple(found) == (expected.zoom, expected.row, expected.col)


def test_corners_of_the_pyramid_belong_to_it() -> None:
    pyramid = Pyramid.from_grid("geodetic")
    assert tile_at(pyramid, 3, 180, -90) == (3, 7, 15)
    assert tile_at(pyramid, 3, -180, 90) == (3, 0, 0)


def test_outside() -> None:
    with pytest.raises(ConfigError, match="outside"):
        tile_at(Pyramid.from_grid("geodetic"), 3, 181, 0)


def test_crs_of_the_point() -> None:
    mercator = Pyramid.from_grid("mercator", pixelbuffer=10)
    box = point_box(mercator, 5, 16.37, 48.2, "EPSG:4326")  # Vienna
    assert box.equals(mercator.tile(5, 11, 17).unbuffered().bbox)
    with pytest.raises(ConfigError, match="point-crs"):
        point_box(mercator, 5, 16.37, 48.2, "EPSG:nonsense")
