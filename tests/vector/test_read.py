"""Features of files on boxes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import fiona
import pytest
import shapely
from rasterio.crs import CRS
from shapely.geometry import mapping, shape

from automap_tiles.errors import InputError
from automap_tiles.grid import Bounds
from automap_tiles.vector import _read, count_unplaced, describe, read_features, read_geometry

LON_LAT, UTM = CRS.from_epsg(4326), CRS.from_epsg(32633)
SCHEMA = {"geometry": "Polygon", "properties": {"name": "str", "number": "int"}}
DRIVERS = {"GeoJSON": "geojson", "GPKG": "gpkg", "ESRI Shapefile": "shp", "FlatGeobuf": "fgb"}


def squares(path: Path, driver: str, count: int = 10) -> str:
    with fiona.open(path, "w", driver=driver, schema=SCHEMA, crs="EPSG:4326") as file:
        for number in range(count):
            geometry = mapping(shapely.box(number, 0, number + 0.8, 1))
            file.write(
                {"geometry": geometry, "properties": {"name": f"n{number}", "number": number}}
            )
    return str(path)


@pytest.fixture(params=list(DRIVERS))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return squares(tmp_path / f"squares.{DRIVERS[request.param]}", request.param)


def numbers(features: list[dict[str, Any]]) -> list[int]:
    return sorted(feature["properties"]["number"] for feature in features)


@pytest.mark.parametrize("keep", [True, False])
def test_on_a_box(path: str, keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept in memory, or asked for each time: the same features."""
    if not keep:
        monkeypatch.setattr(_read, "_KEEP_BYTES", 0)
    bounds = Bounds(2.4, 0.5, 5.2, 3)
    features = read_features(path, bounds, LON_LAT)
    assert numbers(features) == [2, 3, 4, 5]
    expected = shapely.union_all([shapely.box(n, 0, n + 0.8, 1) for n in range(10)])
    found = shapely.union_all([shape(feature["geometry"]) for feature in features])
    assert found.equals(expected.intersection(shapely.box(*bounds)))
    assert {"name": "n2", "number": 2} in [feature["properties"] for feature in features]
    assert numbers(read_features(path, None, LON_LAT)) == list(range(10))
    assert read_features(path, Bounds(50, 50, 60, 60), LON_LAT) == []


def test_whole(path: str) -> None:
    features = read_features(path, Bounds(2.4, 0.5, 2.5, 0.6), LON_LAT, clip=False)
    assert [shape(feature["geometry"]).bounds for feature in features] == [(2, 0, 2.8, 1)]


