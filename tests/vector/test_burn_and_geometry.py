"""Masks, cuts, and geometries as schemas want them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import geometry_mask
from shapely.geometry import mapping, shape

from automap_tiles.errors import InputError, OutputError
from automap_tiles.grid import Bounds, Grid, Pyramid
from automap_tiles.vector import (
    burn,
    clip_features,
    clip_to_box,
    decode_features,
    encode_features,
    fitting_parts,
    matching_parts,
    union_geometry,
)

CRS = Pyramid.from_grid("geodetic").crs
GRID = Grid.from_bounds(Bounds(0, 0, 10, 8), (80, 100), CRS)
coordinates = st.tuples(st.floats(-2, 12), st.floats(-2, 10))
polygons = st.lists(coordinates, min_size=3, max_size=8, unique=True).map(
    lambda points: shapely.MultiPoint(points).convex_hull
)


@given(shapes=st.lists(polygons, max_size=4), touched=st.booleans())
def test_burn_is_that_of_rasterio(shapes: list[shapely.Geometry], touched: bool) -> None:
    shapes = [each for each in shapes if each.geom_type == "Polygon"]
    mask = burn(shapes, GRID, all_touched=touched)
    assert mask.dtype == bool
    assert mask.shape == GRID.shape
    if shapes:
        expected = geometry_mask(
            shapes, GRID.shape, GRID.transform, all_touched=touched, invert=True
        )
        np.testing.assert_array_equal(mask, expected)
    else:
        assert not mask.any()
    np.testing.assert_array_equal(burn(shapes, GRID, all_touched=touched, invert=True), ~mask)


def test_burn_takes_mappings_and_leaves_out_empty_ones() -> None:
    box = shapely.box(0, 0, 5, 8)
    mask = burn([mapping(box), shapely.Polygon(), mapping(shapely.Polygon())], GRID)
    assert mask[:, :50].all()
    assert not mask[:, 50:].any()


@given(geometry=polygons)
def test_clip_to_box(geometry: shapely.Geometry) -> None:
    bounds = Bounds(1, 2, 7, 6)
    expected = geometry.intersection(shapely.box(*bounds))
    assert clip_to_box(geometry, bounds).symmetric_difference(expected).area < 1e-12


def test_a_cut_leaves_only_its_own_kind() -> None:
    """A polygon that touches the box with an edge or a corner is not in it."""
    u = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 3))
    features = [{"geometry": mapping(u), "properties": {"a": 1}}]
    found = clip_features(features, Bounds(0, 2, 3, 5))
    assert [shape(each["geometry"]).geom_type for each in found] == ["MultiPolygon"]
    assert clip_features(features, Bounds(3, 0, 5, 5)) == []
    lines = [{"geometry": mapping(shapely.LineString([(0, 0), (4, 4)])), "properties": {}}]
    assert clip_features(lines, Bounds(4, 4, 5, 5)) == []
    assert len(clip_features(lines, Bounds(0, 0, 2, 2))) == 1


def test_parts_of_a_collection() -> None:
    collection = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.box(0, 0, 1, 1),
         shapely.GeometryCollection([shapely.box(3, 3, 4, 4)])]
    )  # fmt: skip
    assert len(list(matching_parts(collection, "Polygon"))) == 2
    assert len(list(matching_parts(collection, "MultiPoint"))) == 1
    assert list(matching_parts(collection, "LineString")) == []
    assert list(matching_parts(collection, "Unknown")) == [collection]


@pytest.mark.parametrize(
    ("geometry", "kind", "types"),
    [
        (shapely.box(0, 0, 1, 1), "Polygon", ["Polygon"]),
        (shapely.box(0, 0, 1, 1), "MultiPolygon", ["MultiPolygon"]),
        (shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)]), "Polygon",
         ["Polygon", "Polygon"]),
        (shapely.LineString([(0, 0), (1, 1)]), "MultiLineString", ["MultiLineString"]),
        (shapely.MultiPoint([(0, 0), (1, 1)]), "Point", ["Point", "Point"]),
        (shapely.Point(0, 0), "Polygon", []),
        (shapely.Point(0, 0), "Unknown", ["Point"]),
        (shapely.Polygon(), "Polygon", []),
    ],
)  # fmt: skip
def test_as_the_schema_wants(geometry: shapely.Geometry, kind: str, types: list[str]) -> None:
    assert [part.geom_type for part in fitting_parts(geometry, kind)] == types


def test_union() -> None:
    assert union_geometry([]).is_empty
    boxes = [{"geometry": mapping(shapely.box(n, 0, n + 1, 1))} for n in range(3)]
    assert union_geometry(boxes).equals(shapely.box(0, 0, 3, 1))


@pytest.mark.parametrize("driver", ["GeoJSON", "FlatGeobuf"])
def test_bytes_and_back(driver: str) -> None:
    schema = {"geometry": "Polygon", "properties": {"a": "int", "b": "str", "c": "float"}}
    features = [
        {"type": "Feature", "geometry": mapping(shapely.box(n, 0, n + 1, 1)),
         "properties": {"a": n, "b": "ü" * n, "c": n / 7 if n else None}}
        for n in range(5)
    ]  # fmt: skip
    content = encode_features(features, driver=driver, schema=schema, crs=CRS)
    found = decode_features(content, driver=driver)
    by_number = sorted(found, key=lambda feature: int(feature["properties"]["a"]))
    for feature, expected in zip(by_number, features, strict=True):
        assert feature["properties"] == expected["properties"]
        assert shape(feature["geometry"]).equals(shape(expected["geometry"]))
    with pytest.raises(InputError, match=driver):
        decode_features(content[: len(content) // 2], driver=driver)


def test_features_that_do_not_fit() -> None:
    feature = {"type": "Feature", "geometry": mapping(shapely.Point(0, 0)), "properties": {"a": 1}}
    for schema in (
        {"geometry": "Polygon", "properties": {"a": "int"}},
        {"geometry": "Point", "properties": {"b": "int"}},
        {"geometry": "Point", "properties": {"a": "nonsense"}},
    ):
        with pytest.raises(OutputError, match="GeoJSON"):
            encode_features([feature], driver="GeoJSON", schema=schema, crs=CRS)
