"""Red edge, panchromatic and thermal bands in composites of scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.merge import merge

from automap_tiles import open_process
from automap_tiles.engine.events import RunFinished
from tests.scenes.samples import grid_at, write

GRID = grid_at(size=128)


def described(folder: Path, sensor: str, level: str, bands: dict[str, int]) -> Any:
    """Three dates; numbers (date, band, y, x), the second band and on in coarser pixels."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(1000, 6000, (3, len(bands), *GRID.shape)).astype("u2")
    for day, planes in enumerate(numbers, start=1):
        for name, pixels in zip(bands, planes, strict=True):
            write(folder / f"2020060{day}_{name}.tif", pixels[None], GRID)
    text = {
        "sensor": sensor, "level": level, "time": "%Y%m%d", "path": "{time}_{band}.tif",
        "bands": {name: name for name in bands}, "scale": 0.0001, "offset": -0.1, "nodata": 0,
    }  # fmt: skip
    (folder / "scenes.yaml").write_text(json.dumps(text))
    return numbers


def made(folder: Path, bands: list[str], dtype: str, **parameters: Any) -> Any:
    output = folder / f"{dtype}{len(parameters)}"
    process = open_process(
        {
            "process": "composite",
            "config_dir": str(folder),
            "input": {"scenes": {"format": "scenes", "path": str(folder), "bands": bands}},
            "pyramid": {
                "grid": {
                    "shape": [1, 1], "bounds": list(GRID.bounds), "srs": {"epsg": 32633},
                    "is_global": False,
                },
                "tile_size": 128,
            },
            "zoom_levels": 0,
            "output": {
                "format": "GTiff", "path": str(output), "bands": len(bands), "dtype": dtype,
                "nodata": -32768,
            },
            "process_parameters": {"dtype": dtype, **parameters},
        }
    )  # fmt: skip
    events = list(process.execute(concurrency="none"))
    assert isinstance(events[-1], RunFinished)
    if events[-1].summary.failed:
        return str(events)
    return merge([str(file) for file in output.rglob("*.tif")])[0]


@pytest.mark.parametrize(
    ("sensor", "level", "bands"),
    [
        ("sentinel-2b", "L2A", ["red", "rededge1", "rededge3", "nir08", "nir09", "coastal"]),
        ("sentinel-2a", "L1C", ["B05", "cirrus", "B8A"]),
        ("hls-s30", "SR", ["rededge2", "nir", "B08"]),
        ("landsat-8", "L1TP", ["pan", "coastal", "cirrus"]),
    ],
)
def test_medians(tmp_path: Path, sensor: str, level: str, bands: list[str]) -> None:
    numbers = described(tmp_path, sensor, level, dict.fromkeys(bands, 10))
    found = made(tmp_path, bands, "int16")
    np.testing.assert_array_equal(found, np.median(numbers, axis=0).astype(int) - 1000)


def test_heat_is_no_reflectance(tmp_path: Path) -> None:
    """Whole numbers of ten thousand for 1 would all be the largest one."""
    numbers = described(tmp_path, "landsat-8", "L1TP", {"lwir11": 30})
    assert "lwir11 hold no reflectance" in made(tmp_path, ["lwir11"], "int16")
    found = made(tmp_path, ["lwir11"], "float32")
    np.testing.assert_allclose(found, np.median(numbers, axis=0) * 1e-4 - 0.1, rtol=1e-5)
