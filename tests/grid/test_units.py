from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.grid import Pyramid, TileIndex, unit_parts
from tests.grid.strategies import GRIDS, grid_names, tiles_of


@given(
    data=st.data(),
    name=grid_names,
    metatiling=st.sampled_from([1, 2, 8, 32]),
    buffer=st.sampled_from([0, 1, 5, 16, 40]),
    zoom=st.integers(0, 16),
)
def test_parts_fill_the_tile_once(
    data: st.DataObject, name: str, metatiling: int, buffer: int, zoom: int
) -> None:
    pyramid = Pyramid.from_grid(
        GRIDS[name], tile_size=16, metatiling=metatiling, pixelbuffer=buffer
    )
    single = pyramid.replace(metatiling=1, pixelbuffer=0)
    tile = data.draw(tiles_of(pyramid, zoom))
    rows, cols = single.matrix_shape(tile.zoom)
    x_size, y_size = pyramid.pixel_size(tile.zoom)
    times = np.zeros(tile.shape, dtype=int)
    for part in unit_parts(tile):
        window = times[part.tile_window]
        rows_unit, cols_unit = part.unit_window
        assert window.shape == (rows_unit.stop - rows_unit.start, cols_unit.stop - cols_unit.start)
        assert 0 <= rows_unit.start < rows_unit.stop <= 16
        assert 0 <= cols_unit.start < cols_unit.stop <= 16
        times[part.tile_window] += 1
        assert part.is_whole == (window.shape == (16, 16))
        unit_zoom, unit_row, unit_col = part.key
        if 0 <= unit_row < rows and 0 <= unit_col < cols:
            assert part.grid == single.tile(unit_zoom, unit_row, unit_col).grid
        else:
            assert not pyramid.is_global
        # the first pixel of the part is at the same place in both
        left = part.grid.bounds.left + cols_unit.start * x_size
        top = part.grid.bounds.top - rows_unit.start * y_size
        here_left = tile.left + part.tile_window[1].start * x_size
        here_top = tile.top - part.tile_window[0].start * y_size
        assert (top - here_top) / y_size == pytest.approx(0, abs=1e-3)
        off = (left - here_left) / x_size
        if pyramid.is_global:
            world = pyramid.pixel_shape(tile.zoom)[1]
            off -= round(off / world) * world
        assert off == pytest.approx(0, abs=1e-3)
    assert (times == 1).all()


def test_columns_over_the_antimeridian_are_wrapped() -> None:
    tile = Pyramid.from_grid("geodetic", pixelbuffer=10).tile(5, 3, 0)
    assert {part.key[2] for part in unit_parts(tile)} == {63, 0, 1}
    assert {part.key[1] for part in unit_parts(tile)} == {2, 3, 4}


def test_a_tile_without_buffer_is_its_own_part() -> None:
    tile = Pyramid.from_grid("mercator").tile(7, 5, 9)
    (part,) = unit_parts(tile)
    assert part.is_whole
    assert part.grid == tile.grid
    assert TileIndex(*part.key) == tile.index
