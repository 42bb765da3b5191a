"""`automap samples --suggest`: marked, apart, the same twice, and refused as a reference."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.warp import transform

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.cli.main import main
from tests.cli.test_train import _train, scene

__all__ = ["scene"]


@pytest.fixture(scope="module")
def model(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the fields in the scene; a corner of whose picture is like none of them."""
    path = tmp_path_factory.mktemp("model") / "model.zip"
    result = _train(scene, path, "--trials", "0", "--indices", "none", "--radius", "1")
    assert result.exit_code == 0, result.output
    with rasterio.open(scene / "picture.tif", "r+") as file:
        data = file.read()
        data[:, 80:, 80:] = 0.9
        file.write(data)
    return path


def suggested(scene: Path, model: Path, out: Path, *more: str) -> int:
    asked = ["samples", str(scene / "picture.tif"), "--suggest", str(model), "--out", str(out)]
    return main([*asked, "-w", "1", *more])


def test_points_that_are_apart_and_marked(
    scene: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, again = tmp_path / "next.csv", tmp_path / "again.csv"
    more = ("--number", "12", "--apart", "20", "--candidates", "4000")
    assert suggested(scene, model, out, *more) == 0
    assert "12 places of 4000" in capsys.readouterr().out
    assert suggested(scene, model, again, *more) == 0
    assert out.read_bytes() == again.read_bytes()
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == [""] * 12
    reasons = Counter(row["suggested"] for row in rows)
    assert set(reasons) == {"the model is unsure", "unlike all samples"}
    lon, lat = ([float(row[name]) for row in rows] for name in ("X", "Y"))
    x, y = map(np.array, transform("EPSG:4326", "EPSG:32633", lon, lat))
    away = np.hypot(x[:, None] - x, y[:, None] - y)
    assert away[~np.eye(12, dtype=bool)].min() > 19.9
    strange = [row["suggested"] == "unlike all samples" for row in rows]
    corner = (x > 5e5 + 795) & (y < 5.4e6 - 795)
    assert corner[strange].all()
    learnt = Model.open(model).training.positions
    assert np.hypot(x[:, None] - learnt[:, 0], y[:, None] - learnt[:, 1]).min() > 19.9


@pytest.mark.parametrize("name", ["next.csv", "next.geojson", "next.gpkg"])
def test_assess_refuses_them(
    scene: Path, model: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However they were kept, and though only one of them is among others."""
    out = tmp_path / ("next.csv" if name.endswith(".csv") else "next.geojson")
    assert suggested(scene, model, out, "--number", "6", "--apart", "20") == 0
    with rasterio.open(scene / "picture.tif") as picture:
        profile = {**picture.profile, "count": 1, "dtype": "uint8", "nodata": 0}
        shape = picture.shape
    with rasterio.open(tmp_path / "map.tif", "w", **profile) as file:
        file.write(np.ones((1, *shape), dtype=np.uint8))
    if name.endswith(".csv"):
        rows = list(csv.reader(out.read_text(encoding="utf-8").splitlines()))
        filled = [rows[0], [*rows[1][:3], "1", rows[1][4]]]
        filled += [[*row[:3], "1", ""] for row in rows[2:]]  # a hand that took most marks away
        out.write_text("\n".join(";".join(row) for row in filled), encoding="utf-8")
    else:
        content = json.loads(out.read_text(encoding="utf-8"))
        for feature in content["features"]:
            feature["properties"]["class"] = "1"
        out.write_text(json.dumps(content), encoding="utf-8")
    reference = tmp_path / name
    if name.endswith(".gpkg"):
        with (
            fiona.open(out) as read,
            fiona.open(reference, "w", driver="GPKG", schema=read.schema, crs=read.crs) as written,
        ):
            written.writerecords(read)
    asked = ["assess", str(tmp_path / "map.tif"), str(reference), "--class-field", "class"]
    assert main(asked) == 2
    told = capsys.readouterr().err
    assert "automap samples --suggest" in told
    assert "--design" in told
    assert ("1 with the mark" if name.endswith(".csv") else "6 with the mark") in told


def test_a_training_learns_from_them(scene: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "next.csv"
    assert suggested(scene, model, out, "--number", "20", "--apart", "10") == 0
    lines = out.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines[1:]]
    filled = [",".join([*row[:3], str(place % 2 + 1), row[4]]) for place, row in enumerate(rows)]
    out.write_text("\n".join([lines[0], *filled]), encoding="utf-8")
    asked = ["samples", str(out), str(scene / "picture.tif"), "--class-field", "class", "-w", "1"]
    assert main([*asked, "--out", str(tmp_path / "table.csv")]) == 0


def test_no_room_is_told(
    scene: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert suggested(scene, model, tmp_path / "next.csv", "--number", "40", "--apart", "250") == 0
    told = capsys.readouterr()
    assert "no more places lie 250 from each other" in told.err
    assert "smaller --apart" in told.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--erode", "1"], "--erode is not for suggestions"),
        (["--class-field", "kind"], "--class-field is not for suggestions"),
        (["--out", "next.gpkg"], "neither CSV nor GeoJSON"),
        (["--suggest", "none.zip"], "there is no such model"),
    ],
)
def test_what_goes_wrong(
    scene: Path, model: Path, tmp_path: Path, more: list[str], message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert suggested(scene, model, tmp_path / "next.csv", *more) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "next.csv").exists()


def test_options_without_their_deed(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples, picture = str(scene / "samples.gpkg"), str(scene / "picture.tif")
    assert main(["samples", samples, picture, "--number", "3"]) == 2
    assert "--number needs --suggest" in capsys.readouterr().err
    assert main(["samples", samples]) == 2
    assert "Missing argument 'PICTURE'" in capsys.readouterr().err
    assert main(["samples", samples, picture, "--suggest", "m.zip", "--out", "x.csv"]) == 2
    assert "takes a PICTURE only" in capsys.readouterr().err
    assert main(["samples", picture, "--suggest", "m.zip"]) == 2
    assert "needs --out" in capsys.readouterr().err
