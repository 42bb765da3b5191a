"""`automap samples`."""

from __future__ import annotations

import csv
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio

from automap_tiles.cli.main import main
from tests.workflows.samples.scenes import BANDS, write_picture


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.csv"
    rows = ["X,Y,2018"]
    from rasterio.warp import transform

    xs, ys = [500_105.0, 500_205.0, 400_000.0], [4_999_895.0, 4_999_795.0, 4_999_895.0]
    lon, lat = transform("EPSG:32633", "EPSG:4326", xs, ys)
    rows += [f"{x:.9f},{y:.9f},{n}" for x, y, n in zip(lon, lat, (1, 2, 2), strict=True)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["out.csv", "out.fgb", "out.geojson"])
def test_a_table(
    samples: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = write_picture(tmp_path / "picture.tif")
    out = tmp_path / name
    assert main(["samples", str(samples), str(picture), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "1 outside" in told
    assert "2 samples" in told
    with rasterio.open(picture) as file:
        pixels = file.read() * np.float32(1e-4)
    if name == "out.csv":
        with out.open(encoding="utf-8") as text:
            found = [
                (float(row["X"]), row["class"], [float(row[band]) for band in BANDS])
                for row in csv.DictReader(text)
            ]
    else:
        with fiona.open(out) as file:
            found = [
                (
                    row.geometry.coordinates[0],
                    str(row.properties["class"]),
                    [row.properties[band] for band in BANDS],
                )
                for row in file
            ]
            assert file.crs.to_epsg() == 32633 or name == "out.geojson"
    found.sort()
    assert [(x, value) for x, value, _ in found] == [(500_105.0, "1"), (500_205.0, "2")]
    np.testing.assert_array_equal(np.array(found[0][2], np.float32), pixels[:, 10, 10])
    np.testing.assert_array_equal(np.array(found[1][2], np.float32), pixels[:, 20, 20])


def test_what_goes_wrong(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = write_picture(tmp_path / "picture.tif")
    assert main(["samples", str(samples), str(picture), "--out", "table.xls"]) == 2
    assert "neither CSV nor GeoJSON" in capsys.readouterr().err
    assert main(["samples", str(samples), str(picture), "--class-field", "2081"]) == 2
    assert "2018?" in capsys.readouterr().err


def test_bands_of_different_units(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A composite of `automap run`: reflectance and counts, each in its own unit."""
    picture = write_picture(tmp_path / "picture.tif")
    with rasterio.open(picture, "r+") as file:
        file.scales = (1e-4, 1e-4, 1e-4, 1.0)
        pixels = file.read()[:, 10, 10]
    out = tmp_path / "out.csv"
    assert main(["samples", str(samples), str(picture), "--out", str(out)]) == 0
    with out.open(encoding="utf-8") as text:
        row = next(row for row in csv.DictReader(text) if row["class"] == "1")
    found = [float(row[band]) for band in BANDS]
    np.testing.assert_allclose(found, pixels * [1e-4, 1e-4, 1e-4, 1.0], rtol=1e-6)
    told = capsys.readouterr().err
    assert "Lost: 1 sample (1 of 2): outside the picture" in told
    command = ["samples", str(samples), str(picture), "--out", str(out), "--bands"]
    assert main([*command, "nir,red"]) == 0
    assert out.read_text(encoding="utf-8").splitlines()[0] == "X,Y,class,group,nir,red"
    assert main([*command, "swir9"]) == 2
    assert "there is no 'swir9'" in capsys.readouterr().err
    assert main([*command, "red", "--recipe", "a.yaml"]) == 2
    assert "either --recipe or --bands" in capsys.readouterr().err


def test_what_a_recipe_says_beyond_features_is_told(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = write_picture(tmp_path / "picture.tif")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("bands: [red, nir]\ncomponents: 1\n", encoding="utf-8")
    assert main(["samples", str(samples), str(picture), "--recipe", str(recipe)]) == 0
    assert "Ignored: 1 option (components): the table holds the features" in capsys.readouterr().err


def test_bands_of_one_name(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of them cannot be told apart, whether they are asked for or all are taken."""
    picture = write_picture(tmp_path / "picture.tif")
    with rasterio.open(picture, "r+") as file:
        file.descriptions = ("red", "green", "red", "nir")
    command = ["samples", str(samples), str(picture)]
    for more in ([], ["--bands", "nir,red"]):
        assert main([*command, *more]) == 2
        assert "several bands named red" in capsys.readouterr().err
    assert main([*command, "--bands", "nir,green"]) == 0
