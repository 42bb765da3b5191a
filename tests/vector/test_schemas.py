"""What features have beside flat geometries and simple columns, read and written."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import fiona
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from shapely.geometry import mapping, shape

from automap_tiles import vector
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, Notes, collecting
from automap_tiles.vector import _geojson
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._conversion import conversion_config
from automap_tiles.workflows.tiles._convert_order import ConvertOrder
from tests.workflows.tiles.test_convert_keeps import converted, tiles

LON_LAT = CRS.from_epsg(4326)
MERCATOR = CRS.from_epsg(3857)
ENDINGS = {"GeoJSON": "geojson", "FlatGeobuf": "fgb"}
POINT = {"type": "Point", "coordinates": [11.0, 47.0]}


def collection(path: Path, *rows: tuple[dict[str, Any], Any]) -> str:
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def columns(path: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    found = vector.read_features(path, None, LON_LAT)
    return vector.describe(path).properties, [each["properties"] for each in found]


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        ([1, "one"], "str", ["1", "one"]),
        ([1.5, "x", None], "str", ["1.5", "x", None]),
        ([{"a": 1}, "x"], "str", ['{"a": 1}', "x"]),
        ([True, "12"], "str", ["true", "12"]),
        ([1, {"a": [1, 2]}], "json", [1, {"a": [1, 2]}]),
        ([[1, 2], [3.5]], "json", [[1, 2], [3.5]]),
        ([["a"], "b"], "List[str]", [["a"], ["b"]]),
        ([1, 2.5], "float", [1.0, 2.5]),
        ([True, 2], "int32", [1, 2]),
        ([2**62, 1], "int", [2**62, 1]),
        ([2**70, 1], "float", [float(2**70), 1.0]),
        ([None, None], "str", [None, None]),
        (["2020-01-02T03:04:05Z"], "datetime", ["2020-01-02T03:04:05Z"]),
    ],
)
def test_columns_of_several_types(
    tmp_path: Path, values: list[Any], kind: str, read: list[Any]
) -> None:
    path = collection(tmp_path / "a.geojson", *(({"v": value}, POINT) for value in values))
    types, rows = columns(path)
    assert types["v"] == kind
    assert [row["v"] for row in rows] == read
    assert [type(row["v"]) for row in rows] == [type(value) for value in read]


def test_a_column_that_only_some_have(tmp_path: Path) -> None:
    path = collection(tmp_path / "a.geojson", ({"a": 1}, POINT), ({"b": "x"}, POINT))
    assert columns(path)[1] == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


@pytest.mark.parametrize("form", ["GeoJSON", "FlatGeobuf"])
def test_all_of_it_arrives_in_tiles(tmp_path: Path, form: str) -> None:
    rows: list[tuple[dict[str, Any], Any]] = [
        ({"code": 1, "tags": ["a", "b"], "n": [1, 2], "deep": {"x": [1, {"y": 2}]}}, POINT),
        ({"code": "one", "tags": None, "n": None, "deep": None}, POINT),
    ]
    path = collection(tmp_path / "a.geojson", *rows)
    notes = converted(path, tmp_path / "out", zooms=(5,), format=form, pyramid="geodetic")
    (tile,) = tiles(tmp_path / "out", ENDINGS[form])
    found = vector.decode_features(tile.read_bytes(), driver=form)
    first = next(each["properties"] for each in found if each["properties"]["code"] == "1")
    if form == "GeoJSON":
        assert (first["tags"], first["n"]) == (["a", "b"], [1, 2])
        assert first["deep"] == {"x": [1, {"y": 2}]}
        assert not notes
    else:
        assert json.loads(first["tags"]) == ["a", "b"]
        assert json.loads(first["n"]) == [1, 2]
        assert json.loads(first["deep"]) == {"x": [1, {"y": 2}]}
        assert {note.fate for note in notes} == {Fate.REPLACED}
        assert {name for note in notes for name in note.examples} == {"tags", "n", "deep"}
    assert {each["properties"]["code"] for each in found} == {"1", "one"}


@pytest.mark.parametrize("form", ["GeoJSON", "FlatGeobuf"])
def test_types_of_a_geopackage(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.gpkg"
    types = {
        "day": "date",
        "moment": "datetime",
        "raw": "bytes",
        "large": "int64",
        "small": "int16",
        "yes": "bool",
    }
    properties = {
        "day": dt.date(2020, 2, 29),
        "moment": dt.datetime(2020, 2, 29, 12, 30, 1, tzinfo=dt.UTC),
        "raw": b"\x00\xff",
        "large": 2**53 + 1,
        "small": -3,
        "yes": True,
    }
    schema = {"geometry": "Point", "properties": types}
    with fiona.open(path, "w", driver="GPKG", schema=schema, crs="EPSG:4326") as target:
        target.write({"geometry": POINT, "properties": properties})
    notes = converted(str(path), tmp_path / "out", zooms=(5,), format=form, pyramid="geodetic")
    (tile,) = tiles(tmp_path / "out", ENDINGS[form])
    (found,) = vector.decode_features(tile.read_bytes(), driver=form)
    said = found["properties"]
    assert said["day"] == "2020-02-29"
    assert said["moment"].startswith("2020-02-29T12:30:01")
    assert (said["large"], said["small"], said["yes"]) == (2**53 + 1, -3, True)
    assert said["raw"] == ("00ff" if form == "GeoJSON" else b"\x00\xff")
    lost = {name for note in notes for name in note.examples}
    assert lost == ({"raw"} if form == "GeoJSON" else {"day"})


@pytest.mark.parametrize("form", ["GeoJSON", "FlatGeobuf"])
@pytest.mark.parametrize("pyramid", ["geodetic", "mercator"])
def test_heights_stay(tmp_path: Path, form: str, pyramid: str) -> None:
    square = shapely.force_3d(shapely.box(10, 46, 14, 49), 250.0)
    flat = shapely.box(10, 46, 11, 47)
    path = collection(
        tmp_path / "a.geojson", ({"a": 1}, mapping(square)), ({"a": 2}, mapping(flat))
    )
    converted(path, tmp_path / "out", zooms=(6,), format=form, pyramid=pyramid)
    parts = [
        each
        for tile in tiles(tmp_path / "out", ENDINGS[form])
        for each in vector.decode_features(tile.read_bytes(), driver=form)
    ]
    heights = {
        z
        for each in parts
        if each["properties"]["a"] == 1
        for _, _, z in shapely.get_coordinates(shape(each["geometry"]), include_z=True).tolist()
    }
    assert heights == {250.0}
    assert len(parts) > 2  # cut by tiles


def test_heights_that_a_format_cannot_hold_are_told(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[11.1, 47.1, 3.0], [11.2, 47.2, 4.0]]}
    path = collection(tmp_path / "a.geojson", ({}, line), ({}, POINT))
    notes = converted(path, tmp_path / "out", zooms=(5,), format="FlatGeobuf", pyramid="geodetic")
    assert [note.fate for note in notes] == [Fate.LOST]
    assert "height" in notes.grouped()[0].reason
    assert (
        len(
            vector.decode_features(
                tiles(tmp_path / "out", "fgb")[0].read_bytes(), driver="FlatGeobuf"
            )
        )
        == 2
    )


@pytest.mark.parametrize("form", ["GeoJSON", "FlatGeobuf"])
def test_collections_of_geometries(tmp_path: Path, form: str) -> None:
    mixed = shapely.GeometryCollection(
        [
            shapely.Point(11, 47),
            shapely.box(10, 46, 12, 48),
            shapely.LineString([(9, 46), (13, 47)]),
        ]
    )
    path = collection(
        tmp_path / "a.geojson", ({"a": 1}, mapping(mixed)), ({"a": 2}, mapping(mixed))
    )
    converted(path, tmp_path / "out", zooms=(4,), format=form, pyramid="geodetic")
    whole = shapely.union_all(
        [
            shape(each["geometry"])
            for tile in tiles(tmp_path / "out", ENDINGS[form])
            for each in vector.decode_features(tile.read_bytes(), driver=form)
        ]
    )
    assert whole.symmetric_difference(mixed).area < 1e-9
    assert whole.symmetric_difference(mixed).length < 1e-6
    config = conversion_config(
        ConvertOrder(source=path, target="x", pyramid="geodetic", where=Subset(zooms=(4,)))
    )
    assert config["output"]["schema"]["geometry"] == "GeometryCollection"


def test_parts_of_a_shapefile_stay_one_feature(tmp_path: Path) -> None:
    two = shapely.MultiPolygon(
        [shapely.box(10.1, 47.1, 10.2, 47.2), shapely.box(10.4, 47.1, 10.5, 47.2)]
    )
    path = tmp_path / "a.shp"
    schema = {
        "geometry": "Polygon",
        "properties": {"a": "int:9", "t": "str:20", "f": "float:24.15"},
    }
    with fiona.open(path, "w", driver="ESRI Shapefile", schema=schema, crs="EPSG:4326") as target:
        target.write({"geometry": mapping(two), "properties": {"a": 7, "t": "x", "f": 0.1}})
    converted(str(path), tmp_path / "out", zooms=(5,), pyramid="geodetic")
    (tile,) = tiles(tmp_path / "out", "geojson")
    (found,) = vector.decode_features(tile.read_bytes(), driver="GeoJSON")
    assert found["geometry"]["type"] == "MultiPolygon"
    assert found["properties"] == {"a": 7, "t": "x", "f": 0.1}


def test_layers_beside_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    schema = {"geometry": "Point", "properties": {"a": "int"}}
    for name, crs in (("one", "EPSG:4326"), ("two", "EPSG:3857")):
        with fiona.open(path, "w", driver="GPKG", layer=name, schema=schema, crs=crs) as target:
            target.write({"geometry": POINT, "properties": {"a": 1}})
    with collecting() as notes:
        assert vector.describe(str(path)).crs == LON_LAT
    (note,) = notes
    assert (note.fate, note.examples) == (Fate.IGNORED, ("two",))


def test_columns_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = collection(tmp_path / "a.geojson", ({"n": [1, 2], "a": 3}, POINT))
    monkeypatch.setattr("automap_tiles.vector._read._KEEP_BYTES", 10)  # too large to be kept
    with collecting() as notes:
        assert vector.describe(path).properties == {"a": "int32"}
    assert [(note.fate, note.examples) for note in notes] == [(Fate.LOST, ("n",))]
    assert columns(path)[1] == [{"a": 3}]


@pytest.mark.parametrize("text", ["", "[1]", '{"type": "FeatureCollection"}', "[" * 3000, "null"])
def test_what_is_no_geojson(text: str) -> None:
    with pytest.raises(InputError, match="GeoJSON"):
        vector.decode_features(text.encode(), driver="GeoJSON")


def test_empty_files_are_said_to_be(tmp_path: Path) -> None:
    for rows in ([], [({"a": 1}, None)]):
        path = collection(tmp_path / "a.geojson", *rows)
        assert vector.describe(path).bounds is None
        wanted = ConvertOrder(source=path, target="x", pyramid="mercator", where=Subset(zooms=(3,)))
        with pytest.raises(InputError, match="geometry"):
            conversion_config(wanted)


def test_values_that_do_not_fit_the_schema_are_told(tmp_path: Path) -> None:
    from tests.formats.writers import made

    pyramid = Pyramid.from_grid("geodetic")
    schema = {
        "geometry": "Point",
        "properties": {"a": "int", "b": "float", "c": "bool", "d": "str"},
    }
    options: dict[str, Any] = {"format": "GeoJSON", "schema": schema, "bands": ..., "dtype": ...}
    writer = made(tmp_path, pyramid, **options)
    tile = pyramid.tile(5, 7, 33)
    good = {"a": 3.0, "b": 1, "c": 1, "d": [1, "x"]}
    bad = {"a": 1.5, "b": "x", "c": "yes", "d": None}
    features = [{"geometry": POINT, "properties": each} for each in (good, bad)]
    with collecting() as notes:
        stored = writer.convert(tile, features)
    assert stored is not None
    assert [each["properties"] for each in stored.data] == [
        {"a": 3, "b": 1.0, "c": True, "d": '[1, "x"]'},
        {"a": None, "b": None, "c": None, "d": None},
    ]
    assert sum(note.count for note in notes) == 3
    with pytest.raises(ConfigError, match="geometry"):
        made(tmp_path / "x", pyramid, **{**options, "schema": {**schema, "geometry": "3D Nothing"}})


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), min_size=1, max_size=4
    )
)
def test_geojson_gives_back_what_it_was_given(rows: list[dict[str, Any]]) -> None:
    names = {name for row in rows for name in row}
    features = [{"geometry": POINT, "properties": {**dict.fromkeys(names), **row}} for row in rows]
    found = _geojson.loads(_geojson.dumps(features, MERCATOR))
    assert [each["properties"] for each in found] == [each["properties"] for each in features]
    assert [each["geometry"] for each in found] == [POINT] * len(rows)


@given(values=st.lists(VALUES, min_size=1, max_size=5))
def test_a_settled_column_has_one_type(values: list[Any]) -> None:
    features = [{"geometry": POINT, "properties": {"v": value}} for value in values]
    kinds = _geojson.settle(features, {})
    found = [each["properties"]["v"] for each in features]
    assert [value is None for value in found] == [value is None for value in values]
    if kinds["v"] == "str":
        assert all(value is None or isinstance(value, str) for value in found)
    else:
        assert found == values


def test_what_json_cannot_hold_is_told() -> None:
    features = [{"geometry": POINT, "properties": {"v": float("nan")}}]
    notes: Notes
    with collecting() as notes:
        content = _geojson.dumps(features, LON_LAT)
    assert _geojson.loads(content)[0]["properties"] == {"v": None}
    assert [note.fate for note in notes] == [Fate.LOST]
