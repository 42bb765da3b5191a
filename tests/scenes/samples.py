"""Small scenes made for tests: real formats, made-up pixels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from automap_tiles.grid import Grid
from automap_tiles.missions import BandFile, QualityFile, Scaling, Scene

UTM = rasterio.CRS.from_epsg(32633)
BANDS = ("blue", "green", "red", "nir")
SENTINEL = Scaling(multiply=1e-4, add=-0.1, nodata=0)


def grid_at(
    left: float = 600000, top: float = 5300000, size: int = 64, pixel: float = 10, crs: Any = UTM
) -> Grid:
    return Grid(crs, Affine(pixel, 0, left, 0, -pixel, top), (size, size))


def write(path: Path, pixels: Any, grid: Grid, nodata: float | None = 0) -> str:
    """A GeoTIFF of (band, y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(pixels),
        height=grid.height,
        width=grid.width,
        dtype=pixels.dtype,
        crs=grid.crs,
        transform=grid.transform,
        nodata=nodata,
        tiled=True,
        blockxsize=32,
        blockysize=32,
        compress="deflate",
    ) as dataset:
        dataset.write(pixels)
    return str(path)


def make_scene(
    folder: Path,
    name: str = "one",
    seed: int = 0,
    grid: Grid | None = None,
    *,
    classes: Any = None,
    day: int = 1,
    minute: int = 0,
    bands: Sequence[str] = BANDS,
    coarse: Sequence[str] = (),
    **changes: Any,
) -> Scene:
    """Random numbers of 1000 to 6000; a class layer of 3 to 9 (Sentinel-2's SCL)."""
    rng = np.random.default_rng(seed)
    grid = grid or grid_at()
    half = Grid(grid.crs, grid.transform @ Affine.scale(2), (grid.height // 2, grid.width // 2))
    files: dict[str, BandFile] = {}
    numbers = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir1": "B11"}
    for band in bands:
        own = half if band in coarse else grid
        pixels = rng.integers(1000, 6000, (1, *own.shape)).astype("u2")
        pixels[:, : own.height // 8, : own.width // 8] = 0
        path = write(folder / name / f"{band}.tif", pixels, own)
        files[numbers[band]] = BandFile(href=path, scaling=SENTINEL, grid=own)
    if classes is None:
        classes = rng.integers(3, 10, half.shape).astype("u1")
    own = half if classes.shape == half.shape else grid
    path = write(folder / name / "scl.tif", classes[None], own)
    return Scene(
        **{
            "id": name,
            "sensor": "sentinel-2a",
            "time": datetime(2020, 6, day, 10, minute, tzinfo=UTC),
            "level": "L2A",
            "orbit": 22,
            "bands": files,
            "quality": (QualityFile(layer="scl", href=path, grid=own),),
            "crs": "EPSG:32633",
            **changes,
        }
    )


def reflectance(scene: Scene, band: str) -> np.ma.MaskedArray[Any, Any]:
    """By hand: a band as rasterio reads it, by the formula."""
    file = scene.band(band)
    with rasterio.open(file.href) as dataset:
        numbers = dataset.read(file.index)
    assert file.scaling is not None
    values = (numbers * file.scaling.multiply + file.scaling.add).astype("f4")
    return np.ma.MaskedArray(values, mask=numbers == 0)


def classes_of(scene: Scene) -> np.ndarray[Any, Any]:
    with rasterio.open(scene.quality[0].href) as dataset:
        return np.asarray(dataset.read(1))
