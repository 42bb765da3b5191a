from __future__ import annotations

import pickle
from typing import Any

import morecantile
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from automap_tiles.errors import GridError
from automap_tiles.grid import Pyramid, Tile, TileIndex
from tests.grid.strategies import CUSTOM, GRIDS, oracle, pyramids, tiles_of

BUFFERS = st.sampled_from([0, 1, 2, 10, 16, 100])


@given(pyramid=pyramids(), zoom=st.integers(0, 30))
def test_matrices_are_those_of_tilematrix(pyramid: tuple[str, Pyramid], zoom: int) -> None:
    name, ours = pyramid
    theirs = oracle(name, ours.metatiling, ours.tile_size)
    assert ours.matrix_shape(zoom) == (theirs.matrix_height(zoom), theirs.matrix_width(zoom))
    assert ours.pixel_size(zoom) == (theirs.pixel_x_size(zoom), theirs.pixel_y_size(zoom))
    assert ours.crs == theirs.crs
    assert ours.bounds == theirs.bounds
    assert ours.is_global == theirs.is_global


@given(data=st.data(), pyramid=pyramids(BUFFERS))
def test_tiles_are_those_of_tilematrix(data: st.DataObject, pyramid: tuple[str, Pyramid]) -> None:
    name, ours = pyramid
    tile = data.draw(tiles_of(ours))
    theirs = oracle(name, ours.metatiling, ours.tile_size).tile(*tile.index)
    buffer = ours.pixelbuffer
    assert tile.bounds == theirs.bounds(buffer)
    assert tile.transform == theirs.affine(buffer)
    assert tile.pixel_x_size == theirs.pixel_x_size
    assert tile.bbox.equals(theirs.bbox(buffer))
    if buffer <= min(theirs.shape()):  # tilematrix's shape leaves the pyramid with a wider one
        assert tile.shape == theirs.shape(buffer)
    assert (tile.zoom, tile.row, tile.col) == tuple(theirs.id)
    assert (tile.height, tile.width) == tile.shape
    assert (tile.left, tile.bottom, tile.right, tile.top) == tile.bounds


@given(data=st.data(), pyramid=pyramids(BUFFERS))
def test_shape_bounds_and_offset_tell_the_same(
    data: st.DataObject, pyramid: tuple[str, Pyramid]
) -> None:
    _, ours = pyramid
    tile = data.draw(tiles_of(ours))
    x_size, y_size = ours.pixel_size(tile.zoom)
    assert tile.bounds.width / x_size == pytest.approx(tile.width, rel=1e-6, abs=1e-3)
    assert tile.bounds.height / y_size == pytest.approx(tile.height, rel=1e-6, abs=1e-3)
    row, col = tile.pixel_offset
    assert (ours.bounds.top - tile.top) / y_size == pytest.approx(row, rel=1e-9, abs=1e-3)
    assert (tile.left - ours.bounds.left) / x_size == pytest.approx(col, rel=1e-9, abs=1e-3)
    if ours.is_global:
        assert row >= 0
        assert row + tile.height <= ours.pixel_shape(tile.zoom)[0]


def test_the_buffers_of_the_contract() -> None:
    pyramid = Pyramid.from_grid("geodetic", pixelbuffer=10)
    tile = pyramid.tile(5, 0, 0)
    assert tile.shape == (266, 276)
    assert tile.left == pytest.approx(-180.22, abs=0.01)
    wide = Pyramid.from_grid("geodetic", metatiling=8)
    assert wide.tile(0, 0, 0).shape == (256, 512)


@given(data=st.data(), pyramid=pyramids())
def test_family(data: st.DataObject, pyramid: tuple[str, Pyramid]) -> None:
    name, ours = pyramid
    tile = data.draw(tiles_of(ours))
    theirs = oracle(name, ours.metatiling, ours.tile_size).tile(*tile.index)
    parent, known = tile.parent(), theirs.get_parent()
    assert (parent and tuple(parent.index)) == (known and tuple(known.id))
    children = tile.children()
    assert {tuple(child.index) for child in children} == {
        tuple(child.id) for child in theirs.get_children()
    }
    assert all(child.parent() == tile for child in children)
    assert sum(child.bounds.width * child.bounds.height for child in children) == pytest.approx(
        tile.bounds.width * tile.bounds.height, rel=1e-6
    )
    pixels = sum(child.shape[0] * child.shape[1] for child in children)
    assert pixels == 4 * tile.shape[0] * tile.shape[1]


@given(data=st.data(), pyramid=pyramids(BUFFERS), other=st.sampled_from([1, 2, 8, 64, 256]))
def test_the_same_place_in_another_cut(
    data: st.DataObject, pyramid: tuple[str, Pyramid], other: int
) -> None:
    name, ours = pyramid
    tile = data.draw(tiles_of(ours, 9))
    if ours.metatiling // other > 16:
        return  # thousands of tiles
    there = tile.intersecting(ours.replace(metatiling=other, pixelbuffer=0))
    theirs = oracle(name, ours.metatiling, ours.tile_size).tile(*tile.index)
    assert sorted(tuple(part.index) for part in there) == sorted(
        tuple(part.id) for part in theirs.intersecting(oracle(name, other, ours.tile_size))
    )


