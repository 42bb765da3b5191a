"""A set of tiles of one zoom as stretches of the curve."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.engine._morton_ranges import MortonRanges
from automap_tiles.grid import Pyramid, TileIndex, cover, morton


@given(st.sets(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_as_a_set(tiles: set[tuple[int, int]]) -> None:
    places = MortonRanges()
    for row, col in sorted(tiles, key=lambda tile: morton.encode(*tile)):
        places.add(TileIndex(9, row, col))
    every = {(row, col) for row in range(42) for col in range(42)}
    assert {tile for tile in every if TileIndex(9, *tile) in places} == tiles


def test_few_stretches_of_many_tiles() -> None:
    places = MortonRanges()
    number = 0
    for index in cover.tiles(Pyramid.from_grid("geodetic"), shapely.box(0, 0, 44.9, 44.9), 10):
        places.add(index)
        number += 1
    assert (number, len(places)) == (65_536, 1)


def test_out_of_order() -> None:
    places = MortonRanges()
    places.add(TileIndex(3, 1, 1))
    with pytest.raises(ValueError, match="order of the curve"):
        places.add(TileIndex(3, 0, 1))
