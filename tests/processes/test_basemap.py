"""`basemap`: pictures without seams, the same at other cuts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.merge import merge

from automap_tiles import open_process
from automap_tiles.analysis.radiometry.true_colour import true_colour
from automap_tiles.engine.events import RunFinished
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
