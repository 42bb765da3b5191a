"""Tiles of features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiona
import pytest
import shapely
from shapely.geometry import mapping, shape

from automap_tiles.errors import ProcessResultError
from automap_tiles.formats import Writer
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Fate, collecting
from tests.formats.writers import made

PYRAMID = Pyramid.from_grid("geodetic", metatiling=2)
TILE = PYRAMID.tile(5, 3, 3)


def writer_of(folder: Path, geometry: str = "Polygon", kind: str = "GeoJSON") -> Writer:
    schema = {"geometry": geometry, "properties": {"a": "int", "b": "str"}}
    return made(folder, PYRAMID, format=kind, schema=schema, metatiling=1, bands=..., dtype=...)


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"geometry": geometry, "properties": {"a": 1, "b": "x", **properties}}


def stored(writer: Writer, result: Any, tile: Tile = TILE) -> dict[str, list[dict[str, Any]]]:
    data = writer.convert(tile, result)
    assert data is not None
    writer.write(tile, data)
    found = {}
    for path in sorted(Path(writer.path).rglob("*.*")):
        if path.suffix in (".geojson", ".fgb"):
            with fiona.open(path) as file:
                found[path.stem] = [each.__geo_interface__ for each in file]
                assert file.crs == fiona.crs.CRS.from_epsg(4326)
    return found


@pytest.mark.parametrize("kind", ["GeoJSON", "FlatGeobuf"])
def test_cut_at_the_edges_of_the_output(kind: str, tmp_path: Path) -> None:
    writer = writer_of(tmp_path, kind=kind)
    middle = TILE.bbox.centroid
    circle = middle.buffer(2)
    found = stored(writer, [feature(mapping(circle)), feature(circle, a=2)])
    assert len(list(tmp_path.rglob("*.geojson"))) + len(list(tmp_path.rglob("*.fgb"))) == 4
    assert sorted(found) == ["6", "7"]
    quarters = [shape(each["geometry"]) for each in found["6"] if each["properties"]["a"] == 2]
    assert sum(quarter.area for quarter in quarters) == pytest.approx(circle.area / 4)


def test_features_in_any_dress(tmp_path: Path) -> None:
    writer = writer_of(tmp_path)
    inner = shapely.box(*TILE.bounds).buffer(-3)
    for result in (
        [feature(inner)],
        (each for each in [feature(inner)]),
        {"type": "FeatureCollection", "features": [feature(inner)]},
        [{"geometry": mapping(inner), "properties": {"a": 1}}],
        [{"geometry": inner, "properties": None}],
        [feature(inner), feature(shapely.Polygon())],
    ):
        data = writer.convert(TILE, result)
        assert data is not None
        assert len(data.data) == 1
        assert set(data.data[0]["properties"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ([{"properties": {}}], "feature 0"),
        ([feature(TILE.bbox), "text"], "feature 1"),
        ([feature(TILE.bbox, c=3)], "schema does not know: c"),
        ([feature({"type": "Cube", "coordinates": []})], "feature 0 has no geometry"),
        ([feature(None)], "feature 0 has no geometry"),
        (None, "Empty"),
        ({"type": "Feature"}, "not a list of features"),
        (7, "int"),
    ],
)
def test_what_is_no_feature(result: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(ProcessResultError, match=words):
        writer_of(tmp_path).convert(TILE, result)


def test_other_kinds_of_geometry_are_left_out(tmp_path: Path) -> None:
    """Like mapchete, which keeps only those that the schema is about."""
    writer = writer_of(tmp_path, "Point")
    assert writer.convert(TILE, [feature(TILE.bbox)]) is None
    found = stored(writer, [feature(TILE.bbox), feature(TILE.bbox.centroid)])
    geometries = [each["geometry"]["type"] for tile in found.values() for each in tile]
    assert set(geometries) == {"Point"}


@pytest.mark.parametrize("geometry", ["Polygon", "MultiPolygon", "Geometry"])
@pytest.mark.parametrize("kind", ["GeoJSON", "FlatGeobuf"])
def test_single_and_multiple(geometry: str, kind: str, tmp_path: Path) -> None:
    left, bottom, _, _ = TILE.bounds
    boxes = [shapely.box(left + n, bottom + 1, left + n + 0.5, bottom + 2) for n in (1, 2, 3)]
    result = [feature(shapely.MultiPolygon(boxes[:2])), feature(boxes[2])]
    found = [each for tile in stored(writer_of(tmp_path, geometry, kind), result).values()
             for each in tile]  # fmt: skip
    area = sum(shape(each["geometry"]).area for each in found)
    assert area == pytest.approx(3 * 0.5)
    types = {each["geometry"]["type"] for each in found}
    expected = {"Geometry": {"Polygon", "MultiPolygon"}}.get(geometry, {geometry})
    assert types == expected


def test_broken_geometries_are_repaired(tmp_path: Path) -> None:
    left, bottom, _, _ = TILE.bounds
    bow = shapely.Polygon([(left + x, bottom + y) for x, y in ((1, 1), (3, 3), (3, 1), (1, 3))])
    assert not bow.is_valid
    found = stored(writer_of(tmp_path), [feature(bow)])
    assert all(shape(each["geometry"]).is_valid for tile in found.values() for each in tile)


def test_dates_in_flatgeobuf(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"day": "date"}}
    writer = made(tmp_path, PYRAMID, format="FlatGeobuf", schema=schema, bands=..., dtype=...)
    inner = shapely.box(*TILE.bounds).buffer(-3)
    found = stored(writer, [{"geometry": inner, "properties": {"day": "2018-04-01"}}])
    assert [each["properties"] for tile in found.values() for each in tile] == [
        {"day": "2018-04-01"}
    ]


def test_features_of_another_geometry_are_told(tmp_path: Path) -> None:
    """A corner that a cut leaves is none of them."""
    writer = writer_of(tmp_path, "Polygon")
    left, bottom, right, _ = TILE.bounds
    beside = shapely.box(right, bottom, right + 1, bottom + 1)
    with collecting() as told:
        writer.convert(TILE, [feature(TILE.bbox), feature(beside)])
    assert list(told) == []
    line = shapely.LineString([(left, bottom), (left + 1, bottom + 1)])
    with collecting() as told:
        writer.convert(TILE, [feature(line), feature(TILE.bbox), feature(TILE.bbox.centroid)])
    assert [note.fate for note in told] == [Fate.LOST]
    assert sum(note.count for note in told) == 2


@pytest.mark.parametrize("time", ["2018-04-01T10:30:00+02:00", "2018/04/01 10:30:00+02:00"])
def test_texts_behind_a_time_stay_texts(time: str, tmp_path: Path) -> None:
    properties = {"seen": "datetime", "name": "str", "also": "str"}
    schema = {"geometry": "Polygon", "properties": properties}
    writer = made(tmp_path, PYRAMID, format="FlatGeobuf", schema=schema, bands=..., dtype=...)
    inner = shapely.box(*TILE.bounds).buffer(-3)
    said = {"seen": time, "name": "Größe", "also": "2017-01-02T00:00:00"}
    (found,) = [
        each["properties"]
        for tile in stored(writer, [{"geometry": inner, "properties": said}]).values()
        for each in tile
    ]
    assert found == {**said, "seen": "2018-04-01T10:30:00+02:00"}