def test_tiles_of_another_grid_have_no_place() -> None:
    tile = Pyramid.from_grid("geodetic").tile(3, 1, 1)
    with pytest.raises(GridError, match="different grids"):
        tile.intersecting(Pyramid.from_grid("mercator"))
    with pytest.raises(GridError, match="different grids"):
        tile.intersecting(Pyramid.from_grid("geodetic", tile_size=512))


@pytest.mark.parametrize(
    ("name", "scheme"), [("mercator", "WebMercatorQuad"), ("geodetic", "WorldCRS84Quad")]
)
@given(data=st.data())
def test_tiles_are_those_of_morecantile(name: str, scheme: str, data: st.DataObject) -> None:
    pyramid = Pyramid.from_grid(name)
    tile = data.draw(tiles_of(pyramid))
    place = morecantile.Tile(tile.col, tile.row, tile.zoom)
    theirs = morecantile.tms.get(scheme).xy_bounds(place)
    # to the tenth of a micrometre, by which the two write the edge of the world differently
    near = 1e-7 if name == "mercator" else 1e-12
    assert tuple(tile.bounds) == pytest.approx(tuple(theirs), rel=0, abs=near)


@given(data=st.data(), name=st.sampled_from(["laea", "utm"]))
def test_custom_grids_are_those_of_morecantile(name: str, data: st.DataObject) -> None:
    definition = CUSTOM[name]
    pyramid = Pyramid.from_grid(definition)
    tile = data.draw(tiles_of(pyramid, 12))
    rows, cols = definition["shape"]
    scheme = _custom_scheme(name, rows, cols)
    theirs = scheme.xy_bounds(tile.col, tile.row, tile.zoom)
    assert tuple(tile.bounds) == pytest.approx(tuple(theirs), rel=0, abs=1e-4)


_schemes: dict[str, Any] = {}


def _custom_scheme(name: str, rows: int, cols: int) -> Any:
    if name not in _schemes:
        definition = CUSTOM[name]
        _schemes[name] = morecantile.TileMatrixSet.custom(
            definition["bounds"],
            CRS.from_epsg(definition["srs"]["epsg"]),
            matrix_scale=[cols, rows],
            maxzoom=12,
        )
    return _schemes[name]


@given(data=st.data(), pyramid=pyramids(BUFFERS))
def test_they_travel(data: st.DataObject, pyramid: tuple[str, Pyramid]) -> None:
    tile = data.draw(tiles_of(pyramid[1]))
    copy: Tile = pickle.loads(pickle.dumps(tile))
    assert copy == tile
    assert hash(copy) == hash(tile)
    assert copy.transform == tile.transform


@pytest.mark.parametrize("name", sorted(GRIDS))
def test_the_definition_goes_there_and_back(name: str) -> None:
    pyramid = Pyramid.from_grid(GRIDS[name], metatiling=4, pixelbuffer=3, tile_size=512)
    data = pyramid.to_dict()
    again = Pyramid.from_grid(
        data["grid"],
        **{key: data[key] for key in ("metatiling", "pixelbuffer", "tile_size")},
    )
    assert again.same_grid(pyramid)
    assert (again.metatiling, again.pixelbuffer, again.name) == (4, 3, pyramid.name)


def test_a_definition_that_equals_a_known_grid_gets_its_name() -> None:
    grid = {
        "shape": [1, 2],
        "bounds": [-180, -90, 180, 90],
        "srs": {"epsg": 4326},
        "is_global": True,
    }
    assert Pyramid.from_grid(grid).name == "geodetic"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": "geodesic"}, "geodesic"),
        ({"grid": {"shape": [1, 1], "bounds": [0, 0, 2, 1], "srs": {"epsg": 4326}}}, "ratio"),
        ({"grid": {"shape": [1, 1], "bounds": [0, 0, 1, 1]}}, "not a grid definition"),
        ({"grid": {"shape": [1, 1], "bonds": [0, 0, 1, 1]}}, "bonds"),
        ({"grid": "mercator", "metatiling": 3}, "metatiling"),
        ({"grid": "mercator", "metatiling": 512}, "metatiling"),
        ({"grid": "mercator", "pixelbuffer": -1}, "pixelbuffer"),
        ({"grid": "mercator", "pixelbuffer": 1.5}, "pixelbuffer"),
        ({"grid": "mercator", "tile_size": 0}, "tile_size"),
    ],
)
def test_pyramids_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GridError, match=message):
        Pyramid.from_grid(**options)


@pytest.mark.parametrize(
    "index", [(3, -1, 0), (3, 0, -1), (3, 8, 0), (3, 0, 8), (-1, 0, 0), (31, 0, 0)]
)
def test_tiles_that_cannot_be(index: tuple[int, int, int]) -> None:
    with pytest.raises(GridError):
        Pyramid.from_grid("mercator").tile(*index)
    with pytest.raises(GridError):
        Tile(Pyramid.from_grid("mercator"), TileIndex(*index))


@pytest.mark.parametrize("index", [(3, 1.5, 0), (3, 0, "1"), (2.0, 0, 0)])
def test_indexes_are_whole_numbers(index: Any) -> None:
    with pytest.raises(GridError):
        Pyramid.from_grid("mercator").tile(*index)
