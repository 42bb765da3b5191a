"""References that were drawn in the classes of another map than the one they are compared with."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import fiona
import numpy as np
import pytest
from rasterio.warp import transform
from shapely.geometry import Point, mapping

from automap_tiles.analysis.learning.accuracy import MapAccuracy
from automap_tiles.analysis.learning.stratified import StratifiedSample, stratified_accuracy
from automap_tiles.cli.main import main
from automap_tiles.errors import ConfigError
from automap_tiles.workflows.assess import (
    DesignRequest,
    ReferenceRequest,
    _reference,
    assess,
    draw,
    write_points,
)
from automap_tiles.workflows.assess.design_record import read_record, record_beside
from tests.workflows.assess.maps import (
    LON_LAT,
    NAMES,
    TRANSFORM,
    UTM,
    centres,
    classes,
    model_of,
    write_map,
)


def changed(values: np.ndarray, share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    other = np.where(rng.random(values.shape) < share, rng.choice([1, 2, 5], values.shape), values)
    found: np.ndarray = np.where(values == 0, 0, other).astype(np.uint8)
    return found


TRUTH = classes()
OLD = changed(TRUTH, 0.5, 1)
NEW = changed(TRUTH, 0.2, 2)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_map(tmp_path / "old.tif", OLD, names=NAMES)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return write_map(tmp_path / "new.tif", NEW, names=NAMES)


def pixels_of(points: Path) -> tuple[np.ndarray, np.ndarray]:
    with points.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    x, y = transform(LON_LAT, UTM, [float(r["X"]) for r in rows], [float(r["Y"]) for r in rows])
    cols, rows_ = (~TRANSFORM) @ (np.array(x), np.array(y))
    return np.floor(rows_).astype(int), np.floor(cols).astype(int)


def drawn(old: Path, folder: Path, size: int = 400) -> Path:
    """The points, each with what is really there."""
    path = folder / "points.csv"
    write_points(draw(str(old), DesignRequest(size=size, minimum=40)), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    truth = TRUTH[pixels_of(path)]
    told = [f"{line}{NAMES[value]}" for line, value in zip(lines[1:], truth.tolist(), strict=True)]
    path.write_text("\n".join([lines[0], *told]) + "\n", encoding="utf-8")
    return path


def by_hand(points: Path, mapped: np.ndarray, strata: np.ndarray = OLD) -> MapAccuracy:
    rows, cols = pixels_of(points)
    sizes = np.array([(strata == value).sum() for value in (1, 2, 5)], dtype=float)
    return stratified_accuracy(
        StratifiedSample(
            strata=np.searchsorted([1, 2, 5], strata[rows, cols]),
            mapped=mapped[rows, cols], truth=TRUTH[rows, cols],
            sizes=sizes, weights=sizes / sizes.sum(),
        ),
        [1, 2, 5],
    )  # fmt: skip


def same(ours: MapAccuracy, theirs: MapAccuracy) -> None:
    """Pixels of one tile share its area, so both weigh alike."""
    for one, other in (
        (ours.overall, theirs.overall),
        *zip(ours.users, theirs.users, strict=True),
        *zip(ours.producers, theirs.producers, strict=True),
        *zip(ours.shares, theirs.shares, strict=True),
    ):
        assert one.value == pytest.approx(other.value, rel=1e-6)
        assert one.error == pytest.approx(other.error, rel=1e-5)


def test_a_map_made_anew(old: Path, new: Path, tmp_path: Path) -> None:
    """By the record beside the points, nobody has to know or say anything."""
    points = drawn(old, tmp_path)
    wish = ReferenceRequest(path=str(points), class_field="class")
    found = assess(str(new), wish)
    same(found.accuracy, by_hand(points, NEW))
    assert found.drawn_in == str(old)
    told = found.to_dict()
    assert told["drawn_in"] == str(old)
    assert "Stehman 2014" in told["method"]
    assert str(old) in told["remarks"][0]
    assert sum(found.areas) == pytest.approx(100 * (NEW > 0).sum(), rel=2e-3)
    # taken for drawn in the classes of the new map they would say something else
    record_beside(points).unlink()
    wrong = assess(str(new), wish)
    assert wrong.drawn_in is None
    assert abs(wrong.accuracy.shares[2].value - found.accuracy.shares[2].value) > 0.01


def test_the_map_that_it_was_drawn_from(old: Path, tmp_path: Path) -> None:
    points = drawn(old, tmp_path)
    wish = ReferenceRequest(path=str(points), class_field="class")
    found = assess(str(old), wish)
    record_beside(points).unlink()
    without = assess(str(old), wish)
    assert found.to_dict() == without.to_dict()
    assert "Olofsson" in found.to_dict()["method"]


@pytest.mark.parametrize("said", ["old.tif", "elsewhere/kept.json"])
def test_strata_that_are_said(old: Path, new: Path, tmp_path: Path, said: str) -> None:
    points = drawn(old, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    record_beside(points).rename(tmp_path / "elsewhere/kept.json")
    wish = ReferenceRequest(path=str(points), class_field="class", strata=str(tmp_path / said))
    same(assess(str(new), wish).accuracy, by_hand(points, NEW))


def test_points_that_were_saved_in_another_format_and_order(
    old: Path, new: Path, tmp_path: Path
) -> None:
    """Shuffled, in UTM, one more besides: by their places they are known again."""
    points = drawn(old, tmp_path)
    rows, cols = pixels_of(points)
    schema = {"geometry": "Point", "properties": {"really": "str"}}
    order = np.random.default_rng(3).permutation(len(rows))
    with fiona.open(tmp_path / "points.gpkg", "w", driver="GPKG", schema=schema,
                    crs=UTM.to_wkt()) as file:  # fmt: skip
        for place in order.tolist():
            x, y = TRANSFORM @ (cols[place] + 0.5, rows[place] + 0.5)
            name = NAMES[int(TRUTH[rows[place], cols[place]])]
            shape = mapping(Point(x, y))
            file.write({"type": "Feature", "geometry": shape, "properties": {"really": name}})
        x, y = TRANSFORM @ (200.1, 150.1)
        shape = mapping(Point(x, y))
        file.write({"type": "Feature", "geometry": shape, "properties": {"really": "forest"}})
    wish = ReferenceRequest(path=str(tmp_path / "points.gpkg"), class_field="really")
    found = assess(str(new), wish)
    same(found.accuracy, by_hand(points, NEW))
    (note,) = [note for note in found.notes if "not drawn in" in note.reason]
    assert note.count == 1


def test_a_map_of_a_part_of_the_place(old: Path, tmp_path: Path) -> None:
    part = np.where(np.arange(NEW.shape[1]) < 150, NEW, 0).astype(np.uint8)
    new = write_map(tmp_path / "part.tif", part[:, :150], names=NAMES)
    points = drawn(old, tmp_path)
    found = assess(str(new), ReferenceRequest(path=str(points), class_field="class"))
    same(found.accuracy, by_hand(points, part))
    kept = (pixels_of(points)[1] < 150).sum()
    assert int(found.counts.sum()) == kept


def test_training_samples_are_no_reference(old: Path, new: Path, tmp_path: Path) -> None:
    points = drawn(old, tmp_path)
    rows, cols = pixels_of(points)
    x, y = centres(rows[:3], cols[:3])
    model_of(x, y).save(tmp_path / "model.zip")
    wish = ReferenceRequest(
        path=str(points), class_field="class", model=str(tmp_path / "model.zip")
    )
    with pytest.raises(ConfigError, match="3 of its 400"):
        assess(str(new), wish)
    dropped = ReferenceRequest(
        path=str(points), class_field="class", model=wish.model, drop_training=True
    )
    found = assess(str(new), dropped)
    assert (found.sample.training, int(found.counts.sum())) == (3, 397)


def test_a_stratum_without_a_point(old: Path, new: Path, tmp_path: Path) -> None:
    points = drawn(old, tmp_path)
    lines = points.read_text(encoding="utf-8").splitlines()
    urban = OLD[pixels_of(points)] == 5
    kept = [line for line, out in zip(lines[1:], urban.tolist(), strict=True) if not out]
    points.write_text("\n".join([lines[0], *kept]) + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="1 of 3 strata") as caught:
        assess(str(new), ReferenceRequest(path=str(points), class_field="class"))
    assert "class 5" in str(caught.value.found)


def test_shapes_that_nobody_drew(old: Path, new: Path, tmp_path: Path) -> None:
    """Polygons of the name of a design: it is not theirs, unless somebody says so."""
    points = drawn(old, tmp_path)
    schema = {"geometry": "Polygon", "properties": {"class": "str"}}
    path = tmp_path / "points.geojson"
    rows, cols = pixels_of(points)
    with fiona.open(path, "w", driver="GeoJSON", schema=schema, crs="EPSG:4326") as file:
        for row, col in list(zip(rows.tolist(), cols.tolist(), strict=True))[:40]:
            x, y = TRANSFORM @ (col + 0.5, row + 0.5)
            (lon,), (lat,) = transform(UTM, LON_LAT, [x], [y])
            name = NAMES[int(TRUTH[row, col])]
            shape = mapping(Point(lon, lat).buffer(3e-5))
            file.write({"type": "Feature", "geometry": shape, "properties": {"class": name}})
    assert assess(str(new), ReferenceRequest(path=str(path), class_field="class")).drawn_in is None
    with pytest.raises(ConfigError, match="not drawn one by one"):
        assess(str(new), ReferenceRequest(path=str(path), class_field="class", strata=str(old)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "is not the design"),
        ('{"kind": "design of a reference sample", "version": 2}', "another version"),
        ('{"kind": "design of a reference sample", "version": 1}', "damaged"),
    ],
)
def test_records_that_cannot_be_read(
    old: Path, new: Path, tmp_path: Path, content: str, words: str
) -> None:
    points = drawn(old, tmp_path)
    record_beside(points).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        assess(str(new), ReferenceRequest(path=str(points), class_field="class"))
    assert str(record_beside(points)) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pixels", 0), ("pixels", 1e999), ("class", -1), ("class", 1e999), ("class", 999),
        ("square_metres", -1), ("square_metres", 1e999), ("square_metres", float("nan")),
    ],
)  # fmt: skip
def test_strata_that_cannot_be(tmp_path: Path, name: str, value: float) -> None:
    strata = [{"class": 1, "pixels": 10, "square_metres": 1e3},
              {"class": 2, "pixels": 10, "square_metres": 1e3}]  # fmt: skip
    said = {"kind": "design of a reference sample", "version": 1, "map": "m.tif", "band": 1,
            "strata": strata, "points": [[8.0, 50.0, 1]]}  # fmt: skip
    path = tmp_path / "points.design.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    assert read_record(path).strata.areas == (1e3, 1e3)
    strata[1][name] = value
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(ConfigError, match="damaged"):
        read_record(path)


def test_the_command(
    old: Path, new: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "points.csv"
    assert main(["assess", str(old), "--design", "--size", "200", "--out", str(points)]) == 0
    assert "points.design.json" in capsys.readouterr().out
    points = drawn(old, tmp_path, 200)
    report = tmp_path / "found.json"
    call = ["assess", str(new), str(points), "--class-field", "class", "--report", str(report)]
    assert main(call) == 0
    assert "old.tif" in capsys.readouterr().out
    assert json.loads(report.read_text(encoding="utf-8"))["drawn_in"] == str(old)
    assert main([*call[:2], "--design", "--out", str(points), "--strata", str(old)]) == 2


def test_names_of_two_classes_are_no_class() -> None:
    """What a reference says must be one class of the map."""
    found = _reference._list_of({1: "forest", 2: "water", 3: "forest", 4: "2"}).values
    assert found == {"1": 1, "3": 3, "4": 4, "water": 2}
