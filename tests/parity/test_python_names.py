"""Scripts as they are written for mapchete, with its module in place of ours as the oracle."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely

from automap_tiles import mapchete as ours
from automap_tiles.cli.main import main
from automap_tiles.errors import ConfigError, GridError, TilesFailed

# what mapchete warns of itself
pytestmark = pytest.mark.filterwarnings("ignore")

MODULE = """\
import numpy as np
from automap_tiles import Empty, Tile

def execute(raster, tile: Tile, *, value: int = 0):
    if raster.is_empty() or tile.index == (4, 2, 8):
        raise Empty
    if value == 13:
        raise ValueError("unlucky")
    return raster.read(1) + value
"""
THEIRS = MODULE.replace("from automap_tiles", "from mapchete").replace("tile.index", "tile.id")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    with rasterio.open(
        tmp_path / "image.tif",
        "w",
        driver="GTiff",
        height=600,
        width=600,
        count=1,
        dtype="uint16",
        nodata=0,
        crs="EPSG:4326",
        transform=rasterio.transform.from_bounds(0, 20, 60, 80, 600, 600),
    ) as sink:
        sink.write(rng.integers(1, 60000, (1, 600, 600)).astype(np.uint16))
    (tmp_path / "ours.py").write_text(MODULE)
    (tmp_path / "theirs.py").write_text(THEIRS)
    return tmp_path


def config(files: Path, which: str, **more: Any) -> dict[str, Any]:
    return {
        "process": str(files / f"{which}.py"),
        "pyramid": {"grid": "geodetic", "metatiling": 2, "pixelbuffer": 4},
        "zoom_levels": {"min": 3, "max": 4},
        "input": {"raster": str(files / "image.tif")},
        "output": {
            "path": str(files / which),
            "format": "GTiff",
            "bands": 1,
            "dtype": "uint16",
            "nodata": 0,
            "metatiling": 1,
        },
        "config_dir": str(files),
        **more,
    }


@pytest.fixture
def both(files: Path) -> Iterator[tuple[Any, Any]]:
    import mapchete

    with (
        ours.open(config(files, "ours"), mode="memory") as mine,
        mapchete.open(config(files, "theirs"), mode="memory") as other,
    ):
        yield mine, other


def ids(tiles: Any) -> list[tuple[int, ...]]:
    return sorted(tuple(tile.id) for tile in tiles)


def test_the_same_process_tiles(both: tuple[Any, Any]) -> None:
    mine, other = both
    assert ids(mine.get_process_tiles()) == ids(other.get_process_tiles())
    assert ids(mine.get_process_tiles(4)) == ids(other.get_process_tiles(4))
    assert [tile.zoom for tile in mine.get_process_tiles()] == sorted(
        (tile.zoom for tile in other.get_process_tiles()), reverse=True
    )


def test_the_same_counts(both: tuple[Any, Any]) -> None:
    mine, other = both
    assert mine.count_tiles() == other.count_tiles()
    assert mine.count_tiles(4, 4) == other.count_tiles(4, 4)
    assert mine.count_tasks() == other.count_tasks()


def test_the_same_pixels_of_a_process_tile(both: tuple[Any, Any]) -> None:
    mine, other = both
    for tile in mine.get_process_tiles(4):
        a, b = mine.execute_tile(tile), other.execute_tile(tuple(tile.id))
        np.testing.assert_array_equal(a.filled(0), b.filled(0))
        np.testing.assert_array_equal(np.ma.getmaskarray(a), np.ma.getmaskarray(b))
        assert a.dtype == b.dtype


def test_an_empty_tile(both: tuple[Any, Any]) -> None:
    mine, other = both
    a, b = mine.execute_tile((4, 2, 8)), other.execute_tile((4, 2, 8))
    assert a.mask.all()
    assert b.mask.all()
    assert a.shape == b.shape
    with pytest.raises(ours.MapcheteNodataTile):
        mine.execute_tile((4, 2, 8), raise_nodata=True)


def test_raw_output_of_output_tiles(both: tuple[Any, Any]) -> None:
    mine, other = both
    for index in ((4, 3, 16), (4, 2, 18), (3, 1, 9)):
        a, b = mine.get_raw_output(index), other.get_raw_output(index)
        np.testing.assert_array_equal(a.filled(0), b.filled(0))
    assert mine.get_raw_output((9, 0, 0)).mask.all()  # of a zoom that it has not


def test_the_same_config(both: tuple[Any, Any]) -> None:
    mine, other = both
    a, b = mine.config, other.config
    assert list(a.zoom_levels) == list(b.zoom_levels)
    assert (a.zoom_levels.min, a.init_zoom_levels.max) == (3, 4)
    assert a.zoom_levels.descending() == list(b.zoom_levels.descending())
    assert a.mode == str(b.mode.value)
    assert a.process_pyramid.metatiling == b.process_pyramid.metatiling
    assert a.output_pyramid.pixelbuffer == b.output_pyramid.pixelbuffer
    assert a.area_at_zoom(4).symmetric_difference(b.area_at_zoom(4)).area < 1e-9
    np.testing.assert_allclose(tuple(a.bounds_at_zoom(3)), tuple(b.bounds_at_zoom(3)))
    assert set(a.input) == {"raster"}
    assert set(a.params_at_zoom(3)) == {"process_parameters", "input"}


def test_memory_writes_nothing(files: Path) -> None:
    with ours.open(config(files, "ours"), mode="memory") as mp:
        mp.get_raw_output((4, 3, 17))
        with pytest.raises(ValueError, match="mode"):
            mp.write((4, 1, 8), np.zeros((1, 520, 520)))
        with pytest.raises(ValueError, match="mode"):
            mp.read((4, 3, 17))
    assert not (files / "ours").exists()


def test_continue_writes_and_a_run_goes_on(files: Path, capsys: Any) -> None:
    import json

    (files / "work.mapchete").write_text(json.dumps(config(files, "ours")))
    with ours.open(files / "work.mapchete") as mp:
        first = mp.get_raw_output((4, 3, 17))
        again = mp.read((4, 3, 17))
        np.testing.assert_array_equal(first, again)
        told = mp.write((4, 1, 8), first)
        assert (told.written, told.write_msg) == (False, "output exists, not overwritten")
        count = mp.count_tiles()
    capsys.readouterr()
    assert main(["execute", str(files / "work.mapchete"), "--concurrency", "none"]) == 0
    assert "1 skipped (done before)" in capsys.readouterr().out
    with ours.open(files / "work.mapchete") as mp:
        assert sum(skip for _, skip in mp.skip_tiles(mp.get_process_tiles())) <= count


def test_execute_tile_and_write(files: Path) -> None:
    with ours.open(config(files, "ours"), mode="overwrite") as mp:
        for tile in mp.get_process_tiles(zoom=4):
            told = mp.write(tile, mp.execute_tile(tile))
            assert told.tile == tile
        data = mp.read((4, 3, 17))
    assert not data.mask.all()
    with rasterio.open(files / "ours/4/3/17.tif") as source:
        np.testing.assert_array_equal(source.read(), data.filled(0))


def test_mapchete_reads_what_was_written(files: Path) -> None:
    import mapchete

    with ours.open(config(files, "ours")) as mp:
        told = list(mp.execute())
    assert [each.processed for each in told] == [True] * len(told)
    with (
        ours.open(str(files / "ours"), zoom=4) as mine,
        mapchete.open(str(files / "ours"), zoom=4) as other,
    ):
        a, b = mine.read((4, 3, 17)), other.read((4, 3, 17))
        np.testing.assert_array_equal(a.filled(0), b.filled(0))
        assert list(mine.config.zoom_levels) == [4]
        with pytest.raises(ValueError, match="readonly"):
            mine.execute_tile((4, 3, 17))
        assert mine.read((4, 0, 0)).mask.all()
        assert other.read((4, 0, 0)).mask.all()


def test_a_folder_has_the_zooms_that_it_has(files: Path) -> None:
    with ours.open(config(files, "ours")) as mp:
        list(mp.execute(zoom=3))
    with ours.open(str(files / "ours")) as mp:
        assert list(mp.config.zoom_levels) == [3]


def test_execute_one_tile(files: Path) -> None:
    with ours.open(config(files, "ours")) as mp:
        (told,) = mp.execute(tile=(4, 1, 9))
        assert told.written
        assert told.id == "4/1/9"
        assert not list(mp.execute(tile=(4, 1, 9)))  # is there


def test_execute_stops_at_the_first_failure(files: Path) -> None:
    with ours.open(config(files, "ours", process_parameters={"value": 13})) as mp:
        with pytest.raises(TilesFailed, match="unlucky"):
            list(mp.execute())
        with pytest.raises(ValueError, match="unlucky"):
            mp.execute_tile((4, 1, 9))


def test_overviews(files: Path) -> None:
    more = {"baselevels": {"min": 4, "max": 4, "lower": "average"}}
    with ours.open(config(files, "ours", **more)) as mp:
        list(mp.execute())
        data = mp.execute_tile((3, 0, 4))
        stored = mp.read((3, 1, 9))
    part = data[:, 256:512, 256:512]
    np.testing.assert_array_equal(part.filled(0), stored.filled(0))


def test_narrowed(files: Path) -> None:
    with ours.open(config(files, "ours"), mode="memory", zoom=[3, 3], bounds=(0, 20, 20, 40)) as mp:
        assert ids(mp.get_process_tiles()) == [(3, 1, 4)]
    given = config(files, "ours", input={"raster": "from_command_line"})
    with ours.open(given, mode="memory", single_input_file=files / "image.tif") as mp:
        assert not mp.execute_tile((4, 1, 9)).mask.all()


def test_bad_words_are_refused(files: Path) -> None:
    with pytest.raises(ConfigError, match="unknown mode"):
        ours.open(config(files, "ours"), mode="always")
    with pytest.raises(ConfigError, match="environment"):
        ours.open(config(files, "ours"), fs_kwargs={"key": "value"})
    with ours.open(config(files, "ours"), mode="memory") as mp:
        with pytest.raises(ConfigError, match="is not a tile"):
            mp.execute_tile("4/3/17")
        with pytest.raises(GridError):
            mp.execute_tile((4, 99, 0))
        other = ours.BufferedTilePyramid("mercator").tile(4, 3, 3)
        with pytest.raises(GridError, match="another grid"):
            mp.execute_tile(other)


def test_features(files: Path) -> None:
    import fiona

    with fiona.open(
        files / "shapes.geojson",
        "w",
        driver="GeoJSON",
        crs="EPSG:4326",
        schema={"geometry": "Polygon", "properties": {"id": "int"}},
    ) as sink:
        for number in range(4):
            shape = shapely.box(number * 10 + 1, 25, number * 10 + 4, 40)
            sink.write({"geometry": shapely.geometry.mapping(shape), "properties": {"id": number}})
    (files / "shapes.py").write_text("def execute(shapes):\n    return shapes.read()\n")
    given = {
        "process": str(files / "shapes.py"),
        "pyramid": {"grid": "geodetic", "metatiling": 2},
        "zoom_levels": 4,
        "input": {"shapes": str(files / "shapes.geojson")},
        "output": {
            "path": str(files / "features"),
            "format": "GeoJSON",
            "metatiling": 1,
            "schema": {"geometry": "Polygon", "properties": {"id": "int"}},
        },
    }
    with ours.open(given, mode="memory") as mp:
        found = mp.get_raw_output((4, 4, 16))
        whole = mp.execute_tile((4, 2, 8))
    assert {f["properties"]["id"] for f in found} == {0, 1}
    assert {f["properties"]["id"] for f in whole} == {0, 1, 2}


# tiles and pyramids


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
@pytest.mark.parametrize(("metatiling", "buffer"), [(1, 0), (2, 3), (4, 10)])
def test_tiles_have_the_same_relations(grid: str, metatiling: int, buffer: int) -> None:
    from mapchete.tile import BufferedTilePyramid

    mine = ours.BufferedTilePyramid(grid, metatiling=metatiling, pixelbuffer=buffer)
    other = BufferedTilePyramid(grid, metatiling=metatiling, pixelbuffer=buffer)
    for zoom in (0, 1, 2, 5):
        rows, cols = mine.matrix_shape(zoom)
        assert (mine.matrix_height(zoom), mine.matrix_width(zoom)) == (rows, cols)
        for row, col in {(0, 0), (rows - 1, cols - 1), (rows // 2, cols // 2)}:
            a, b = mine.tile(zoom, row, col), other.tile(zoom, row, col)
            for number in (4, 8):
                assert [tuple(t) for t in a.get_neighbors(number)] == [
                    tuple(t) for t in b.get_neighbors(number)
                ]
            assert a.is_on_edge() == b.is_on_edge()
            assert a.is_valid()
            assert [tuple(t) for t in a.get_children()] == [tuple(t) for t in b.get_children()]
            assert a.buffered_tp == mine
            assert a.__geo_interface__["type"] == "Polygon"
            assert mine.without_pixelbuffer().tile(*a.id).bounds == tuple(
                other.without_pixelbuffer().tile(*b.id).bounds
            )


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
def test_tiles_of_places(grid: str) -> None:
    from mapchete.tile import BufferedTilePyramid

    mine = ours.BufferedTilePyramid(grid, metatiling=2)
    other = BufferedTilePyramid(grid, metatiling=2)
    scale = 1 if grid == "geodetic" else 100_000
    box = (1.5 * scale, -30 * scale, 44 * scale, 33.3 * scale)
    assert ids(mine.tiles_from_bounds(box, 5)) == ids(other.tiles_from_bounds(_bounds(box), 5))
    shape = shapely.Point(10 * scale, 10 * scale).buffer(15 * scale)
    assert ids(mine.tiles_from_geom(shape, 6)) == ids(other.tiles_from_geom(shape, 6, exact=True))
    for letters in ("rb", "lb", "rt", "lt"):
        for x, y in ((0.0, 0.0), (11.0 * scale, -7.0 * scale), (mine.left, mine.top)):
            a = mine.tile_from_xy(x, y, 4, on_edge_use=letters)
            if (x, y) != (mine.left, mine.top) or letters == "rb":
                assert tuple(a) == tuple(other.tile_from_xy(x, y, 4, on_edge_use=letters))
    assert ours.count_tiles(shape, mine, 4, 6) == sum(
        len(ids(other.tiles_from_geom(shape, zoom, exact=True))) for zoom in (4, 5, 6)
    )


def _bounds(box: tuple[float, ...]) -> Any:
    from mapchete.bounds import Bounds

    return Bounds(*box)


USES_MAPCHETE = """\
import numpy as np
from automap_tiles import Tile
from mapchete.io.raster import create_mosaic, extract_from_array
from mapchete.io.vector import read_vector_window
from mapchete.tile import BufferedTile

