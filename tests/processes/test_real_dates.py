"""The composite of 34 real dates of Sentinel-2 against NumPy."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles import open_process

MASKED = [0, 1, 3, 8, 9, 10, 11]


@pytest.fixture(scope="module")
def dates(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One file for each date: four bands and the scene classification."""
    source = shared / "data" / "sentinel2" / "nrt_romania_l2a" / "derived_geotiff"
    folder = tmp_path_factory.mktemp("dates")
    found = {}
    for scene in sorted(source.glob("*_B02B03B04B08_10m.tif")):
        name = scene.stem.removesuffix("_B02B03B04B08_10m")
        with rasterio.open(scene) as file, rasterio.open(source / f"{name}_SCL_10m.tif") as scl:
            pixels = np.concatenate([file.read(), scl.read().astype("uint16")])
            profile = {**file.profile, "count": 5}
        with rasterio.open(folder / f"{name}.tif", "w", **profile) as out:
            out.write(pixels)
        found[name] = str(folder / f"{name}.tif")
    assert len(found) == 34
    return found


def test_on_the_grid_of_the_scenes(dates: dict[str, str], tmp_path: Path) -> None:
    with rasterio.open(next(iter(dates.values()))) as file:
        left, _, _, top = file.bounds
        size = file.res[0]
        height, width = file.shape
    # single tiles of 64 px whose pixels are those of the scenes
    rows, cols = -(-height // 64), -(-width // 64)
    bounds = [left, top - rows * 64 * size, left + cols * 64 * size, top]
    process = open_process(
        {
            "process": "composite",
            "config_dir": str(tmp_path),
            "pyramid": {
                "grid": {"shape": [rows, cols], "bounds": bounds, "srs": {"epsg": 3035}},
                "tile_size": 64,
                "metatiling": 4,
            },
            "zoom_levels": 0,
            "input": {"scenes": dates},
            "output": {
                "format": "GTiff",
                "path": "out",
                "bands": 5,
                "dtype": "int16",
                "nodata": -32768,
            },
            "process_parameters": {
                "mask_band": 5,
                "masked_values": MASKED,
                "indices": ["ndvi"],
                "red": 3,
                "nir": 4,
            },
        }
    )
    got = process.compute((0, 0, 0))
    stack = []
    for path in dates.values():
        with rasterio.open(path) as file:
            pixels = file.read().astype("f8")
        bad = np.isin(pixels[4], MASKED)
        stack.append(np.where(bad | (pixels[:4] == 0), np.nan, pixels[:4]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        median = np.nanmedian(np.array(stack), axis=0)
    ndvi = 10_000 * (median[3] - median[2]) / (median[3] + median[2])
    wanted = np.concatenate([np.floor(median + 0.5), np.floor(ndvi + 0.5)[None]])
    part = got[:, :height, :width]
    np.testing.assert_array_equal(np.ma.getmaskarray(part), np.isnan(wanted))
    assert (~part.mask).mean() > 0.9
    off = np.abs(part.filled(0) - np.nan_to_num(wanted))
    assert off[:4].max() == 0
    assert off[4].max() <= 1  # a half that float32 rounds to the other side
    assert (off[4] > 0).mean() < 0.01
    assert np.ma.getmaskarray(got)[:, height:].all()
