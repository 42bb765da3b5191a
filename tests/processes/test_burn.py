"""Classes of polygons against rasterio and shapely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from rasterio.transform import from_bounds
from scipy.ndimage import minimum_filter

from automap_processes import burn
from automap_tiles import ConfigError, Empty, Pyramid, Tile, open_process
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import TileIndex
from automap_tiles.notes import collecting

SIZE = 64
PYRAMID = {"shape": [4, 4], "bounds": [0, 0, 4 * SIZE * 10, 4 * SIZE * 10], "srs": {"epsg": 32633}}
Found = tuple[Any, dict[str, int]]


def pyramid(buffer: int = 0, metatiling: int = 1) -> Pyramid:
    return Pyramid.from_grid(PYRAMID, tile_size=SIZE, pixelbuffer=buffer, metatiling=metatiling)


def written(path: Path, features: list[tuple[Any, dict[str, Any]]]) -> str:
    content = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}},
        "features": [
            {"type": "Feature", "properties": values,
             "geometry": shapely.geometry.mapping(geometry)}
            for geometry, values in features
        ],
    }  # fmt: skip
    path.write_text(json.dumps(content))
    return str(path)


def burnt(path: str, around: int = 0, index: tuple[int, int] = (1, 1), **parameters: Any) -> Found:
    """Of a tile: layers, and notes by their first words."""
    pyramid_ = pyramid(around)
    tile = Tile(pyramid_, TileIndex(0, *index))
    reader: Any = open_input(InputSpec.from_value("features", path), Path("/"), pyramid_)
    with collecting() as notes:
        picture, _ = burn.execute(reader.at(tile), tile, class_field="kind", **parameters)
    return picture, {note.reason[:14]: note.count for note in notes}


def opened(path: str, index: tuple[int, int] = (1, 1)) -> Any:
    """The features on a tile."""
    reader: Any = open_input(InputSpec.from_value("features", path), Path("/"), pyramid())
    return reader.at(Tile(pyramid(), TileIndex(0, *index)))


def square(left: float, bottom: float, width: float, height: float | None = None) -> Any:
    """In pixels of the tile (1, 1), from its lower left corner."""
    x, y = SIZE * 10 + left * 10, 2 * SIZE * 10 + bottom * 10
    return shapely.box(x, y, x + width * 10, y + (height or width) * 10)


shapes = st.lists(
    st.tuples(st.floats(-5, 60), st.floats(-5, 60), st.floats(1, 30), st.integers(1, 4),
              st.integers(0, 2)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(shapes, st.booleans())
def test_it_is_what_rasterio_burns_in_the_order_of_priority_and_size(
    tmp_path_factory: pytest.TempPathFactory, several: Any, all_touched: bool
) -> None:
    features = [
        (shapely.Point(square(x, y, 1).exterior.coords[0]).buffer(size * 5), {"kind": k, "rank": r})
        for x, y, size, k, r in several
    ]
    path = written(tmp_path_factory.mktemp("burn") / "shapes.geojson", features)
    ordered = sorted(features, key=lambda one: (one[1]["rank"], -one[0].area, -one[1]["kind"]))
    transform = from_bounds(*Tile(pyramid(), TileIndex(0, 1, 1)).bounds, SIZE, SIZE)
    wanted = rasterize([(one, values["kind"]) for one, values in ordered], (SIZE, SIZE),
                       transform=transform, all_touched=all_touched, dtype="uint8")  # fmt: skip
    if not wanted.any():
        return
    found, notes = burnt(path, priority_field="rank", all_touched=all_touched)
    np.testing.assert_array_equal(found.filled(0)[0], wanted)
    each = {value: rasterize([one for one, values in features if values["kind"] == value],
                             (SIZE, SIZE), transform=transform, all_touched=all_touched)
            for value in {values["kind"] for _, values in features}}  # fmt: skip
    assert notes.get("several classe", 0) == (sum(each.values()) > 1).sum()


def test_the_share_of_a_pixel_is_that_of_the_polygon(tmp_path: Path) -> None:
    shape = shapely.Polygon([(700, 1400), (1100, 1330), (1001, 1777)])
    path = written(tmp_path / "one.geojson", [(shape, {"kind": 7})])
    found, _ = burnt(path, cover=True)
    tile = Tile(pyramid(), TileIndex(0, 1, 1))
    rows, cols = np.nonzero(found.filled(0)[0])
    assert len(rows) > 500
    for row, col in list(zip(rows, cols, strict=True))[::7]:
        x, y = tile.transform @ (int(col), int(row))
        exact = shapely.box(x, y - 10, x + 10, y).intersection(shape).area / 100
        assert found.data[1, row, col] / 100 == pytest.approx(exact, abs=0.07)
    little, notes = burnt(path, cover=True, least_cover=0.9)
    np.testing.assert_array_equal(little.mask[0], found.mask[0] | (found.data[1] < 90))
    assert notes == {"covered by les": little.mask[0].sum() - found.mask[0].sum()}


@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_erosion_takes_exactly_so_many_pixels(tmp_path: Path, pixels: int) -> None:
    """From the edge of all, between two classes, and at the edges of the tile as well."""
    features = [(square(-30, 10, 50, 30), {"kind": 1}), (square(20, 10, 25, 30), {"kind": 2})]
    path = written(tmp_path / "two.geojson", features)
    whole = burnt(path, around=pixels)[0].filled(0)[0]
    found, notes = burnt(path, around=pixels, erode=pixels)
    low, high = (minimum_filter(np.where(whole == k, 1, 0), 2 * pixels + 1) for k in (1, 2))
    own = slice(pixels, -pixels)
    wanted = (low + 2 * high)[own, own]
    np.testing.assert_array_equal(found.filled(0)[0][own, own], wanted)
    assert (wanted == 1).sum() == (20 - pixels) * (30 - 2 * pixels)  # goes on in the next tile
    assert (wanted == 2).sum() == (25 - 2 * pixels) * (30 - 2 * pixels)
    assert notes["taken off by e"] == (whole[own, own] != 0).sum() - (wanted != 0).sum()


@pytest.mark.parametrize("width", [-3, 2])
def test_polygons_are_widened_and_shrunk(tmp_path: Path, width: float) -> None:
    path = written(tmp_path / "one.geojson", [(square(20, 20, 20), {"kind": 1})])
    found, _ = burnt(path, buffer=width)
    side = 20 + 2 * width
    exact = side**2 - (4 - np.pi) * width**2 if width > 0 else side**2
    assert (found.filled(0)[0] == 1).sum() == pytest.approx(exact, abs=6)


def test_what_comes_to_nothing_is_told_by_one_tile(tmp_path: Path) -> None:
    features: list[tuple[Any, dict[str, Any]]] = [
        (square(5, 5, 50), {"kind": "forest"}),
        (square(10, 10, 5), {"kind": None}),
        (square(20, 20, 5), {"kind": "moor"}),
        (square(30.6, 30.6, 0.3), {"kind": "forest"}),
        (square(60, 10, 8), {"kind": "moor"}),  # reaches into the next tile
    ]
    path = written(tmp_path / "some.geojson", features)
    found, notes = burnt(path, classes={"forest": 3})
    assert set(np.unique(found.filled(0))) == {0, 3}
    assert notes == {"no class from ": 2, "on the middle ": 1}
    with pytest.raises(Empty):
        burnt(path, index=(1, 2), classes={"forest": 3})
    found, notes = burnt(path, classes={"forest": 3}, all_touched=True)
    assert notes == {"no class from ": 2}


@pytest.mark.parametrize("kind", [0, 256, -1, 1.5, "a", None])
def test_only_numbers_from_1_to_255_are_classes(tmp_path: Path, kind: Any) -> None:
    features: list[tuple[Any, dict[str, Any]]] = [
        (square(40, 10, 10), {"kind": 9.0}),
        (square(10, 10, 20), {"kind": kind}),
    ]
    path = written(tmp_path / "some.geojson", features)
    found, notes = burnt(path)
    assert set(np.unique(found.filled(0))) == {0, 9}
    assert notes == {"no class from ": 1}


def test_the_same_pixels_however_it_is_cut(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    features = [
        (shapely.Point(x, y).buffer(size), {"kind": int(k), "rank": int(k) % 2})
        for x, y, size, k in zip(*random.uniform(0, 1280, (2, 40)), random.uniform(20, 200, 40),
                                 random.integers(1, 6, 40), strict=True)
    ]  # fmt: skip
    path, found = written(tmp_path / "many.geojson", features), []
    grid = {**PYRAMID, "bounds": [0, 0, 1280, 1280]}
    for metatiling in (1, 2, 4):
        target = tmp_path / f"m{metatiling}.tif"
        config = {
            "process": "burn",
            "input": {"features": path},
            "pyramid": {"grid": grid, "tile_size": SIZE // 2, "metatiling": metatiling},
            "zoom_levels": 0,
            "process_parameters": {"class_field": "kind", "priority_field": "rank", "erode": 2,
                                   "buffer": 1.5, "cover": True},
            "output": {"format": "GTiff", "path": str(target), "bands": 2, "dtype": "uint8",
                       "nodata": 0},
        }  # fmt: skip
        list(open_process(config).execute(concurrency="none"))
        with rasterio.open(target) as file:
            found.append(file.read())
    assert (found[0][0] != 0).mean() > 0.2
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_a_class_from_beside_the_tile_is_told_where_it_is_widened(tmp_path: Path) -> None:
    features = [(square(0, 0, 60), {"kind": 1}), (square(66, 10, 20), {"kind": 2})]
    path = written(tmp_path / "two.geojson", features)
    found, notes = burnt(path, buffer=4.0, cover=True)
    # the smaller one reaches two pixels into the tile, and into the larger one, which ends at 64
    two = (found.filled(0)[0] == 2).sum()
    assert two == pytest.approx(2 * 28 - 4, abs=6)
    assert notes["several classe"] == two


def test_three_classes_on_a_pixel_whose_first_and_last_are_one(tmp_path: Path) -> None:
    features = [
        (square(10, 10, 40), {"kind": 1}),
        (square(20, 20, 20), {"kind": 2}),
        (square(25, 25, 10), {"kind": 1}),
    ]
    found, notes = burnt(written(tmp_path / "three.geojson", features))
    assert notes == {"several classe": 400}
    assert (found.filled(0)[0] == 2).sum() == 300


@pytest.mark.parametrize(
    ("parameters", "key", "remedy"),
    [
        ({"priority_field": "rnak"}, "priority_field", "rank?"),
        ({"priority_field": "height"}, "priority_field", "one of kind, rank"),
    ],
)
def test_a_field_that_is_not_there_is_refused(
    tmp_path: Path, parameters: dict[str, Any], key: str, remedy: str
) -> None:
    path = written(tmp_path / "one.geojson", [(square(10, 10, 20), {"kind": 1, "rank": 2})])
    with pytest.raises(ConfigError) as error:
        burnt(path, **parameters)
    assert (error.value.key, error.value.remedy) == (f"process_parameters.{key}", remedy)
    with pytest.raises(ConfigError, match="is not a field"):
        burn._Rule(class_field="class", priority_field=None, classes=None).check(
            opened(path)  # the same of the class
        )


def test_a_thin_feature_over_many_pixels_is_told_when_nothing_is_left(tmp_path: Path) -> None:
    def thin(offset: float) -> Any:
        """A line at 45 degrees, so far below the middles of pixels."""
        return shapely.LineString([(0, offset), (2560, 2560 + offset)]).buffer(0.2)

    features = [(thin(5.0), {"kind": 1}), (thin(0.0), {"kind": 2})]
    path = written(tmp_path / "thin.geojson", features)
    told = {1: 0, 2: 0}
    for kind in told:
        for row in range(4):
            for col in range(4):
                tile = Tile(pyramid(), TileIndex(0, row, col))
                rule = burn._Rule(class_field="kind", priority_field=None, classes={str(kind): 1})
                how = burn._Burning(opened(path, (row, col)), rule, False, 0.0)
                with collecting() as notes:
                    burn._tell_features(how, tile)
                told[kind] += sum(n.count for n in notes if n.reason.startswith("on the middle"))
    assert told == {1: 1, 2: 0}


def test_a_number_beside_gaps_has_the_name_it_was_given(tmp_path: Path) -> None:
    features: list[tuple[Any, dict[str, Any]]] = [
        (square(10, 10, 20), {"kind": 3.0}),
        (square(40, 40, 10), {"kind": None}),
    ]
    found, notes = burnt(written(tmp_path / "gaps.geojson", features), classes={"3": 7})
    assert set(np.unique(found.filled(0))) == {0, 7}
    assert notes == {"no class from ": 1}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"classes": {"forest": 300}}, "forest is a number from 1 to 255"),
        ({"erode": -1}, "is a number of pixels"),
        ({"least_cover": 50}, "a share of the pixel"),
    ],
)
def test_what_cannot_work_is_refused(parameters: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        burn.check_parameters(**parameters)


def test_words_where_numbers_belong_are_told(tmp_path: Path) -> None:
    """A priority in words comes last; names that Python takes for numbers are no classes."""
    path = written(
        tmp_path / "words.geojson",
        [
            (square(5, 5, 20), {"kind": "1", "rank": "high"}),
            (square(5, 5, 30), {"kind": "2", "rank": "0"}),
            (square(50, 50, 5), {"kind": "1_1", "rank": None}),
        ],
    )
    found, notes = burnt(path, priority_field="rank")
    assert np.unique(found.filled(0)).tolist() == [0, 2]
    assert notes["rank is not a number"[:14]] == 1
    assert notes["no class from "] == 1


def test_one_value_with_two_names_has_both(tmp_path: Path) -> None:
    path = written(tmp_path / "two.geojson", [(square(5, 5, 20), {"kind": "a"})])
    tile = Tile(pyramid(), TileIndex(0, 1, 1))
    classes = {"a": 1, "b": 1, "c": 2}
    _, tags = burn.execute(opened(path), tile, class_field="kind", classes=classes)
    assert tags[1] == {"name": "class", "class_1": "a, b", "class_2": "c"}
