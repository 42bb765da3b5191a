"""The law of the house: the same bytes however the work is cut.

Every built-in process runs with process metatiling 1, 2 and 4 (composites of scenes also 8) and
output metatiling 1, so that the files can be compared byte by byte, and through every executor with
one and two workers. The sources are in another CRS than the grid: what is resampled must not depend
on the cut either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.pca import Pca
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.runtime import open_process
from tests.engine.projects import make_raster
from tests.models import save_model
from tests.scenes.samples import grid_at, make_scene

ZOOM = 14
TILE = 128
"""Pixels; pictures are half as wide as others are and so are tiles, so that there are as many."""
SIZE = 350


def raster_output(bands: int, dtype: str, nodata: float = 0) -> dict[str, Any]:
    return {"format": "GTiff", "bands": bands, "dtype": dtype, "nodata": nodata}


def convert(folder: Path) -> dict[str, Any]:
    return {
        "process": "convert",
        "input": {"inp": str(make_raster(folder / "image.tif", size=SIZE))},
        "output": raster_output(2, "uint16"),
        "process_parameters": {"resampling": "cubic"},
    }


def clip(folder: Path) -> dict[str, Any]:
    shape = {
        "type": "Polygon",
        "coordinates": [[[16.34, 47.79], [16.43, 47.8], [16.38, 47.84], [16.34, 47.79]]],
    }
    features = [{"type": "Feature", "properties": {}, "geometry": shape}]
    (folder / "clip.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    return {
        "process": "clip",
        "input": {
            "inp": str(make_raster(folder / "image.tif", size=SIZE)),
            "clip": str(folder / "clip.geojson"),
        },
        "output": raster_output(2, "uint16"),
        "process_parameters": {},
    }


def hillshade(folder: Path) -> dict[str, Any]:
    return {
        "process": "hillshade",
        "input": {"dem": str(make_raster(folder / "dem.tif", bands=1, size=SIZE))},
        "output": raster_output(1, "uint8"),
        "process_parameters": {"resampling": "bilinear"},
        "pixelbuffer": 4,
    }


def contours(folder: Path) -> dict[str, Any]:
    return {
        "process": "contours",
        "input": {"dem": str(make_raster(folder / "dem.tif", bands=1, size=SIZE))},
        "output": {
            "format": "GeoJSON",
            "schema": {"geometry": "LineString", "properties": {"elev": "float"}},
        },
        "process_parameters": {"interval": 500},
        "pixelbuffer": 4,
    }


def composite(folder: Path) -> dict[str, Any]:
    scenes = {}
    for date in range(3):
        path = make_raster(folder / f"date{date}.tif", seed=date, bands=5, size=SIZE)
        with rasterio.open(path, "r+") as scene:
            classes = np.random.default_rng(date).integers(3, 9, scene.shape).astype("uint16")
            scene.write(classes, 5)
        scenes[f"date{date}"] = str(path)
    return {
        "process": "composite",
        "input": {"scenes": scenes},
        "output": raster_output(5, "int16", -32768),
        "process_parameters": {
            "method": "median",
            "bands": [1, 2, 3, 4],
            "mask_band": 5,
            "masked_values": [3, 8],
            "indices": ["ndvi"],
            "red": 3,
            "nir": 4,
        },
    }


def scenes_of(folder: Path, grid: str) -> dict[str, Any]:
    """Two granules of one overpass, a date of another zone, 20 m classes, cleaned masks."""
    zone = rasterio.CRS.from_epsg(32632)
    places = {
        "20200601T10": grid_at(size=40),
        "20200602T10": grid_at(left=600260, top=5300100, size=40),
        "20200602T11": grid_at(left=599760, top=5299860, size=40),
        "20200603T10": grid_at(left=1048670, top=5325360, size=56, crs=zone),
        "20200604T10": grid_at(left=600140, size=40),
    }
    for seed, (name, place) in enumerate(places.items()):
        make_scene(folder / "s2", name, seed, place)
    description = {
        "sensor": "sentinel-2a",
        "level": "L2A",
        "time": "%Y%m%dT%H",
        "path": "{time}/{band}.tif",
        "bands": ["blue", "green", "red", "nir"],
        "mask": {"path": "{time}/scl.tif", "layer": "scl"},
        "scale": 0.0001,
        "offset": -0.1,
        "nodata": 0,
    }
    (folder / "s2/scenes.yaml").write_text(json.dumps(description))
    return {
        "format": "scenes",
        "path": str(folder / "s2"),
        "bands": ["green", "red", "nir"],
        "mask": ["cloud", "shadow"],
        "opening": 20,
        "dilation": 30,
        "resampling": "bilinear",
        "grid": grid,
    }


STATISTICS = ["median", "mean", "std", "min", "max", "count", "p10", "geomedian", "emad", "smad"]
STATISTICS += ["bcmad", "trimmed_mean", "max_ndvi", "max_ndwi", "medoid", "medoid_approx"]
PROVENANCE = ["valid_count", "day_of_year", "scene_index", "score"]


def composite_of_scenes(
    folder: Path, grid: str, wish: dict[str, Any], bands: int
) -> dict[str, Any]:
    return {
        "process": "composite",
        "input": {"scenes": scenes_of(folder, grid)},
        "output": {**raster_output(bands, "float32", -9), "resampling": "cubic"},
        "process_parameters": {"indices": ["ndvi"], "scale": 1.0, **wish},
        "tile_size": 32,
        "zoom": 16,
    }


def classify(folder: Path) -> dict[str, Any]:
    """Textures, components, smoothing and patches: everything that looks beyond its pixel."""
    image = make_raster(folder / "image.tif", size=SIZE)
    with rasterio.open(image, "r+") as file:
        data = file.read()
        data[:, 100:140, 60:250] = 0
        file.write(data)
        file.descriptions, file.scales = ("red", "nir"), (1e-4, 1e-4)
    of = Recipe(
        bands=("red", "nir"),
        indices=("ndvi",),
        neighbourhood=(
            Neighbourhood(statistic="mean", of="red", radius=4),
            Neighbourhood(statistic="std", of="ndvi", radius=2),
            Neighbourhood(statistic="entropy", of="nir", radius=2),
        ),
    )
    rows = np.random.default_rng(0).uniform(0, 0.6, (400, 6))
    save_model(folder / "model.zip", of=of, pca=Pca.fit(rows, 4), high=0.6)
    return {
        "process": "classify",
        "input": {"picture": str(image)},
        "output": {**raster_output(2, "uint8"), "colormap": "model.zip"},
        "process_parameters": {
            "model": "model.zip",
            "confidence": True,
            "smoothing": 7,
            "smoothness": 4.0,
            "minimum_patch": 5,
            "resampling": "bilinear",
        },
        "lower": "mode",
    }


def steps(folder: Path) -> dict[str, Any]:
    """Dates to a composite, that to classes with their textures, these without specks."""
    config = composite(folder)
    classes = classify(folder)
    (folder / "majority.py").write_bytes(
        Path(__file__).parent.with_name("processes").joinpath("examples/majority.py").read_bytes()
    )
    bands = {"descriptions": ["red", "nir"], "scales": [1e-4, 1e-4]}
    return {
        "input": config["input"],
        "steps": {
            "composite": {
                "process": "composite",
                "process_parameters": {
                    "method": "median",
                    "bands": [3, 4],
                    "mask_band": 5,
                    "masked_values": [3, 8],
                },
                "output": {**raster_output(2, "int16", -32768), **bands},
            },
            "classes": {
                "process": "classify",
                "input": {"picture": "composite"},
                "process_parameters": {**classes["process_parameters"], "unlike": True},
                "output": classes["output"],
            },
            "smooth": {
                "process": "./majority.py",
                "input": ["classes"],
                "process_parameters": {"size": 5},
            },
        },
        "output": raster_output(1, "uint8"),
        "lower": "mode",
    }


def test_same_bytes_of_steps(tmp_path: Path) -> None:
    """Built-in processes one after the other, and also where one of them is stored."""
    config = steps(tmp_path)
    check(config, tmp_path, SCENE_CUTS)
    config["steps"]["composite"]["output"]["path"] = str(tmp_path / "composite")
    again = run(config, tmp_path / "stored", 1, RunOptions(concurrency=Concurrency.NONE))
    fresh = tmp_path / "out0"
    assert again == {
        str(path.relative_to(fresh)): path.read_bytes() for path in sorted(fresh.rglob("*.tif"))
    }


BUILT_IN: dict[str, Callable[[Path], dict[str, Any]]] = {
    "convert": convert,
    "clip": clip,
    "hillshade": hillshade,
    "contours": contours,
    "composite": composite,
    "classify": classify,
}

CUTS = [
    (1, RunOptions(concurrency=Concurrency.NONE)),
    (1, RunOptions(concurrency=Concurrency.THREADS, workers=2)),
    (1, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (2, RunOptions(concurrency=Concurrency.NONE)),
    (2, RunOptions(concurrency=Concurrency.PROCESSES, workers=1)),
    (4, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (4, RunOptions(concurrency=Concurrency.THREADS, workers=1)),
    (2, RunOptions(concurrency=Concurrency.LOKY, workers=2)),
    (4, RunOptions(concurrency=Concurrency.DASK, workers=2)),
]


def run(
    config: dict[str, Any], out: Path, metatiling: int, options: RunOptions
) -> dict[str, bytes]:
    settings = dict(config)
    buffer, zoom = settings.pop("pixelbuffer", 0), settings.pop("zoom", ZOOM)
    size = settings.pop("tile_size", TILE)
    with_overviews = settings.pop("overviews", config["output"]["format"] == "GTiff")
    lower = settings.pop("lower", "average") if with_overviews else None
    settings |= {
        "config_dir": str(out.parent),
        "output": {**config["output"], "path": str(out), "metatiling": 1},
        "pyramid": {
            "grid": "mercator",
            "metatiling": metatiling,
            "pixelbuffer": buffer,
            "tile_size": size,
        },
        "zoom_levels": {"min": zoom - 2 if lower else zoom, "max": zoom},
    }
    if lower:
        settings["baselevels"] = {"min": zoom, "max": zoom, "lower": lower}
    *_, finished = execute(open_process(settings), options)
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.suffix in (".tif", ".geojson") or path.name == "scenes.json"
    }


def check(config: dict[str, Any], folder: Path, cuts: list[tuple[int, RunOptions]]) -> None:
    results = [
        run(config, folder / f"out{number}", metatiling, options)
        for number, (metatiling, options) in enumerate(cuts)
    ]
    assert len(results[0]) > 3
    for number, result in enumerate(results[1:], start=1):
        assert result.keys() == results[0].keys(), cuts[number]
        different = [path for path, data in result.items() if data != results[0][path]]
        assert different == [], cuts[number]


@pytest.mark.parametrize("name", BUILT_IN)
def test_same_bytes(name: str, tmp_path: Path) -> None:
    with_dask = name in ("convert", "composite")
    cuts = [cut for cut in CUTS if with_dask or cut[1].concurrency is not Concurrency.DASK]
    check(BUILT_IN[name](tmp_path), tmp_path, SCENE_CUTS if name == "classify" else cuts)


SCENE_CUTS = [
    (1, RunOptions(concurrency=Concurrency.NONE)),
    (2, RunOptions(concurrency=Concurrency.THREADS, workers=2)),
    (4, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (8, RunOptions(concurrency=Concurrency.NONE)),
]


@pytest.mark.parametrize("grid", ["native", "tile"])
def test_every_statistic_of_scenes(
    grid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if grid == "native":  # by kernels, which pictures as small as these are not worth
        monkeypatch.setenv("AUTOMAP_FAST", "1")
    wish = {"statistics": STATISTICS, "provenance": ["valid_count"]}
    config = composite_of_scenes(tmp_path, grid, wish, 4 * (len(STATISTICS) - 3) + 3 + 1)
    check({**config, "overviews": False}, tmp_path, SCENE_CUTS)


@pytest.mark.parametrize("grid", ["native", "tile"])
def test_the_best_pixel_and_where_it_is_from(grid: str, tmp_path: Path) -> None:
    """Its distance to clouds reaches far beyond a tile."""
    wish = {
        "statistics": ["best_pixel", "median"],
        "provenance": PROVENANCE,
        "target_day": "2020-06-02",
    }
    config = composite_of_scenes(tmp_path, grid, wish, 12)
    dask = (1, RunOptions(concurrency=Concurrency.DASK, workers=2))
    check(config, tmp_path, [*SCENE_CUTS, dask] if grid == "native" else SCENE_CUTS[1:])
