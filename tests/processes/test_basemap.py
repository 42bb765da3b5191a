"""`basemap`: pictures without seams, the same at other cuts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.merge import merge

from automap_tiles import ConfigError, open_process
from automap_tiles.analysis.radiometry.true_colour import true_colour
from automap_tiles.engine.events import RunFinished
from automap_tiles.notes import collecting
from tests.scenes.samples import grid_at, write


def test_true_colour_the_same_at_other_cuts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(100, 4000, (4, 600, 600)).astype("i2")
    pixels[:, 200:260, 100:180] = -32768
    path = write(tmp_path / "composite.tif", pixels, grid_at(size=600), nodata=-32768)
    pictures = []
    for number, metatiling in enumerate((1, 4)):
        process = open_process(
            {
                "process": "basemap",
                "config_dir": str(tmp_path),
                "input": {"composite": path},
                "pyramid": {"grid": "mercator", "metatiling": metatiling},
                "zoom_levels": 14,
                "output": {
                    "format": "GTiff",
                    "path": str(tmp_path / f"tiles{number}"),
                    "bands": 3,
                    "dtype": "uint8",
                    "nodata": 0,
                },
                "process_parameters": {"saturation": 1.0},
            }
        )
        *_, last = process.execute()
        assert isinstance(last, RunFinished)
        assert last.summary.failed == 0
        files = sorted((tmp_path / f"tiles{number}").rglob("*.tif"))
        pictures.append(merge([str(file) for file in files])[0])
    filled = [picture[:, (picture > 0).any(axis=(0, 2))][:, :, (picture > 0).any(axis=(0, 1))]
              for picture in pictures]  # fmt: skip
    assert (filled[0] == filled[1]).all()
    assert min(filled[0].shape[1:]) > 500


def test_nodata_and_bands(tmp_path: Path) -> None:
    colours = np.array([[300, 800, 500, 3000]], dtype="i2").T[:, :, None] * np.ones((4, 1, 1), "i2")
    pixels = np.broadcast_to(colours, (4, 64, 64)).copy()
    pixels[1, :8] = -32768
    path = write(tmp_path / "one.tif", pixels, grid_at(size=64), nodata=-32768)
    process = open_process(
        {
            "process": "basemap",
            "config_dir": str(tmp_path),
            "input": {"composite": path},
            "pyramid": {
                "grid": {
                    "shape": [1, 1],
                    "bounds": list(grid_at(size=64).bounds),
                    "srs": {"epsg": 32633},
                    "is_global": False,
                },
                "tile_size": 64,
            },
            "zoom_levels": 0,
            "output": {
                "format": "GTiff",
                "path": str(tmp_path / "out"),
                "bands": 3,
                "dtype": "uint8",
                "nodata": 0,
            },
        }
    )
    list(process.execute())
    (file,) = (tmp_path / "out").rglob("*.tif")
    with rasterio.open(file) as dataset:
        found = dataset.read()
    assert (found[:, :8] == 0).all()
    wanted = true_colour(np.array([0.05, 0.08, 0.03]).reshape(3, 1, 1)).ravel()
    assert (found[:, 20, 20] == wanted).all()


VALUES = {"red": 0.31, "green": 0.12, "blue": 0.05, "nir": 0.4}
"""Reflectance."""


@pytest.mark.parametrize(
    ("names", "dtype", "unit", "parameters", "guesses"),
    [
        (("red", "green", "blue"), "float32", (1.0, 0.0), {}, 0),
        (("blue", "nir", "red", "green"), "float64", (1.0, 0.0), {}, 0),
        (("blue", "green", "red", "nir"), "int16", (1e-4, 0.0), {}, 0),
        (("blue", "green", "red", "nir"), "uint16", (1e-4, -0.1), {}, 0),
        (("blue", "green", "red"), "uint16", None, {}, 1),
        (("blue", "green", "red"), "uint16", None, {"factor": 1e-4}, 0),
        (("B02", "B03", "B04", "B08"), "int16", None, {}, 2),
        ((None, None, None), "float32", (1.0, 0.0), {}, 1),
        (("std_blue", "median_nir", "median_red", "median_blue", "median_green", "red_2"),
         "float32", (1.0, 0.0), {}, 0),
        (("nir", "blue", "red", "green"), "float32", (1.0, 0.0), {"bands": [3, 4, 2]}, 0),
    ],
)  # fmt: skip
def test_colours_are_found_by_their_names_and_units(
    tmp_path: Path,
    names: tuple[str | None, ...],
    dtype: str,
    unit: tuple[float, float] | None,
    parameters: dict[str, Any],
    guesses: int,
) -> None:
    others = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir"}
    known = [(name or ("blue", "green", "red")[place % 3]).rpartition("_")[2]
             for place, name in enumerate(names)]  # fmt: skip
    there = np.array([VALUES.get(others.get(name, name), 0.9) for name in known])
    if names[0] == "std_blue":
        there[0] = 0.01
    scale, offset = unit or (1e-4, 0.0)
    stored = ((there - offset) / scale).round(6)
    pixels = (np.zeros((len(names), 64, 64)) + stored[:, None, None]).astype(dtype)
    grid = grid_at(size=64)
    path = write(tmp_path / "one.tif", pixels, grid, nodata=None)
    with rasterio.open(path, "r+") as file:
        file.descriptions = names
        if unit is not None and unit != (1.0, 0.0):
            file.scales, file.offsets = (scale,) * len(names), (offset,) * len(names)
    config = {
        "process": "basemap", "input": {"composite": path}, "zoom_levels": 0,
        "pyramid": {"grid": {"shape": [1, 1], "bounds": list(grid.bounds),
                             "srs": {"epsg": 32633}, "is_global": False}, "tile_size": 64},
        "output": {"format": "GTiff", "path": str(tmp_path / "out"), "bands": 3, "dtype": "uint8",
                   "nodata": 0},
        "process_parameters": parameters,
    }  # fmt: skip
    with collecting() as notes:
        process = open_process(config)
    assert len(notes) == guesses
    found = process.compute((0, 0, 0))
    assert found is not None
    colours = [VALUES[name] for name in ("red", "green", "blue")]
    wanted = true_colour(np.array(colours).reshape(3, 1, 1)).ravel().astype(int)
    assert np.abs(found.data[:, 20, 20].astype(int) - wanted).max() <= 1


def test_pictures_of_one_band_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "one.tif", np.ones((1, 64, 64), "f4"), grid_at(size=64))
    config = {
        "process": "basemap", "input": {"composite": path}, "zoom_levels": 10,
        "pyramid": {"grid": "mercator"},
        "output": {"format": "PNG", "path": str(tmp_path / "out"), "bands": 3, "dtype": "uint8"},
    }  # fmt: skip
    with pytest.raises(ConfigError, match="the input has 1"):
        open_process(config)
    for name in ("factor", "middle", "gamma"):
        with pytest.raises(ConfigError, match="more than 0"):
            open_process({**config, "process_parameters": {name: 0.0, "bands": [1, 1, 1]}})
