from __future__ import annotations

import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import from_bounds

from automap_tiles.errors import GridError
from automap_tiles.grid import Bounds, Grid

numbers = st.integers(-20, 20).map(float)


@st.composite
def boxes(draw: st.DrawFn) -> Bounds:
    left, bottom = draw(numbers), draw(numbers)
    return Bounds(left, bottom, left + draw(st.integers(1, 10)), bottom + draw(st.integers(1, 10)))


@given(one=boxes(), other=boxes())
def test_boxes_are_those_of_shapely(one: Bounds, other: Bounds) -> None:
    shared = one.polygon().intersection(other.polygon())
    assert one.overlaps(other) == other.overlaps(one) == (shared.area > 0)
    common = one.intersection(other)
    assert (common is None) == (shared.area == 0)
    if common is not None:
        assert common == shared.bounds
    assert one.union(other) == one.polygon().union(other.polygon()).bounds
    assert one.width * one.height == one.polygon().area


@given(box=boxes(), height=st.integers(1, 500), width=st.integers(1, 500))
def test_a_grid_fills_its_box(box: Bounds, height: int, width: int) -> None:
    grid = Grid.from_bounds(box, (height, width), CRS.from_epsg(3857))
    assert grid.transform.almost_equals(from_bounds(*box, width, height))
    assert tuple(grid.bounds) == pytest.approx(tuple(box), abs=1e-9)
    assert (grid.height, grid.width) == (height, width)


@pytest.mark.parametrize(
    ("box", "shape"),
    [((0, 0, 1, 1), (0, 5)), ((0, 0, 0, 1), (5, 5)), ((0, 1, 1, 0), (5, 5))],
)
def test_no_grid_without_area(box: tuple[float, ...], shape: tuple[int, int]) -> None:
    with pytest.raises(GridError):
        Grid.from_bounds(Bounds(*box), shape, CRS.from_epsg(3857))


@pytest.mark.parametrize(
    ("turn", "box"),
    [
        (Affine.scale(2, -3), Bounds(100, 35, 114, 50)),
        (Affine.scale(2, 3), Bounds(100, 50, 114, 65)),
        (Affine.scale(-2, -3), Bounds(86, 35, 100, 50)),
        (Affine.rotation(90) @ Affine.scale(2, -3), Bounds(100, 50, 115, 64)),
        (Affine.shear(45) @ Affine.scale(2, -3), Bounds(85, 35, 114, 50)),
    ],
)
def test_bounds_of_pixels_that_run_any_way(turn: Affine, box: Bounds) -> None:
    grid = Grid(CRS.from_epsg(32736), Affine.translation(100, 50) @ turn, (5, 7))
    assert grid.bounds == pytest.approx(box)
    assert grid.is_north_up == (turn == Affine.scale(2, -3))
