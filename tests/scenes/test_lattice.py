from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import InputError
from automap_tiles.grid import Bounds, Grid, Pyramid, Tile, cover
from automap_tiles.scenes.lattice import (
    Lattice,
    blocks,
    choose,
    intersection,
    slices,
    widened,
    window_around,
)
from tests.scenes.samples import UTM, grid_at


def test_the_same_corner_has_the_same_numbers_in_every_window() -> None:
    lattice = Lattice(crs=UTM, transform=Affine(9.99479222007154, 0, 465181.05, 0, -9.9974, 5e6))
    one = lattice.grid((range(-7, 100), range(11, 99)))
    other = lattice.grid((range(40, 60), range(30, 50)))
    inner = lattice.grid((range(40, 41), range(30, 31)))
    assert other.transform == inner.transform
    assert one.shape == (107, 88)
    row, col = lattice.offset(one) or (0, 0)
    assert (row, col) == (-7, 11)


@pytest.mark.parametrize(("pixel", "left"), [(10.0, 600000.0), (30.0, 300015.0), (9.99479, 12.3)])
def test_offsets_of_aligned_grids(pixel: float, left: float) -> None:
    lattice = Lattice.of(grid_at(left=left, pixel=pixel))
    moved = Grid(UTM, lattice.transform @ Affine.translation(-37, 1200), (10, 20))
    assert lattice.offset(moved) == (1200, -37)
    assert lattice.offset(Grid(UTM, moved.transform @ Affine.translation(0.5, 0), (1, 1))) is None
    assert lattice.offset(Grid(UTM, moved.transform @ Affine.scale(1.001), (100, 100))) is None
    coarse = Grid(UTM, lattice.transform @ Affine.translation(4, 8) @ Affine.scale(2), (5, 5))
    assert lattice.offset(coarse) is None
    assert lattice.factor(coarse) == 2
    assert lattice.offset(coarse, 2) == (8, 4)


def test_the_grid_that_most_scenes_share() -> None:
    often = [grid_at(left=600000 + 640 * step) for step in range(3)]
    seldom = [grid_at(left=600005), grid_at(pixel=5)]
    assert choose([*seldom, *often]).offset(often[0]) is not None
    assert choose(seldom).pixel == (5, 5)  # the finest of equally frequent ones
    assert choose(often, resolution=20).pixel == (20, 20)
    with pytest.raises(InputError, match="no scenes"):
        choose([])
    with pytest.raises(InputError, match="north up"):
        choose([Grid(UTM, Affine.rotation(3) @ often[0].transform, (4, 4))])


def test_a_tile_sees_all_that_its_unit_blocks_see() -> None:
    lattice = Lattice.of(grid_at())
    big = Pyramid.from_grid("mercator", metatiling=4)
    tile = _tiles_over(big, 13)[0]
    whole = window_around(lattice, tile)
    assert whole is not None
    for unit in tile.intersecting(big.replace(metatiling=1)):
        own = window_around(lattice, unit)
        assert own is not None
        assert intersection(own, whole) == own
        # and more than the unit's own pixels on every side
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * 256
        xs, ys = zip(*(unit.transform @ tuple(corner) for corner in corners), strict=True)
        from rasterio.warp import transform

        x, y = transform(unit.crs, lattice.crs, xs, ys)
        cols, rows = ~lattice.transform @ (np.array(x), np.array(y))
        assert own[0].start <= rows.min() - 4
        assert own[0].stop >= rows.max() + 4
        assert own[1].start <= cols.min() - 4
        assert own[1].stop >= cols.max() + 4


def _tiles_over(pyramid: Pyramid, zoom: int) -> list[Tile]:
    import shapely
    from rasterio.warp import transform

    from automap_tiles.missions import center

    longitude, latitude = center(grid_at())
    x, y = transform("EPSG:4326", pyramid.crs, [longitude], [latitude])
    place = shapely.Point(x[0], y[0]).buffer(1)
    return [pyramid.tile(*index) for index in cover.tiles(pyramid, place, zoom)]


@given(
    start=st.integers(-1000, 1000),
    length=st.integers(1, 700),
    left=st.integers(-1000, 1000),
    width=st.integers(1, 700),
)
def test_blocks_fill_a_window_once(start: int, length: int, left: int, width: int) -> None:
    window = range(start, start + length), range(left, left + width)
    seen = np.zeros((length, width), dtype=int)
    for block in blocks(window):
        assert block[0].start % 256 == block[1].start % 256 == 0
        shared = intersection(block, window)
        assert shared is not None
        seen[slices(shared, window)] += 1
    assert (seen == 1).all()
    assert intersection(widened(window, 3), window) == window


def test_windows_hold_their_box() -> None:
    lattice = Lattice.of(grid_at(left=0, top=0))
    assert lattice.window(Bounds(5, -25, 15, -15)) == (range(1, 3), range(2))
    assert lattice.window(Bounds(0, -10, 10, 0)) == (range(1), range(1))
