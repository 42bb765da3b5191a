"""Bounds and areas as outlines; mapchete and shapely are the oracles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasterio.warp import transform
from shapely import LineString, Point, Polygon, box, from_wkt
from shapely.geometry import mapping

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid, cover
from automap_tiles.runtime.area import bounds_area, common, geometry_area, parse_crs

GEODETIC = Pyramid.from_grid("geodetic")
MERCATOR = Pyramid.from_grid("mercator")
TRIANGLE = from_wkt("POLYGON ((10 45, 14 45, 12 48, 10 45))")


@pytest.mark.parametrize(
    "value",
    [
        [10, 45, 14, 48],
        (10.0, 45.0, 14.0, 48.0),
        {"left": 10, "bottom": 45, "right": 14, "top": 48},
    ],
)
def test_bounds(value: Any) -> None:
    assert bounds_area(value, None, GEODETIC).equals(box(10, 45, 14, 48))


def test_bounds_in_their_own_crs() -> None:
    """A box that mapchete takes for one of 2 m."""
    degrees = bounds_area([10, 45, 14, 48], "EPSG:4326", MERCATOR)
    metres = bounds_area(list(degrees.bounds), "EPSG:3857", GEODETIC)
    assert degrees.bounds == pytest.approx(
        (1113194.9079327357, 5621521.486192066, 1558472.8711058302, 6106854.834885074)
    )
    assert metres.bounds == pytest.approx((10, 45, 14, 48))
    assert metres.symmetric_difference(box(10, 45, 14, 48)).area < 1e-6


UTM_CORNERS = [(166000, 5000000), (834000, 5000000), (834000, 5900000), (166000, 5900000)]


def back(x: float, y: float) -> tuple[float, float]:
    (longitude,), (latitude,) = transform("EPSG:32633", "EPSG:4326", [x], [y])
    return longitude, latitude


def test_edges_follow_their_course() -> None:
    """The edge of a UTM box is bent in degrees; its four corners alone would lose a strip."""
    area = bounds_area([166000, 5000000, 834000, 5900000], 32633, GEODETIC)
    assert len(area.exterior.coords) > 20
    corners = Polygon([back(x, y) for x, y in UTM_CORNERS])
    assert area.symmetric_difference(corners).area > 0.01


def test_over_the_antimeridian() -> None:
    area = bounds_area([170, -10, 190, 10], None, GEODETIC)
    assert area.equals(box(170, -10, 180, 10).union(box(-180, -10, -170, 10)))
    assert bounds_area([-400, -100, 400, 100], None, GEODETIC).equals(box(-180, -90, 180, 90))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2, 3], "four numbers"),
        ("1 2 3 4", "four numbers"),
        ([1, 2, "3", 4], "four numbers"),
        ([1, 2, float("nan"), 4], "four numbers"),
        ([True, 2, 3, 4], "four numbers"),
        ({"left": 1, "bottom": 2, "right": 3}, "four numbers"),
        ([10, 45, 10, 48], "left must be less"),
        ([10, 48, 14, 45], "bottom less than top"),
    ],
)
def test_bounds_that_are_none(value: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        bounds_area(value, None, GEODETIC, "--")
    assert caught.value.key == "--bounds"


@pytest.mark.parametrize(
    "value", ["EPSG:3857", 3857, "3857", {"epsg": 3857}, {"proj": "EPSG:3857"}, MERCATOR.crs]
)
def test_crs(value: Any) -> None:
    assert parse_crs(value, "k") == MERCATOR.crs
    assert parse_crs({"wkt": MERCATOR.crs.to_wkt()}, "k") == MERCATOR.crs


@pytest.mark.parametrize("value", ["EPSG:1", "nonsense", {"a": 1}, [1, 2], None, 999999])
def test_what_is_no_crs(value: Any) -> None:
    with pytest.raises(ConfigError, match="not a valid CRS") as caught:
        parse_crs(value, "bounds_crs")
    assert caught.value.key == "bounds_crs"


@pytest.mark.parametrize(
    "value",
    [
        TRIANGLE,
        TRIANGLE.wkt,
        TRIANGLE.wkt.lower(),
        mapping(TRIANGLE),
        {"type": "Feature", "geometry": mapping(TRIANGLE), "properties": {}},
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": mapping(TRIANGLE)}],
        },
    ],
)
def test_areas(value: Any, tmp_path: Path) -> None:
    assert geometry_area(value, None, GEODETIC, tmp_path).equals(TRIANGLE)
    moved = geometry_area(value, "EPSG:4326", MERCATOR, tmp_path)
    back = geometry_area(moved, 3857, GEODETIC, tmp_path)
    assert back.symmetric_difference(TRIANGLE).area < 1e-6


def test_area_from_a_file_brings_its_crs(shared: Path) -> None:
    folder = shared / "data" / "labels"
    pytest.importorskip("mapchete")
    from mapchete.config.parse import guess_geometry
    from mapchete.geometry import reproject_geometry

    for name in ("slovenia_border.geojson", "eolearn_slovenia_aoi_bbox.geojson"):
        theirs, crs = guess_geometry(name, base_dir=str(folder))
        theirs = reproject_geometry(theirs, src_crs=crs, dst_crs=MERCATOR.crs)
        ours = geometry_area(name, "EPSG:4326", MERCATOR, folder)
        assert ours.symmetric_difference(theirs).area < 1e-4 * theirs.area
        tiles = {zoom: set(cover.tiles(MERCATOR, ours, zoom)) for zoom in range(10)}
        assert tiles == {zoom: set(cover.tiles(MERCATOR, theirs, zoom)) for zoom in range(10)}
        assert geometry_area({"path": name}, None, MERCATOR, folder).equals(ours)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("POLYGON ((1 2, 3", "not a geometry"),
        ({"type": "Circle"}, "not a geometry"),
        ({"type": "Feature"}, "not a geometry"),
        (5, "not a geometry"),
        ("POINT (1 2)", "no extent"),
        ("POLYGON EMPTY", "no extent"),
        ("not_there.geojson", "not_there"),
    ],
)
def test_areas_that_are_none(value: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        geometry_area(value, None, GEODETIC, tmp_path)
    assert caught.value.key == "area"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (box(0, 0, 2, 2), box(1, 1, 3, 3), box(1, 1, 2, 2)),
        (box(0, 0, 1, 1), box(1, 0, 2, 1), Polygon()),
        (box(0, 0, 1, 1), box(1, 1, 2, 2), Polygon()),
        (box(0, 0, 1, 1), box(5, 5, 6, 6), Polygon()),
        (
            box(0, 0, 1, 1) | box(2, 0, 3, 1),
            box(0.5, 0, 2, 1) | box(3, 0, 4, 1) | box(2.5, 0.2, 2.8, 0.8),
            box(0.5, 0, 1, 1) | box(2.5, 0.2, 2.8, 0.8),
        ),
        (box(0, 0, 1, 1), LineString([(0, 0.5), (5, 0.5)]), LineString([(0, 0.5), (1, 0.5)])),
        (box(0, 0, 1, 1), Point(0.5, 0.5), Point(0.5, 0.5)),
    ],
)  # fmt: skip
def test_what_two_outlines_share(one: Any, other: Any, expected: Any) -> None:
    for shared in (common(one, other), common(other, one)):
        assert shared.equals(expected)
        assert shared.is_empty == expected.is_empty


def test_a_vector_file_that_is_another_file_is_not_followed(tmp_path: Path) -> None:
    """An OGR VRT under the name of a GeoJSON would read whatever it points to."""
    secret = tmp_path / "secret.csv"
    secret.write_text("x,y\n1,2\n")
    (tmp_path / "aoi.geojson").write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(ConfigError):
        geometry_area("aoi.geojson", None, GEODETIC, tmp_path)
