"""Files written for mapchete's built-in processes, run by both engines.

convert and clip on images are among the cases of tests/parity.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter

from tests.parity.compare import assert_same_tiles
from tests.parity.engines import run_automap, run_mapchete

pytest.importorskip("mapchete")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    noise = np.random.default_rng(0).normal(size=(900, 1000))
    heights = (gaussian_filter(noise, 6) * 20_000).astype("int16")
    with rasterio.open(
        folder / "hills.tif",
        "w",
        driver="GTiff",
        count=1,
        height=900,
        width=1000,
        dtype="int16",
        crs="EPSG:4326",
        transform=from_origin(8, 52, 0.01, 0.01),
        nodata=-32768,
    ) as file:
        file.write(heights, 1)
    ring = [[11.3, 45.9], [14.2, 46.1], [13.1, 48.7], [11.3, 45.9]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"id": 7}, "geometry": polygon}
    features = {"type": "FeatureCollection", "features": [feature]}
    (folder / "shape.geojson").write_text(json.dumps(features))
    return folder


def _config(
    name: str, inputs: dict[str, Path], output: dict[str, Any], buffer: int, parameters: Any
) -> dict[str, Any]:
    return {
        "process": f"mapchete.processes.{name}",
        "pyramid": {"grid": "geodetic", "metatiling": 2, "pixelbuffer": buffer},
        "zoom_levels": 7,
        "bounds": [11.3, 45.3, 15.4, 48.6],  # all tiles lie within the heights
        "input": {key: str(path) for key, path in inputs.items()},
        "output": output,
        "process_parameters": parameters,
    }


def _both(config: dict[str, Any], folder: Path, **options: Any) -> None:
    run_mapchete(config, folder / "theirs")
    run_automap(config, folder / "ours")
    assert_same_tiles(folder / "ours", folder / "theirs", **options)


@pytest.mark.parametrize("buffer", [0, 2])
@pytest.mark.parametrize(
    "parameters",
    [
        {"scale": 111120.0},
        {"scale": 111120.0, "azimuth": 100, "altitude": 20, "z": 5, "resampling": "bilinear"},
    ],
)
def test_hillshade(sources: Path, tmp_path: Path, buffer: int, parameters: Any) -> None:
    output = {"format": "GTiff", "bands": 1, "dtype": "uint8", "nodata": 0}
    config = _config("hillshade", {"dem": sources / "hills.tif"}, output, buffer, parameters)
    _both(config, tmp_path, within=1, least=3)


@pytest.mark.parametrize(
    "parameters",
    [
        {"scale_ratio": 0.5, "scale_offset": 100, "clip_to_output_dtype": "uint8"},
        {"scale_ratio": 0.01, "td_matching_method": "min", "td_matching_precision": 6},
        {"band_indexes": [1], "resampling": "cubic"},
    ],
)
def test_convert_with_scale_and_clip(sources: Path, tmp_path: Path, parameters: Any) -> None:
    output = {"format": "GTiff", "bands": 1, "dtype": "int16", "nodata": -32768}
    inputs = {"inp": sources / "hills.tif", "clip": sources / "shape.geojson"}
    _both(_config("convert", inputs, output, 1, parameters), tmp_path, least=3)


def test_convert_of_features(sources: Path, tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"id": "int"}}
    output = {"format": "GeoJSON", "schema": schema}
    config = _config("convert", {"inp": sources / "shape.geojson"}, output, 0, {})
    _both(config, tmp_path, least=3)


def test_clip_with_a_buffer(sources: Path, tmp_path: Path) -> None:
    output = {"format": "GTiff", "bands": 1, "dtype": "int16", "nodata": -32768}
    inputs = {"inp": sources / "hills.tif", "clip": sources / "shape.geojson"}
    _both(_config("clip", inputs, output, 8, {"clip_pixelbuffer": 5}), tmp_path, least=3)
