"""The rules of the parameters, one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from shapely.geometry import LineString, Point, box, mapping

from automap_tiles.errors import ConfigError
from automap_tiles.missions import PlainMission, Satellite, register, unregister
from automap_tiles.missions.landsat._bands import LANDSAT_8
from automap_tiles.notes import collecting
from automap_tiles.storage import Address
from automap_tiles.workflows.automap.boundary import boundary_area
from automap_tiles.workflows.automap.parameters import (
    Mode,
    RunParameters,
    check_bands,
    parse_dates,
    parse_provenance,
    parse_statistics,
    satellites_of,
)


def names(digits: str) -> frozenset[str]:
    """Names of satellites by their digits."""
    return frozenset("sentinel-2" if digit == "2" else f"landsat-{digit}" for digit in digits)


@pytest.mark.parametrize(
    "value",
    [
        "2578",
        2578,
        "8572",
        [2, "landsat"],
        ["landsat", 2, 8],
        "2,landsat",
        "[2, 'landsat']",
        "sentinel landsat",
        "all",
        "2 2 5 7 8 8",
        "landsat-5,landsat-7,landsat-8,sentinel-2",
    ],
)
def test_the_same_set(value: object) -> None:
    assert satellites_of(value) == names("2578")  # type: ignore[arg-type]


def test_landsat_9_has_to_be_named() -> None:
    assert satellites_of("landsat") == names("578")
    assert satellites_of("landsat,9") == names("5789")


@pytest.mark.parametrize("value", ["", "[]", "3", "28x", "modis", []])
def test_no_satellite(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        satellites_of(value)  # type: ignore[arg-type]
    assert caught.value.key == "satellites"


def test_a_satellite_needs_the_bands_of_the_indices(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bands = tuple(band for band in LANDSAT_8.bands if band.common != "green")
    blind = replace(LANDSAT_8, key="blind", satellite="", bands=bands)
    mission = PlainMission(group="blind", satellites=(Satellite(name="blind", sensors=(blind,)),))
    register(mission)
    request.addfinalizer(lambda: unregister(mission))
    run = RunParameters(
        mode=Mode.COMPOSITE,
        satellites=frozenset({"blind"}),
        period=parse_dates("2018-01-01", "2018-12-31"),
        area=box(0, 0, 1, 1),
        source="in",
        output=Address.of(tmp_path),
        statistics=("median",),
    )
    with pytest.raises(ConfigError, match="ndwi needs green, and blind has blue, red, nir, swir1"):
        check_bands(run.statistics, "blind")
    check_bands(run.statistics, "landsat-8")


def test_three_errors_of_dates() -> None:
    today = date(2020, 6, 1)
    cases = {
        ("2020-05-01", "2020-05-01"): "after the start",
        ("2020-05-02", "2020-05-01"): "after the start",
        ("2020-05-01", "2020-06-02"): "in the future",
        ("1983-12-31", "2020-05-01"): "before 1984-01-01",
    }
    for (start, end), message in cases.items():
        with pytest.raises(ConfigError, match=message):
            parse_dates(start, end, today)
    period = parse_dates("1984-01-01", "2020-06-01", today)
    assert (period.first, period.last) == (date(1984, 1, 1), today)


def test_today_is_not_in_the_future() -> None:
    today = datetime.now(UTC).date()
    assert parse_dates("2000-01-01", today).last == today
    with pytest.raises(ConfigError, match="future"):
        parse_dates("2000-01-01", today + timedelta(days=2))


@pytest.mark.parametrize("text", ["01.02.2020", "2020-02-30", "", "yesterday"])
def test_no_iso_date(text: str) -> None:
    with pytest.raises(ConfigError, match="not an ISO date") as caught:
        parse_dates(text, "2020-01-01")
    assert caught.value.key == "start"


def test_modes_contain_those_before() -> None:
    assert Mode.CLASSIFICATION.includes(Mode.COMPOSITE)
    assert not Mode.DOWNLOAD.includes(Mode.COMPOSITE)


def test_statistics() -> None:
    assert parse_statistics("median, std,median") == ("median", "std")
    assert parse_statistics(["p25", "geomedian"]) == ("p25", "geomedian")
    # methods that the plain statistics do not know, with none of those beside them
    assert parse_statistics("geomedian,max_ndvi") == ("geomedian", "max_ndvi")
    for wrong in ("", "mode", "p101", ","):
        with pytest.raises(ConfigError):
            parse_statistics(wrong)


def test_provenance() -> None:
    assert parse_provenance("valid_count", ("median", "std")) == ("valid_count",)
    assert parse_provenance("", ("median",)) == ()
    asked = "score, scene_index,score"
    assert parse_provenance(asked, ("median", "max_ndvi")) == ("score", "scene_index")
    for wrong, statistics in (
        ("day", ("max_ndvi",)),
        ("score", ("median",)),
        ("valid_count,score", ("max_ndvi", "medoid")),
    ):
        with pytest.raises(ConfigError) as caught:
            parse_provenance(wrong, statistics)
        assert caught.value.key == "provenance"


def test_modes_contain_those_before_them() -> None:
    assert Mode.COMPOSITE.includes(Mode.DOWNLOAD)
    assert Mode.COMPOSITE.includes(Mode.COMPOSITE)
    assert not Mode.DOWNLOAD.includes(Mode.COMPOSITE)


def test_boundary_is_the_union_of_all_shapes(tmp_path: Path) -> None:
    shapes = [box(10, 50, 11, 51), box(10.5, 50, 12, 51), box(20, 0, 21, 1)]
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(s)} for s in shapes]
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    area = boundary_area(path)
    assert area.area == pytest.approx(3.0)
    assert area.bounds == pytest.approx((10, 0, 21, 51))


@pytest.mark.parametrize(("others", "count"), [(0, 0), (1, 1), (3, 3)])
def test_lines_and_points_beside_the_areas_are_told(
    tmp_path: Path, others: int, count: int
) -> None:
    inside = Point(10.5, 50.5)
    shapes = [box(10, 50, 11, 51), inside, *[Point(20, 5), LineString([(1, 1), (2, 2)]),
              Point(30, 5)][:others]]  # fmt: skip
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(s)} for s in shapes]
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with collecting() as notes:
        area = boundary_area(path)
    assert area.bounds == pytest.approx((10, 50, 11, 51))
    assert [note.count for note in notes] == [count] * bool(count)


def test_boundary_in_another_crs(districts: Path) -> None:
    left, bottom, right, top = boundary_area(districts).bounds
    assert (left, bottom) == pytest.approx((-74.26, 40.5), abs=0.02)
    assert (right, top) == pytest.approx((-73.7, 40.92), abs=0.02)


def test_boundary_without_areas(tmp_path: Path) -> None:
    path = tmp_path / "point.geojson"
    point = {"type": "Point", "coordinates": [1, 2]}
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": point}))
    for wrong in (path, tmp_path / "absent.geojson"):
        with pytest.raises(ConfigError) as caught:
            boundary_area(wrong)
        assert caught.value.key == "boundary"
