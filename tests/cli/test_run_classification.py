"""`automap run --mode classification`: from satellite products and a CSV to a map of classes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner, Result
from fiona.transform import transform

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.cli.main import automap, main
from tests import starts

NAME = "20180401_20180830_median"
VALUES = {"urban": 1, "vegetation": 2, "water": 3}
# Nothing is asked of the evidence, which costs several trainings for each answer.
CHOSEN = (
    *("--classifier", "boosting", "--trials", "1", "--indices", "none", "--radius", "0"),
    *("--balance", "none", "--erode", "0"),
)


@pytest.fixture(scope="module")
def products(shared: Path) -> Path:
    """Landsat 8 around New York, 3 km pixels."""
    return shared / "data" / "landsat" / "gdalcubes_L8NY18"


@pytest.fixture(scope="module")
def place(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the boundary and, by the contract, the samples."""
    folder = tmp_path_factory.mktemp("place")
    ring = [[-75.5, 39.3], [-72.2, 39.3], [-72.2, 41.6], [-75.5, 41.6], [-75.5, 39.3]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    (folder / "area.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    source = shared / "data" / "labels" / "gdalcubes_ny_samples.gpkg"
    with fiona.open(source) as points, (folder / "samples.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note", "X", "Y", "2009", "2017"])
        for point in points:
            x, y = point["geometry"]["coordinates"]
            (lon,), (lat,) = transform(points.crs, "EPSG:4326", [x], [y])
            name = point["properties"]["class"]
            # another year, that must not be taken
            writer.writerow([name, lon, lat, 9, VALUES[name]])
    return folder


def arguments(products: Path, place: Path, output: Path, *more: str) -> list[str]:
    return [
        *("run", "--satellites", "8", "--start", "2018-04-01", "--end", "2018-08-30"),
        *("--boundary", str(place / "area.geojson"), "-i", str(products), "-o", str(output)),
        *more,
    ]


def classification(products: Path, place: Path, output: Path, *more: str) -> list[str]:
    own = ("--mode", "classification", "--samples", str(place / "samples.csv"), *CHOSEN)
    return arguments(products, place, output, *own, "-w", "1", *more)


def invoke(*args: str) -> Result:
    return CliRunner().invoke(automap, list(args))


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written; journals and records come and go."""
    return {
        path.name: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.suffix in (".tif", ".zip", ".html", ".xml") and not path.name.startswith("run_")
    }


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in (folder / "landsat-8").glob("*")
        if path.suffix in (".tif", ".zip", ".xml")
    }


@pytest.fixture(scope="module")
def done(products: Path, place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run that took what a composite run had left."""
    output = tmp_path_factory.mktemp("out")
    first = invoke(*arguments(products, place, output, "--mode", "composite", "-w", "1"))
    assert first.exit_code == 0, first.output
    before = stamps(output)
    second = invoke(*classification(products, place, output, "--confidence"))
    assert second.exit_code == 0, second.output
    assert "8 done before" in second.output
    after = stamps(output)
    assert {name: after[name] for name in before} == before
    return output


def test_the_map_is_the_model_on_the_composite(done: Path, place: Path) -> None:
    folder = done / "landsat-8"
    model = Model.open(folder / f"model_{NAME}.zip")
    assert [one.value for one in model.classes] == [1, 2, 3]
    assert "valid_count" not in model.recipe.needs
    with rasterio.open(folder / f"composite_{NAME}.tif") as file:
        names, transform, shape = file.descriptions, file.transform, file.shape
        picture = file.read(masked=True)
        scenes = file.tags()["SCENES"]
    places = [names.index(name) for name in model.recipe.needs]
    features = model.recipe.compute(picture[places], model.recipe.needs, scale=1e-4)
    rows = features.data[:, features.valid].T
    expected = Predictor(model).classes(Predictor(model).probabilities(rows))
    with rasterio.open(folder / f"classes_{NAME}.tif") as file:
        assert file.shape == shape
        assert file.transform.almost_equals(transform, 1e-6)
        classes, confidence = file.read()
        assert file.descriptions == ("class", "confidence")
        assert file.tags()["SCENES"] == scenes
        assert file.tags()["SATELLITE"] == "landsat-8"
        assert file.colormap(1)[3][:3] == model.classes[2].rgb
    np.testing.assert_array_equal(classes > 0, features.valid)
    np.testing.assert_array_equal(classes[features.valid], expected)
    np.testing.assert_array_equal(confidence > 0, features.valid)
    assert _agreement(done, place) > 0.8


def _agreement(output: Path, place: Path) -> float:
    """Share of the samples on the map that have their own class there."""
    with (place / "samples.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with rasterio.open(output / "landsat-8" / f"classes_{NAME}.tif") as file:
        lon, lat = ([float(row[key]) for row in rows] for key in ("X", "Y"))
        places = zip(*transform("EPSG:4326", file.crs.to_wkt(), lon, lat), strict=True)
        found = np.array([value[0] for value in file.sample(places)])
    known = np.array([int(row["2017"]) for row in rows])
    assert (found > 0).sum() > 20
    return float((found == known)[found > 0].mean())


def test_the_record_names_what_there_is(done: Path) -> None:
    record = json.loads((done / f"run_classification_{NAME}.json").read_text())
    results = record["results"]["landsat-8"]
    assert len(results["scenes"]) == 8
    for key in ("composite", "model", "training report", "classes"):
        assert (done / results[key]).is_file()
    page = (done / "landsat-8" / f"training_{NAME}.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_again_computes_nothing(products: Path, place: Path, done: Path) -> None:
    before = stamps(done)
    again = invoke(*classification(products, place, done, "--confidence"))
    assert again.exit_code == 0, again.output
    assert "trained before" in again.output
    assert stamps(done) == before


def test_samples_that_are_too_few_and_others(products: Path, place: Path, tmp_path: Path) -> None:
    """Too few leave the composite; a model of others is only replaced when that is said."""
    lines = (place / "samples.csv").read_text().splitlines(keepends=True)
    (tmp_path / "area.geojson").write_text((place / "area.geojson").read_text())
    args = classification(products, tmp_path, tmp_path / "out")

    def run(count: int, *more: str) -> Result:
        (tmp_path / "samples.csv").write_text("".join(lines[: count + 1]))
        return invoke(*args, *more)

    failed = run(3)
    assert failed.exit_code == 1
    assert "Failed: classes of landsat-8" in failed.output
    folder = tmp_path / "out" / "landsat-8"
    before = (folder / f"composite_{NAME}.tif").stat().st_mtime_ns
    assert run(39).exit_code == 0
    first = Model.open(folder / f"model_{NAME}.zip")
    refused = run(30)
    assert refused.exit_code == 1
    assert "is a model of other samples" in refused.output
    assert "--overwrite" in refused.output
    anew = run(30, "--overwrite")
    assert anew.exit_code == 0, anew.output
    second = Model.open(folder / f"model_{NAME}.zip")
    assert 0 < len(second.training.positions) < len(first.training.positions)
    with rasterio.open(folder / f"classes_{NAME}.tif") as file:
        assert file.tags()["MODEL"] == second.fingerprint
    assert (folder / f"composite_{NAME}.tif").stat().st_mtime_ns == before


def test_killed_at_any_moment_and_gone_on_with(
    products: Path, place: Path, done: Path, tmp_path: Path
) -> None:
    """When scenes are merged, samples read, the classifier trained: the same bytes in the end."""
    output = tmp_path / "out"
    args = classification(products, place, output, "--confidence")
    wanted = [
        f"composite_{NAME}.tif",
        ".samples/values-*/*/*/*.fgb",
        f"model_{NAME}.zip",
    ]
    for pattern in wanted:
        process = starts.start(
            args,
            starts.RUN,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while process.poll() is None and not list((output / "landsat-8").glob(pattern)):
                time.sleep(0.002)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    result = invoke(*args)
    assert result.exit_code == 0, result.output
    assert contents(output) == contents(done)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--samples", "absent.csv"], "absent.csv"),
        (["--class-field", "clas"], "note"),
        (["--smoothing", "4"], "odd number"),
        (["--minimum-patch", "3", "--probabilities"], "no probabilities"),
        (["--classes", "absent.csv"], "absent.csv"),
    ],
)
def test_what_is_wrong_is_said_before_a_scene_is_touched(
    change: list[str],
    words: str,
    products: Path,
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = classification(products, place, tmp_path / "out", *change)
    assert main(args) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_samples_elsewhere(
    products: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "samples.csv").write_text("X,Y,2018\n10.5,47.2,1\n10.6,47.3,2\n")
    (tmp_path / "area.geojson").write_text((place / "area.geojson").read_text())
    assert main(classification(products, tmp_path, tmp_path / "out")) == 2
    error = capsys.readouterr().err
    assert "none of its 2 samples lies in the area" in error
    assert not (tmp_path / "out").exists()


def test_samples_belong_to_the_mode(
    products: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(arguments(products, place, out, "--mode", "classification")) == 2
    assert "--samples: is needed" in capsys.readouterr().err
    samples = ("--samples", str(place / "samples.csv"))
    assert main(arguments(products, place, out, "--mode", "composite", *samples)) == 2
    assert "has no use in the mode composite" in capsys.readouterr().err


def test_check_says_where_the_map_would_be(products: Path, place: Path, tmp_path: Path) -> None:
    result = invoke(*classification(products, place, tmp_path / "out", "--check"))
    assert result.exit_code == 0, result.output
    assert f"classes {tmp_path / 'out' / 'landsat-8' / f'classes_{NAME}.tif'}" in result.output
    assert not (tmp_path / "out").exists()