@pytest.mark.parametrize("keep", [True, False])
def test_in_another_crs(path: str, keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not keep:
        monkeypatch.setattr(_read, "_KEEP_BYTES", 0)
    features = read_features(path, Bounds(-300_000, 50_000, -100_000, 90_000), UTM)
    # the zone's meridian is 15°, a degree 111 km: these are 7.8° to 9.6°
    assert numbers(features) == [8, 9]
    assert all(shape(feature["geometry"]).is_valid for feature in features)


def test_touching_is_not_sharing(path: str) -> None:
    assert read_features(path, Bounds(1.8, 0, 2, 1), LON_LAT) == []


def test_a_changed_file_is_read_again(path: str) -> None:
    assert len(read_features(path, None, LON_LAT)) == 10
    driver = next(name for name, ending in DRIVERS.items() if path.endswith(ending))
    for file in Path(path).parent.iterdir():
        file.unlink()
    squares(Path(path), driver, count=3)
    os.utime(path)
    assert len(read_features(path, None, LON_LAT)) == 3
    info = describe(path)
    assert info.bounds == pytest.approx((0, 0, 2.8, 1))


def test_description(path: str) -> None:
    info = describe(path)
    assert info.crs == LON_LAT
    assert info.bounds == pytest.approx((0, 0, 9.8, 1))
    assert info.geometry == "Polygon"
    assert set(info.properties) == {"name", "number"}


def test_an_empty_file(tmp_path: Path) -> None:
    path = squares(tmp_path / "none.geojson", "GeoJSON", count=0)
    assert read_features(path, None, LON_LAT) == []
    assert describe(path).bounds is None
    assert read_geometry(path, LON_LAT).is_empty


@pytest.mark.parametrize("keep", [True, False])
def test_features_without_a_place_are_counted(
    tmp_path: Path, keep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those without a geometry, and those with one of no coordinates."""
    if not keep:
        monkeypatch.setattr(_read, "_KEEP_BYTES", 0)
    square = mapping(shapely.box(0, 0, 1, 1))
    nowhere: list[Any] = [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "GeometryCollection", "geometries": []},
    ]
    path = tmp_path / "some.geojson"
    features = [
        {"type": "Feature", "properties": {"a": 1}, "geometry": geometry}
        for geometry in (square, *nowhere, {"type": "Point", "coordinates": [0, 0]})
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert count_unplaced(str(path)) == len(nowhere)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features[:1]}))
    assert count_unplaced(str(path)) == 0


def test_broken_geometries_come_repaired(tmp_path: Path) -> None:
    path = tmp_path / "bow.geojson"
    bow = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]
    content = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": geometry}
            for geometry in (
                {"type": "Polygon", "coordinates": [bow]},
                None,
                {"type": "Point", "coordinates": [5, 5]},
            )
        ],
    }
    path.write_text(json.dumps(content))
    features = read_features(str(path), Bounds(0, 0, 20, 4), LON_LAT)
    assert len(features) == 1
    assert shape(features[0]["geometry"]).area == pytest.approx(16.0)
    assert read_geometry(str(path), LON_LAT).area == pytest.approx(50.0)


def test_a_virtual_file_is_not_followed(tmp_path: Path) -> None:
    """A VRT in the clothes of a GeoJSON would make OGR open whatever it names."""
    target = squares(tmp_path / "secret.geojson", "GeoJSON")
    trap = tmp_path / "aoi.geojson"
    trap.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{target}'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    with fiona.open(trap, allow_unsupported_drivers=True) as file:
        assert len(file) == 10, "OGR no longer follows it: this test proves nothing"
    with pytest.raises(InputError, match=r"aoi\.geojson"):
        read_features(str(trap), None, LON_LAT)


@pytest.mark.parametrize("content", [b"", b"{", b"no geodata", b"\x00" * 200])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.geojson"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.geojson.*not a vector file"):
        read_features(str(path), None, LON_LAT)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        describe(str(tmp_path / "none.gpkg"))


def test_without_crs(tmp_path: Path) -> None:
    path = tmp_path / "plain.shp"
    with fiona.open(path, "w", driver="ESRI Shapefile", schema=SCHEMA) as file:
        file.write(
            {"geometry": mapping(shapely.box(0, 0, 1, 1)), "properties": {"name": "", "number": 1}}
        )
    with pytest.raises(InputError, match="no CRS"):
        read_features(str(path), None, LON_LAT)


def test_real_labels(shared: Path) -> None:
    folder = shared / "data" / "labels"
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".gpkg", ".geojson"))
    assert paths
    for path in paths:
        info = describe(str(path))
        found = read_geometry(str(path), LON_LAT)
        assert found.is_valid
        assert not found.is_empty
        with fiona.open(path) as file:
            assert len(read_features(str(path), None, info.crs)) >= len(file)


def _collection(path: Path, *geometries: Any) -> str:
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


LINE = {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[1, 1], [2]]},
        {"type": "LineString", "coordinates": [[1, 1], "cut off"]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], None]]},
        {"type": "Point", "coordinates": {"x": 1}},
        {"type": "Circle", "coordinates": [1, 2]},
        {"type": ["Point"], "coordinates": [1, 2]},
        {"type": "LineString"},
        {"coordinates": [1, 2]},
        [1, 2],
        {"type": "LineString", "coordinates": [[1, 1], [1e999, 2]]},
        {"type": "LineString", "coordinates": [[1, 1], [2, float("nan")]]},
        {"type": "Point", "coordinates": [10**400, 2]},
    ],
)
def test_a_damaged_geometry_is_told_with_its_file(tmp_path: Path, geometry: Any) -> None:
    path = _collection(tmp_path / "broken.geojson", LINE, geometry)
    for crs in (LON_LAT, UTM):
        with pytest.raises(InputError, match=r"broken\.geojson"):
            read_geometry(path, crs)


def test_members_that_are_no_features(tmp_path: Path) -> None:
    path = tmp_path / "broken.geojson"
    for broken in (7, [LINE], {"type": "Feature", "geometry": LINE, "properties": [1]}):
        features = [{"type": "Feature", "properties": {}, "geometry": LINE}, broken]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        with pytest.raises(InputError, match=r"broken\.geojson.*features\[1\] is not a feature"):
            read_geometry(str(path), LON_LAT)


def test_a_point_at_nan_has_no_place(tmp_path: Path) -> None:
    """As GeoPackage has empty points; the others are read."""
    path = str(tmp_path / "points.gpkg")
    schema = {"geometry": "Point", "properties": {"number": "int"}}
    with fiona.open(path, "w", driver="GPKG", schema=schema, crs="EPSG:4326") as file:
        for number, x in enumerate([3.0, float("nan"), 5.0]):
            geometry = {"type": "Point", "coordinates": (x, x)}
            file.write({"geometry": geometry, "properties": {"number": number}})
    assert numbers(read_features(path, None, LON_LAT)) == [0, 2]
    assert count_unplaced(path) == 1
    nowhere = _collection(
        tmp_path / "nan.geojson", {"type": "Point", "coordinates": [float("nan")] * 2}
    )
    assert read_features(nowhere, None, LON_LAT) == []
    assert describe(nowhere).bounds is None


def test_what_reaches_to_infinity_has_no_box(tmp_path: Path) -> None:
    geometry = {"type": "LineString", "coordinates": [[1, 1], [2, -1e999]]}
    with pytest.raises(InputError, match=r"far\.geojson.*infinity"):
        describe(_collection(tmp_path / "far.geojson", geometry))


def test_many_turns_around_the_world(tmp_path: Path) -> None:
    world = Bounds(-180, -90, 180, 90)
    near = _collection(tmp_path / "near.geojson", {"type": "Point", "coordinates": [365, 3]})
    (feature,) = read_features(near, Bounds(0, 0, 10, 10), LON_LAT, world=world)
    assert shape(feature["geometry"]).equals(shapely.Point(5, 3))
    wide = {"type": "LineString", "coordinates": [[1, 3], [-4e29, 3]]}
    with pytest.raises(InputError, match=r"wide\.geojson.*far outside of the world"):
        read_features(
            _collection(tmp_path / "wide.geojson", wide), Bounds(0, 0, 10, 10), LON_LAT, world=world
        )
