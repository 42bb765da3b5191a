"""Assessments of small maps, against counting."""

from __future__ import annotations

import json
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from shapely.geometry import mapping

from automap_tiles import open_process
from automap_tiles.analysis.learning.accuracy import map_accuracy
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, collecting
from automap_tiles.workflows.assess import ReferenceRequest, _class_map, assess
from automap_tiles.workflows.assess._class_map import count, open_map
from automap_tiles.workflows.assess.results import summary
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

POINTS = Subject.REFERENCE_POINTS
ROWS, COLS = (
    np.random.default_rng(5).integers(0, size, 900).astype(np.int64) for size in (300, 400)
)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return classes()


@pytest.fixture
def path(values: np.ndarray, tmp_path: Path) -> Path:
    return write_map(tmp_path / "map.tif", values, names=NAMES)


def truth_of(values: np.ndarray) -> np.ndarray:
    """What is really there: the map with errors."""
    rng = np.random.default_rng(8)
    wrong = rng.random(values.shape) < 0.15
    truth: np.ndarray = np.where(wrong, rng.choice([1, 2, 5, 9], values.shape), values)
    return truth


def write_points(
    folder: Path, rows: np.ndarray, cols: np.ndarray, labels: list, name: str = "points.csv"
) -> Path:
    from rasterio.warp import transform

    x, y = centres(rows, cols)
    lon, lat = transform(UTM, LON_LAT, x.tolist(), y.tolist())
    lines = [f"{a:.9f},{b:.9f},{label}" for a, b, label in zip(lon, lat, labels, strict=True)]
    path = folder / name
    path.write_text("\n".join(["X,Y,class", *lines]) + "\n", encoding="utf-8")
    return path


def distinct() -> tuple[np.ndarray, np.ndarray]:
    pairs = np.unique(np.column_stack([ROWS, COLS]), axis=0)
    return pairs[:, 0], pairs[:, 1]


