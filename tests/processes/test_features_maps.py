"""Features and blobs as maps: the same for any metatile, and what the functions give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_processes import blobs, features
from automap_tiles import ConfigError, open_process
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.textures.blobs import BlobSearch, Form, find
from automap_tiles.notes import collecting

SIZE, TILES = 32, 4
GRID = {"shape": [TILES, TILES], "bounds": [0, 0, 1280, 1280], "srs": {"epsg": 32633}}
RECIPE: dict[str, Any] = {
    "bands": ["red"],
    "indices": ["ndvi"],
    "neighbourhood": [
        {"statistic": name, "of": "nir", "radius": 1}
        for name in ("mean", "gradient", "lbp", "opening", "black_tophat", "log", "dog")
    ],
}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """128 pixels of two bands with discs, some at the edge, some over each other, and a hole."""
    random = np.random.default_rng(0)
    rows, cols = np.mgrid[:128, :128]
    pixels = random.normal(1500, 60, (2, 128, 128))
    for row, col in random.integers(0, 128, (60, 2)):
        pixels[:, np.hypot(rows - row, cols - col) <= random.integers(2, 6)] += 3000
    pixels[:, 50:60, 15:30] = 0
    path = tmp_path / "picture.tif"
    with rasterio.open(path, "w", width=128, height=128, count=2, dtype="uint16", nodata=0,
                       crs="EPSG:32633", driver="GTiff",
                       transform=from_origin(0, 1280, 10, 10)) as file:  # fmt: skip
        file.write(pixels.astype("u2"))
        file.descriptions, file.scales = ("red", "nir"), (1e-4, 1e-4)
    return path


def run(name: str, picture: Path, metatiling: int, output: Any, parameters: Any) -> Path:
    output = {**output, "path": str(picture.with_name(f"{name}{metatiling}")) + output["path"]}
    config = {
        "process": name, "input": {"picture": str(picture)}, "zoom_levels": 0, "output": output,
        "pyramid": {"grid": GRID, "tile_size": SIZE, "metatiling": metatiling},
        "process_parameters": parameters,
    }  # fmt: skip
    list(open_process(config).execute(concurrency="none"))
    return Path(output["path"])


def test_features_are_those_of_the_recipe_however_it_is_cut(picture: Path) -> None:
    output = {"format": "GTiff", "path": ".tif", "extent": "area", "bands": 9,
              "dtype": "float32", "nodata": -99}  # fmt: skip
    paths = [run("features", picture, many, output, {"recipe": RECIPE}) for many in (1, 2, 4)]
    found = []
    for path in paths:
        with rasterio.open(path) as file:
            found.append(file.read())
            names = file.descriptions
    recipe = Recipe.from_dict(RECIPE)
    assert names == recipe.names
    with rasterio.open(picture) as file:
        whole = recipe.compute(file.read(masked=True), ("red", "nir"), scale=1e-4)
    wanted = np.where(whole.valid, whole.data, np.float32(-99))
    for one in found:
        np.testing.assert_array_equal(one, wanted)


@pytest.mark.parametrize("form", ["log", "dog", "doh"])
def test_blobs_are_those_of_the_whole_however_it_is_cut(picture: Path, form: Any) -> None:
    output = {"format": "FlatGeobuf", "path": "", "schema": {
        "geometry": "Point", "properties": {"radius": "float", "strength": "float"}}}  # fmt: skip
    how = {"form": form, "smallest": 1.5, "largest": 6, "steps": 3,
           "threshold": 0.002 if form == "doh" else 0.03}  # fmt: skip
    scale = {"low": 0, "high": 10000}
    found = []
    for many in (2, 4):
        folder = run("blobs", picture, many, output, {**how, **scale, "band": 2})
        points = set()
        for path in sorted(folder.rglob("*.fgb")):
            with fiona.open(path) as file:
                for one in file:
                    x, y = one.geometry.coordinates
                    told = (x, y, one.properties["radius"], one.properties["strength"])
                    assert told not in points  # each by one tile
                    points.add(told)
        found.append(points)
    with rasterio.open(picture) as file:
        band = file.read(2, masked=True)
    search = BlobSearch(**{**how, "form": Form(form)})
    plane = np.clip(band.filled(0) / 1e4, 0, 1)  # three discs over each other are brighter than 1
    blobs_of = find(plane, ~np.ma.getmaskarray(band), search)
    wanted = {(col * 10 + 5, 1280 - row * 10 - 5)
              for row, col in zip(blobs_of.rows.tolist(), blobs_of.cols.tolist(),
                                  strict=True)}  # fmt: skip
    assert len(wanted) > 20
    for points in found:
        assert points == found[0]
    assert {(x, y) for x, y, *_ in found[0]} == wanted


def test_what_cannot_work_is_refused(picture: Path) -> None:
    with pytest.raises(ConfigError) as error:
        features.pixelbuffer({"neighbourhood": [{"statistic": "log", "of": "red", "radius": 99}]})
    assert error.value.key == "process_parameters.recipe"
    with pytest.raises(ConfigError, match="radii"):
        blobs.pixelbuffer(smallest=9, largest=3)
    output = {"format": "FlatGeobuf", "path": "", "schema": {
        "geometry": "Point", "properties": {"radius": "float", "strength": "float"}}}  # fmt: skip
    for wrong, key in (({"band": 3}, "band"), ({"low": 5, "high": 5}, "high")):
        with pytest.raises(ConfigError) as error:
            run("blobs", picture, 1, output, wrong)
        assert error.value.key == f"process_parameters.{key}"


def test_a_range_that_nothing_lies_in_is_told(picture: Path) -> None:
    """Numbers × 10000 beside the usual range from 0 to 1: there would be no blob, and no word."""
    output = {"format": "FlatGeobuf", "path": "", "schema": {
        "geometry": "Point", "properties": {"radius": "float", "strength": "float"}}}  # fmt: skip
    config = {
        "process": "automap_processes.blobs", "input": {"picture": str(picture)},
        "zoom_levels": 0, "pyramid": {"grid": GRID, "tile_size": SIZE},
        "output": {**output, "path": str(picture.parent / "told")},
    }  # fmt: skip
    for parameters, count in (({}, 1), ({"high": 9000.0}, 0)):
        with collecting() as told:
            open_process({**config, "process_parameters": parameters})
        notes = [note for note in told.grouped() if "low and high" in note.reason]
        assert len(notes) == count
