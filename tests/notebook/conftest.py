"""A small output and a process, with values that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import automap_tiles

LEFT, TOP, SIZE = 1_400_000.0, 6_890_000.0, 100.0
"""Of the raster, EPSG:3857."""

SECTIONS: dict[str, Any] = {
    "pyramid": {"grid": "mercator"},
    "zoom_levels": {"min": 9, "max": 10},
    "baselevels": {"min": 10, "max": 10, "lower": "average"},
    "process_parameters": {"times": 2},
}


def double(scene, *, times: int = 2):  # type: ignore[no-untyped-def]
    if scene.is_empty():
        raise automap_tiles.Empty
    return scene.read().astype("float32") * times


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """100 × 80 pixels that count from 1; the last column is without data."""
    path = tmp_path / "scene.tif"
    values = np.arange(1, 8001, dtype="float32").reshape(1, 80, 100)
    values[:, :, -1] = -1
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=100,
        height=80,
        count=1,
        dtype="float32",
        nodata=-1,
        crs="EPSG:3857",
        transform=from_origin(LEFT, TOP, SIZE, SIZE),
    ) as target:
        target.write(values)
    return path


@pytest.fixture
def process(scene: Path, tmp_path: Path) -> automap_tiles.Process:
    """Twice the scene, from a function."""
    return automap_tiles.write_process(
        double,
        tmp_path / "double.mapchete",
        imports="import automap_tiles\n",
        input={"scene": str(scene)},
        output={
            "format": "GTiff",
            "path": str(tmp_path / "out"),
            "bands": 1,
            "dtype": "float32",
            "nodata": -9999,
        },
        **SECTIONS,
    )