def test_counts_and_estimates(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = distinct()
    truth = truth_of(values)[rows, cols]
    mapped = values[rows, cols]
    kept = (mapped > 0) & (truth > 0) & (truth != 9)
    labels = [NAMES.get(value, "") for value in truth.tolist()]
    reference = write_points(tmp_path, rows, cols, labels)
    found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    order = [1, 2, 5]
    expected = [[int(((mapped == i) & (truth == j) & kept).sum()) for j in order] for i in order]
    assert found.counts.tolist() == expected
    assert [one.name for one in found.classes] == ["forest", "water", "urban"]
    assert [one.colour for one in found.classes] == ["#0a141e", "#14141e", "#32141e"]
    pixels = [int((values == value).sum()) for value in order]
    assert list(found.pixels) == pixels
    weights = np.array(pixels) / sum(pixels)
    oracle = map_accuracy(np.array(expected), weights)
    # one true area for a tile of this size
    assert found.accuracy.overall.value == pytest.approx(oracle.overall.value, rel=1e-9)
    assert sum(found.areas) == pytest.approx(100 * sum(pixels), rel=2e-3)
    text = "\n".join(summary(found))
    assert f"{100 * found.accuracy.overall.value:.1f} %" in text
    # the last two columns are hectares: estimated, and as the map has them
    shares = [one.value for one in oracle.shares]
    of_class = {one.name: line for one in found.classes for line in text.splitlines()
                if f" {one.name} " in line}  # fmt: skip
    for one, share, area in zip(found.classes, shares, found.areas, strict=True):
        assert f"{share * sum(found.areas) / 1e4:,.1f} ±" in of_class[one.name]
        assert of_class[one.name].endswith(f" {area / 1e4:,.1f}")
    assert "none of the samples of the training" in str(found.notes)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_class_that_the_map_never_shows(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = distinct()
    truth = truth_of(values)[rows, cols]
    labels = [str(value) for value in truth.tolist()]
    kept = [place for place, label in enumerate(labels) if label != "0"]
    reference = write_points(tmp_path, rows[kept], cols[kept], [labels[place] for place in kept])
    with pytest.raises(ConfigError, match="does not know") as caught:
        assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    assert caught.value.found == "9"
    known = tmp_path / "classes.csv"
    known.write_text("value,name\n1,forest\n2,water\n5,urban\n9,marsh\n", encoding="utf-8")
    # labels may be numbers: they are given as such
    known.write_text(
        "value,name,label\n1,forest,1\n2,water,2\n5,urban,5\n9,marsh,9\n", encoding="utf-8"
    )
    wish = ReferenceRequest(path=str(reference), class_field="class", classes=str(known))
    found = assess(str(path), wish)
    assert [one.name for one in found.classes] == ["forest", "water", "urban", "marsh"]
    assert found.pixels[3] == 0
    assert found.counts[3].sum() == 0 < found.counts[:, 3].sum()
    assert found.accuracy.shares[3].value > 0
    assert found.accuracy.producers[3].value == 0


def test_tiles_do_not_show(
    path: Path, values: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, cols = distinct()
    labels = [NAMES.get(value, "") for value in values[rows, cols].tolist()]
    wish = ReferenceRequest(
        path=str(write_points(tmp_path, rows, cols, labels)), class_field="class"
    )
    whole = assess(str(path), wish)
    assert whole.accuracy.overall.value == 1
    folder = tmp_path / "tiles"
    config = {
        "process": "convert",
        "input": {"inp": str(path)},
        "pyramid": {
            "grid": {
                "shape": [5, 7],
                "bounds": [500_000, 5_000_000 - 5 * 640, 500_000 + 7 * 640, 5_000_000],
                "srs": {"epsg": 32633},
                "is_global": False,
            },
            "tile_size": 64,
        },
        "zoom_levels": 0,
        "output": {
            "format": "GTiff",
            "path": str(folder),
            "bands": 1,
            "dtype": "uint8",
            "nodata": 0,
        },
    }
    assert list(open_process(config).execute(concurrency="none"))
    monkeypatch.setattr(_class_map, "_TILE", 64)
    tiled = count(open_map(folder))
    assert tiled.pixels == whole.pixels
    np.testing.assert_allclose(tiled.areas, whole.areas, rtol=1e-5)


def test_degrees_are_weighed_by_their_true_area(tmp_path: Path) -> None:
    # 0 to 60 degrees north: one class in each half
    values = np.ones((60, 10), dtype=np.uint8)
    values[:30] = 2
    path = write_map(
        tmp_path / "map.tif", values, crs=LON_LAT, transform=Affine(1, 0, 0, 0, -1, 60)
    )
    strata = count(open_map(path))
    assert strata.pixels == (300, 300)
    # on a sphere: sin 30 - sin 0 and sin 60 - sin 30
    np.testing.assert_allclose(strata.shares, np.array([0.5, 0.366]) / 0.866, atol=2e-3)


def test_training_samples_are_refused(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = distinct()
    kept = values[rows, cols] > 0
    rows, cols = rows[kept][:200], cols[kept][:200]
    labels = [NAMES[value] for value in values[rows, cols].tolist()]
    reference = write_points(tmp_path, rows, cols, labels)
    x, y = centres(rows[:50], cols[:50])
    model = tmp_path / "model.zip"
    model_of(x, y).save(model)
    wish = ReferenceRequest(path=str(reference), class_field="class", model=str(model))
    with pytest.raises(ConfigError, match="50 of its 200 shapes hold training"):
        assess(str(path), wish)
    left = assess(
        str(path),
        ReferenceRequest(
            path=str(reference), class_field="class", model=str(model), drop_training=True
        ),
    )
    assert (left.counts.sum(), left.sample.training) == (150, 50)
    model_of(x - 5000, y).save(model)
    assert assess(str(path), wish).sample.training == 0
    # positions in another CRS than the map's
    from rasterio.warp import transform

    lon, lat = (np.array(each) for each in transform(UTM, LON_LAT, x.tolist(), y.tolist()))
    model_of(lon, lat, LON_LAT).save(model)
    with pytest.raises(ConfigError, match="50 of its 200"):
        assess(str(path), wish)


def test_polygons_and_what_has_no_reference(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    reference = tmp_path / "polygons.gpkg"
    schema = {"geometry": "Polygon", "properties": {"kind": "str"}}
    with fiona.open(reference, "w", driver="GPKG", crs="EPSG:32633", schema=schema) as file:
        for row, col, kind in ((100, 100, "forest"), (200, 50, "water")):
            left, top = TRANSFORM @ (col, row)
            shape = shapely.box(left, top - 200, left + 300, top)
            file.write(
                {"type": "Feature", "geometry": mapping(shape), "properties": {"kind": kind}}
            )
    found = assess(str(path), ReferenceRequest(path=str(reference)))
    window = np.zeros(values.shape, dtype=np.uint8)
    window[100:120, 100:130], window[200:220, 50:80] = 1, 2
    assert found.counts.sum() == 1200
    for place, one in enumerate(found.classes):
        assert found.counts[place].sum() == (values[window > 0] == one.value).sum()
    text = " ".join(found.to_dict()["remarks"])
    assert "2 reference shapes have several pixels" in text
    # pixels of a polygon were not drawn one by one
    assert found.to_dict()["overall"]["interval"] is None
    assert found.to_dict()["overall"]["value"] is not None
    # one pixel learnt from spoils its polygon
    model_of(*centres(np.array([105]), np.array([110]))).save(tmp_path / "model.zip")
    spoilt = ReferenceRequest(
        path=str(reference), model=str(tmp_path / "model.zip"), drop_training=True
    )
    rest = assess(str(path), spoilt)
    assert (rest.counts.sum(), rest.sample.training) == (600, 600)
    shown = {one.value for one in found.classes} | {one.value for one in found.left_out}
    assert shown == {1, 2, 5}
    if found.left_out:
        assert "they have no reference sample" in str(found.notes)


def test_names_need_a_map_with_names(values: np.ndarray, tmp_path: Path) -> None:
    path = write_map(tmp_path / "bare.tif", values)
    rows, cols = distinct()
    reference = write_points(tmp_path, rows, cols, ["forest"] * len(rows))
    wish = ReferenceRequest(path=str(reference), class_field="class")
    with pytest.raises(ConfigError, match="numbers only"):
        assess(str(path), wish)
    model_of(np.array([0.0]), np.array([0.0])).save(tmp_path / "model.zip")
    named = ReferenceRequest(
        path=str(reference), class_field="class", model=str(tmp_path / "model.zip")
    )
    assert {one.name for one in assess(str(path), named).classes} == set(NAMES.values())


def test_maps_that_are_none(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has 1 bands"):
        open_map(path, band=2)
    wrong = write_map(tmp_path / "wrong.tif", (values.astype(np.float32) + 0.5))
    with pytest.raises(ConfigError, match="not classes"):
        count(open_map(wrong))
    empty = write_map(tmp_path / "empty.tif", np.zeros_like(values))
    with pytest.raises(ConfigError, match="no pixel with a class"):
        count(open_map(empty))
    rows, cols = np.array([5]), np.array([5])
    reference = write_points(tmp_path, rows, cols, ["forest"])
    with pytest.raises(ConfigError, match="where the map has a class"):
        assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    with pytest.raises(ConfigError, match="no such model"):
        assess(
            str(path),
            ReferenceRequest(path=str(reference), class_field="class", model="none.zip"),
        )


def test_the_legend_of_a_map(path: Path) -> None:
    found = open_map(path)
    assert found.names == NAMES
    assert found.colours == {1: "#0a141e", 2: "#14141e", 5: "#32141e"}
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, class_x="y", classy="z")
    assert open_map(path).names == NAMES


def test_every_reference_point_is_accounted_for(
    path: Path, values: np.ndarray, tmp_path: Path
) -> None:
    """Those in the numbers and those in the notes are all that stand in the file."""
    rows, cols = distinct()
    labels = [NAMES.get(value, "NA") for value in truth_of(values)[rows, cols].tolist()]
    lines = write_points(tmp_path, rows, cols, labels).read_text("utf-8").splitlines()
    again = next(
        line
        for line, row, col in zip(lines[1:], rows, cols, strict=True)
        if not line.endswith("NA") and values[row, col]
    )
    away = "0.0,0.0,water"
    reference = tmp_path / "points.csv"
    reference.write_text("\n".join([*lines, again, away, away]), "utf-8")
    found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    told = {note.reason: note for note in found.notes if note.subject is POINTS}
    assert told["they have no class"].count == labels.count("NA")
    assert told["they have no class"].examples == ("NA",)
    assert told["outside the map"].count == 2
    assert told["outside the map"].examples == ("2 of 2 water",)
    assert told["the same pixel again"].count == 1
    classless = [label for row, col, label in zip(rows, cols, labels, strict=True)
                 if label != "NA" and not values[row, col]]  # fmt: skip
    assert told["the map has no class there"].count == len(classless) > 0
    lost = sum(note.count for note in found.notes
               if note.subject is POINTS and note.fate is not Fate.GUESSED)  # fmt: skip
    assert int(found.counts.sum()) + lost == len(labels) + 3
    report = found.to_dict()
    assert [Note.from_json(note) for note in report["notes"]] == list(found.notes)


def test_a_class_that_is_lost_is_told_first(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = np.nonzero(values == 1)
    reference = write_points(tmp_path, rows[:40], cols[:40], ["forest"] * 40)
    with reference.open("a", encoding="utf-8") as file:
        file.write("0.0,0.0,water\n" * 7)
    with collecting() as told:
        found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    first = next(iter(told))
    assert (first.fate, first.subject, first.count) == (Fate.LOST, Subject.CLASSES, 1)
    assert first.examples == ("2 water: 7 outside the map",)
    assert next(iter(found.notes)) == first


@pytest.mark.parametrize("number", [4, 5])
def test_no_accuracy_of_too_few(
    path: Path, values: np.ndarray, tmp_path: Path, number: int
) -> None:
    """All of four right would be 100 % ± 0 %."""
    places = [np.argwhere(values == value)[:size] for value, size in ((1, 30), (2, number))]
    rows, cols = np.concatenate(places).T
    labels = ["forest"] * 30 + ["water"] * number
    reference = write_points(tmp_path, rows, cols, labels)
    found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    report = found.to_dict()
    assert report["users"][0]["value"] == 1
    assert (
        report["users"][1]["value"]
        == report["producers"][1]["value"]
        == (1 if number == 5 else None)
    )
    reasons = [note.reason for note in found.notes if note.examples == (f"water: {number}",)]
    assert reasons == [
        "fewer than 5 samples: their user's accuracy is not told"
        if number == 4
        else "fewer than 30 samples: their numbers say little"
    ]


def test_nothing_of_a_handful(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = np.argwhere(values == 1)[:9].T
    reference = write_points(tmp_path, rows, cols, ["forest"] * 9)
    with pytest.raises(ConfigError, match=r"9 reference samples say nothing .* 10 are the least"):
        assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))


def test_numbers_with_na_among_them(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    """As R writes a table in which years are missing."""
    rows, cols = np.argwhere(values == 5)[:20].T
    reference = write_points(tmp_path, rows, cols, [5, "NA"] * 10)
    found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    assert int(found.counts.sum()) == 10
    assert found.notes[0].count == 10