def execute(tile: Tile, *, shapes: str):
    assert isinstance(tile, BufferedTile)
    ones = np.ma.ones((1, *tile.shape), np.uint8)
    beside = next(t for t in tile.get_neighbors() if (t.row, t.col) == (tile.row, tile.col + 1))
    mosaic = create_mosaic([(tile, ones), (beside, (ones * 2).astype(np.uint8))])
    assert mosaic.data.shape == (1, tile.height, 2 * tile.width)
    found = read_vector_window(shapes, tile)
    own = extract_from_array(array=mosaic.data, in_affine=mosaic.affine, out_tile=tile)
    return (own + len(list(found))).astype(np.uint16)
"""


def test_functions_of_mapchete_take_our_tiles(files: Path) -> None:
    import fiona

    (files / "uses.py").write_text(USES_MAPCHETE)
    with fiona.open(
        files / "one.gpkg",
        "w",
        driver="GPKG",
        crs="EPSG:4326",
        schema={"geometry": "Polygon", "properties": {}},
    ) as sink:
        shape = shapely.geometry.mapping(shapely.box(1, 30, 10, 40))
        sink.write({"geometry": shape, "properties": {}})
    given = config(files, "uses", input={}, process_parameters={"shapes": str(files / "one.gpkg")})
    given["pyramid"]["pixelbuffer"] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ours.open(given, mode="memory") as mp:
            assert (mp.execute_tile((4, 2, 8)) == 2).all()
            assert (mp.execute_tile((4, 1, 9)) == 1).all()
