"""`automap train`."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner, Result
from shapely import box

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.cli.main import automap, main
from automap_tiles.workflows.train import results
from tests import starts

SIDE = 96

# Every choice made already: what is tried otherwise is trained by the dozen.
CHOSEN = (
    *("--indices", "none", "--radius", "0", "--balance", "none", "--erode", "0", "--folds", "2"),
)


def without_engines() -> int:
    """The command line, in a process of its own; 9: it has loaded an engine to train with."""
    code = main()
    return 9 if {"sklearn.ensemble", "lightgbm"} & sys.modules.keys() else code


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with picture.tif (green, red, nir) and samples.gpkg: twelve fields of two kinds."""
    folder = tmp_path_factory.mktemp("scene")
    random = np.random.default_rng(0)
    data = random.normal(0.2, 0.02, (3, SIDE, SIDE))
    features = []
    for number in range(12):
        row, col = 24 * (number // 4), 24 * (number % 4)
        kind = (number + number // 4) % 2
        data[2, row : row + 20, col : col + 20] += 0.2 * kind
        data[1, row : row + 20, col : col + 20] -= 0.05 * kind
        left, top = 5e5 + 10 * col, 5.4e6 - 10 * row
        shape = box(left, top - 200, left + 200, top)
        features.append((shape, ("bare", "forest")[kind]))
    profile = {
        "driver": "GTiff",
        "width": SIDE,
        "height": SIDE,
        "count": 3,
        "dtype": "float32",
        "crs": "EPSG:32633",
        "transform": rasterio.Affine(10, 0, 5e5, 0, -10, 5.4e6),
    }
    with rasterio.open(folder / "picture.tif", "w", **profile) as picture:
        picture.write(data.astype(np.float32))
        picture.descriptions = ("green", "red", "nir")
    schema = {"geometry": "Polygon", "properties": {"kind": "str", "area": "int"}}
    with fiona.open(
        folder / "samples.gpkg", "w", driver="GPKG", schema=schema, crs="EPSG:32633"
    ) as file:
        for shape, kind_name in features:
            properties = {"kind": kind_name, "area": 4}
            file.write({"geometry": shape.__geo_interface__, "properties": properties})
    return folder


def _train(scene: Path, model: Path, *more: str) -> Result:
    args = ["train", "--samples", str(scene / "samples.gpkg"), "--class-field", "kind"]
    args += ["--picture", str(scene / "picture.tif"), "--model", str(model), "--trials", "2"]
    return CliRunner().invoke(automap, [*args, "-w", "1", "--per-polygon", "20", *more])


def test_a_model_and_its_report(scene: Path, tmp_path: Path) -> None:
    model, report = tmp_path / "m.zip", tmp_path / "r.json"
    result = _train(scene, model, "--report", str(report), "--holdout", "0.3", "-v")
    assert result.exit_code == 0, result.output
    found = Model.open(model)
    assert [(one.value, one.name) for one in found.classes] == [(1, "bare"), (2, "forest")]
    assert found.recipe.names[:3] == ("green", "red", "nir")
    told = json.loads(report.read_text())
    assert told["blocked"]["accuracy"] > 0.9
    assert told["holdout"]["accuracy"] > 0.9
    assert all(cost["seconds_per_km2"] > 0 for cost in told["costs"])
    assert told["samples"]["counts"] == [120, 120]
    for words in ("Whole polygons held out", "flattered", "automap assess", "per km²", "trial 2/2"):
        assert words in result.output
    # the cost of a square kilometre is that of 10 000 pixels of 10 m
    per_pixel = told["costs"][0]["microseconds_per_pixel"]
    assert told["costs"][0]["seconds_per_km2"] == pytest.approx(per_pixel / 100, rel=1e-3)


def test_a_second_run_trains_nothing_and_another_order_is_refused(
    scene: Path, tmp_path: Path
) -> None:
    model = tmp_path / "m.zip"
    assert _train(scene, model, *CHOSEN).exit_code == 0
    before = (model.stat().st_ino, model.stat().st_mtime_ns)
    again = _train(scene, model, *CHOSEN)
    assert again.exit_code == 0
    assert "already" in again.output
    assert (model.stat().st_ino, model.stat().st_mtime_ns) == before
    other = _train(scene, model, *CHOSEN, "--seed", "7")
    assert other.exit_code != 0
    assert "other samples, features or options" in str(other.exception)
    content = model.read_bytes()
    assert _train(scene, model, *CHOSEN, "--overwrite").exit_code == 0
    assert model.read_bytes() == content


def test_recipe_files_and_words_do_not_go_together(scene: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("bands: [red, nir]\ncomponents: 1\n")
    model = tmp_path / "m.zip"
    result = _train(scene, model, "--recipe", str(recipe), "--radius", "3")
    assert result.exit_code == 2
    assert "either --recipe or --radius" in result.output
    assert _train(scene, model, "--recipe", str(recipe)).exit_code == 0
    assert Model.open(model).inputs == 1


def test_every_choice_with_its_evidence(scene: Path, tmp_path: Path) -> None:
    result = _train(scene, tmp_path / "m.zip", "--explain")
    assert result.exit_code == 0, result.output
    for words in (
        "classifier: ",
        "plain boosting",
        "forest",
        "features: ",
        "gain ",
        "standard error",
    ):
        assert words in result.output
    given = ("--classifier", "plain", "--indices", "none", "--radius", "0", "--balance", "none")
    result = _train(scene, tmp_path / "n.zip", "--explain", "--erode", "1", *given)
    assert result.exit_code == 0, result.output
    assert "No choice was made" in result.output
    assert Model.open(tmp_path / "n.zip").recipe.names == ("green", "red", "nir")


def test_a_class_of_one_polygon_is_told(scene: Path, tmp_path: Path) -> None:
    with fiona.open(scene / "samples.gpkg") as file:
        records, schema = list(file), file.schema
    rare = [one for one in records if one["properties"]["kind"] == "bare"][1:]
    few = tmp_path / "few.gpkg"
    with fiona.open(few, "w", driver="GPKG", schema=schema, crs="EPSG:32633") as file:
        file.writerecords([one for one in records if one not in rare])
    result = _train(scene, tmp_path / "m.zip", "--samples", str(few))
    assert result.exit_code == 0, result.output
    assert "for want of polygons to hold out: bare" in result.output
    assert "--block-size" not in result.output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--class-field", "knd"), "kind"),
        (("--class-field", "area"), "all are of class 4"),
        (("--bands", "red,swir1"), "no 'swir1'"),
        (("--radius", "two"), "not pixels"),
        (("--components", "1.5"), "whole number"),
        (("--components", "99"), "features only"),
        (("--report", "report.pdf"), "neither HTML nor JSON"),
        (("--block-size", "9999999"), "one polygon or block"),
        (("--erode", "-1"), "neither auto nor"),
        (("--block-size", "100", "--split", "polygons"), "not by polygons"),
    ],
)
def test_wrong_orders(more: tuple[str, ...], message: str, scene: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.zip"
    result = _train(scene, model, *more)
    assert result.exit_code != 0
    assert message in f"{result.output}{result.exception}"
    assert not model.exists()


@pytest.mark.parametrize(
    ("name", "kind", "package"),
    [
        ("scikit-learn", "forest of scikit-learn", "scikit-learn"),
        ("lightgbm", "boosting by LightGBM", "lightgbm"),
    ],
)
def test_an_engine_of_an_extra(
    scene: Path, tmp_path: Path, name: str, kind: str, package: str
) -> None:
    model, again = tmp_path / "model.zip", tmp_path / "again.zip"
    order = ("--classifier", name, "--per-polygon", "10", *CHOSEN)
    result = _train(scene, model, *order)
    assert result.exit_code == 0, result.output
    found = Model.open(model)
    assert found.report["setup"]["kinds"] == [kind]
    assert package in found.versions
    assert len(found.members) == 1  # of trees: earlier versions read it too
    assert json.loads(zipfile.ZipFile(model).read("model.json"))["format"] == 1
    assert _train(scene, again, *order).exit_code == 0
    assert model.read_bytes() == again.read_bytes()
    # predicted without the engine
    config = tmp_path / "map.mapchete"
    for metatiling in (1, 4):
        config.write_text(
            f"process: classify\ninput: {{picture: {scene / 'picture.tif'}}}\n"
            f"process_parameters: {{model: {model}}}\nzoom_levels: 0\n"
            "pyramid: {grid: {shape: [6, 6], bounds: [500000, 5399040, 500960, 5400000], "
            f"srs: {{epsg: 32633}}}}, tile_size: 16, metatiling: {metatiling}}}\n"
            f"output: {{format: GTiff, path: map{metatiling}.tif, bands: 1, dtype: uint8, "
            "nodata: 0}\n"
        )
        words = ["execute", str(config), "--concurrency", "none"]
        done = starts.run(words, starts.EXECUTE, entry="tests.cli.test_train:without_engines")
        assert done.returncode == 0, done.stderr
    maps = []
    for metatiling in (1, 4):
        with rasterio.open(tmp_path / f"map{metatiling}.tif") as file:
            maps.append(file.read(1))
    np.testing.assert_array_equal(*maps)
    with rasterio.open(scene / "picture.tif") as file:
        bright = file.read(3) > 0.3
    assert ((maps[0] == 2) == bright).mean() > 0.97


def test_engines_are_candidates_by_the_same_rule(scene: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.zip"
    result = _train(scene, model, "--trials", "0", "--also", "lightgbm,scikit-learn")
    assert result.exit_code == 0, result.output
    report = Model.open(model).report
    asked = next(one for one in report["decisions"] if one["question"] == "classifier")
    names = [answer["name"] for answer in asked["answers"]]
    for name in (
        "plain boosting",
        "forest",
        "boosting by LightGBM",
        "forest of scikit-learn",
        "boosting by LightGBM + extra trees + linear",
        "boosting + forest of scikit-learn + linear",
    ):
        assert name in names
    assert asked["taken"] == names[0]  # all are right here: the simple way stays
    assert report["options"]["also"] == ["forest of scikit-learn", "boosting by LightGBM"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--also", "catboost"], "'catboost' is not one of scikit-learn, lightgbm"),
        (["--also", "lightgbm", "--classifier", "vote"], "nothing is tried beside it"),
    ],
)
def test_engines_that_cannot_be(
    scene: Path, tmp_path: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["train", "--samples", str(scene / "samples.gpkg"), "--class-field", "kind"]
    asked += ["--picture", str(scene / "picture.tif"), "--model", str(tmp_path / "m.zip")]
    assert main([*asked, *more]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "m.zip").exists()


@pytest.mark.parametrize(
    ("name", "module"), [("lightgbm", "lightgbm"), ("scikit-learn", "sklearn")]
)
def test_an_engine_that_is_not_installed(
    scene: Path, tmp_path: Path, name: str, module: str
) -> None:
    asked = ["train", "--samples", str(scene / "samples.gpkg"), "--class-field", "kind"]
    asked += ["--picture", str(scene / "picture.tif"), "--model", str(tmp_path / "m.zip")]
    for more in (["--also", name], ["--classifier", name]):
        done = starts.run([module, *asked, *more], starts.EXECUTE, entry="tests.cli.without:main")
        assert done.returncode == 2
        assert f"pip install 'automap-tiles[{name}]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_shares_of_classes_and_unlike_polygons_are_told(scene: Path, tmp_path: Path) -> None:
    result = _train(scene, tmp_path / "model.zip", "--trials", "0")
    assert result.exit_code == 0, result.output
    found = Model.open(tmp_path / "model.zip")
    estimate = found.report["estimate"]
    outcome = {**found.report, "estimate": {**estimate, "as_many": 3.4, "found": [0.09, 0.92]}}
    lines = list(results._estimate(outcome, ["shrubs", "forest"], "polygons"))
    assert (
        "These are small numbers: 12 polygons, of so unlike sizes that they tell as much as 3 "
        "alike, tell little of others." in lines
    )
    assert any(line.startswith("Of shrubs 0.09 is found, of forest 0.92: ") for line in lines)
    del outcome["estimate"]["as_many"], outcome["estimate"]["found"]  # an earlier version's
    assert "These are small numbers: 12 polygons tell little of others." in list(
        results._estimate(outcome, ["shrubs", "forest"], "polygons")
    )
