"""An overview from the tiles below it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automap_tiles.engine.overviews import make_higher, make_lower
from automap_tiles.formats import Tiled
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.raster import overview


@pytest.mark.parametrize("lower", ["nearest", "average", "mode", "max", "bilinear", "cubic"])
@pytest.mark.parametrize(("metatiling", "index"), [(1, (5, 7, 9)), (4, (2, 0, 0)), (2, (0, 0, 0))])
@pytest.mark.parametrize("size", [32, 33])
def test_tiles_shrink_as_their_mosaic_does(
    lower: str, metatiling: int, index: tuple[int, int, int], size: int
) -> None:
    rng = np.random.default_rng(5)
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling, tile_size=size)
    tile = pyramid.tile(*index)
    children = tile.children()
    height, width = tile.shape
    whole = np.ma.MaskedArray(rng.integers(0, 900, (2, 2 * height, 2 * width), dtype=np.int16))
    whole.mask = rng.random(whole.shape) < 0.3
    whole[whole == 0] = np.ma.masked
    stored: dict[Any, Tiled] = {}
    for child in children:
        row, col = (child.row - children[0].row), (child.col - children[0].col)
        place = np.s_[
            :,
            row * children[0].shape[0] : row * children[0].shape[0] + child.shape[0],
            col * children[0].shape[1] : col * children[0].shape[1] + child.shape[1],
        ]
        if child is children[-1] and len(children) > 1:
            whole[place] = np.ma.masked  # this one was never written
        else:
            stored[child.index] = Tiled(
                np.ma.MaskedArray(whole[place].filled(0), whole[place].mask)
            )
    process: Any = SimpleNamespace(
        baselevels=SimpleNamespace(lower=lower), writer=SimpleNamespace(nodata=0)
    )

    def find(child: Tile) -> Tiled | None:
        return stored.get(child.index)

    made = make_lower(process, tile, find)
    assert made is not None
    wanted = overview.shrink(whole, tile.shape, resampling=lower, nodata=0, unit_size=size)
    np.testing.assert_array_equal(made.data.mask, wanted.mask)
    np.testing.assert_array_equal(made.data.filled(0), wanted.filled(0))


@pytest.mark.parametrize("quarter", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_finer_tile_is_a_quarter_of_the_one_above(quarter: tuple[int, int]) -> None:
    pyramid = Pyramid.from_grid("geodetic", tile_size=16)
    tile = pyramid.tile(4, 6 + quarter[0], 10 + quarter[1])
    parent = np.ma.masked_less(np.arange(2 * 16 * 16, dtype=np.int16).reshape(2, 16, 16), 20)
    stored = {(3, 3, 5): Tiled(parent)}
    process: Any = SimpleNamespace(
        baselevels=SimpleNamespace(higher="nearest"),
        writer=SimpleNamespace(nodata=0, read=lambda above: stored.get(tuple(above.index))),
    )
    made = make_higher(process, tile)
    assert made is not None
    rows, cols = (np.s_[8 * side : 8 * side + 8] for side in quarter)
    wanted = parent[:, rows, cols].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(np.ma.getmaskarray(made.data), np.ma.getmaskarray(wanted))
    np.testing.assert_array_equal(made.data.filled(0), wanted.filled(0))
    assert make_higher(process, pyramid.tile(4, 0, 0)) is None, "nothing above"
    assert make_higher(process, pyramid.tile(0, 0, 0)) is None, "no zoom above"
    stored[(3, 3, 5)] = Tiled(np.ma.MaskedArray(parent.data, mask=True))
    assert make_higher(process, tile) is None, "empty above"
