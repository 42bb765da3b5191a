"""The law of the house: the same bytes however the work is cut.

Every built-in process runs with process metatiling 1, 2 and 4 and output metatiling 1, so that the
files can be compared byte by byte, and through every executor with one and two workers. The
sources are in another CRS than the grid: what is resampled must not depend on the cut either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.runtime import open_process
from tests.engine.projects import make_raster
from tests.scenes.samples import grid_at, make_scene

pytestmark = pytest.mark.serial

ZOOM = 13


def raster_output(bands: int, dtype: str, nodata: float = 0) -> dict[str, Any]:
    return {"format": "GTiff", "bands": bands, "dtype": dtype, "nodata": nodata}


def convert(folder: Path) -> dict[str, Any]:
    return {
        "process": "convert",
        "input": {"inp": str(make_raster(folder / "image.tif"))},
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
            "inp": str(make_raster(folder / "image.tif")),
            "clip": str(folder / "clip.geojson"),
        },
        "output": raster_output(2, "uint16"),
        "process_parameters": {},
    }


def hillshade(folder: Path) -> dict[str, Any]:
    return {
        "process": "hillshade",
        "input": {"dem": str(make_raster(folder / "dem.tif", bands=1))},
        "output": raster_output(1, "uint8"),
        "process_parameters": {"resampling": "bilinear"},
        "pixelbuffer": 4,
    }


def contours(folder: Path) -> dict[str, Any]:
    return {
        "process": "contours",
        "input": {"dem": str(make_raster(folder / "dem.tif", bands=1, size=400))},
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
        path = make_raster(folder / f"date{date}.tif", seed=date, bands=5)
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


def composite_of_scenes(folder: Path) -> dict[str, Any]:
    """Two granules of one overpass, a date of another zone, 20 m classes, cleaned masks."""
    zone = rasterio.CRS.from_epsg(32632)
    places = {
        "20200601T10": grid_at(size=350),
        "20200602T10": grid_at(left=602000, top=5301000, size=350),
        "20200602T11": grid_at(left=598000, top=5299000, size=350),
        "20200603T10": grid_at(left=1047000, top=5322000, size=600, crs=zone),
        "20200604T10": grid_at(left=601000, size=350),
    }
    for seed, (name, grid) in enumerate(places.items()):
        make_scene(folder / "s2", name, seed, grid)
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
    scenes = {
        "format": "scenes",
        "path": str(folder / "s2"),
        "bands": ["blue", "green", "red", "nir"],
        "mask": ["cloud", "shadow"],
        "opening": 20,
        "dilation": 30,
        "resampling": "bilinear",
    }
    return {
        "process": "composite",
        "input": {"scenes": scenes},
        "output": {**raster_output(11, "float32", -9), "resampling": "cubic"},
        "process_parameters": {
            "statistics": ["median", "best_pixel"],
            "indices": ["ndvi"],
            "provenance": ["scene_index"],
            "target_day": "2020-06-02",
            "scale": 1.0,
        },
    }


BUILT_IN: dict[str, Callable[[Path], dict[str, Any]]] = {
    "convert": convert,
    "clip": clip,
    "hillshade": hillshade,
    "contours": contours,
    "composite": composite,
    "composite_of_scenes": composite_of_scenes,
}

CUTS = [
    (1, RunOptions(concurrency=Concurrency.NONE)),
    (1, RunOptions(concurrency=Concurrency.THREADS, workers=2)),
    (1, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (2, RunOptions(concurrency=Concurrency.NONE)),
    (2, RunOptions(concurrency=Concurrency.PROCESSES, workers=1)),
    (4, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (4, RunOptions(concurrency=Concurrency.THREADS, workers=1)),
    (4, RunOptions(concurrency=Concurrency.DASK, workers=2)),
]


def run(
    config: dict[str, Any], out: Path, metatiling: int, options: RunOptions
) -> dict[str, bytes]:
    settings = dict(config)
    buffer = settings.pop("pixelbuffer", 0)
    lower = "average" if config["output"]["format"] == "GTiff" else None
    settings |= {
        "config_dir": str(out.parent),
        "output": {**config["output"], "path": str(out), "metatiling": 1},
        "pyramid": {"grid": "mercator", "metatiling": metatiling, "pixelbuffer": buffer},
        "zoom_levels": {"min": ZOOM - 2 if lower else ZOOM, "max": ZOOM},
    }
    if lower:
        settings["baselevels"] = {"min": ZOOM, "max": ZOOM, "lower": lower}
    *_, finished = execute(open_process(settings), options)
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.suffix in (".tif", ".geojson") or path.name == "scenes.json"
    }


@pytest.mark.parametrize("name", BUILT_IN)
def test_same_bytes(name: str, tmp_path: Path) -> None:
    config = BUILT_IN[name](tmp_path)
    results = [
        run(config, tmp_path / f"out{number}", metatiling, options)
        for number, (metatiling, options) in enumerate(CUTS)
        if options.concurrency is not Concurrency.DASK or name in ("convert", "composite")
    ]
    assert len(results[0]) > 3
    for number, result in enumerate(results[1:], start=1):
        assert result.keys() == results[0].keys(), CUTS[number]
        different = [path for path, data in result.items() if data != results[0][path]]
        assert different == [], CUTS[number]
