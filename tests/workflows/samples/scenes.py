"""Small pictures and polygons for the tests of samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS

from automap_tiles.workflows.samples import SampleShapes

UTM = CRS.from_epsg(32633)
BANDS = ("blue", "green", "red", "nir")
LEFT, TOP, PIXEL = 500_000.0, 5_000_000.0, 10.0
TRANSFORM = Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP)


def write_picture(path: Path, shape: tuple[int, int] = (90, 130), *, holes: bool = False) -> Path:
    """Four bands of noise, reflectance × 10 000; with `holes` a tenth of the pixels is nodata."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(1, 6000, (len(BANDS), *shape)).astype(np.uint16)
    if holes:
        pixels[:, rng.random(shape) < 0.1] = 0
    profile = {
        "driver": "GTiff",
        "count": len(BANDS),
        "dtype": "uint16",
        "nodata": 0,
        "height": shape[0],
        "width": shape[1],
        "crs": UTM,
        "transform": TRANSFORM,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(pixels)
        file.descriptions = BANDS
        file.scales = (1e-4,) * len(BANDS)
    return path


def at(row: Any, col: Any) -> tuple[Any, Any]:
    """X and y of a place, or of many, in pixels."""
    return LEFT + col * PIXEL, TOP - row * PIXEL


def square(row: float, col: float, height: float, width: float) -> Any:
    """A box of so many pixels."""
    (left, top), (right, bottom) = at(row, col), at(row + height, col + width)
    return shapely.box(left, bottom, right, top)


def blob(seed: int, shape: tuple[int, int] = (90, 130)) -> Any:
    """A polygon of any form somewhere in a picture, or reaching beyond it."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.random(7)) * 2 * np.pi
    radius = rng.uniform(2, 20) * rng.uniform(0.4, 1, 7)
    row, col = rng.uniform(-5, shape[0] + 5), rng.uniform(-5, shape[1] + 5)
    points = np.column_stack(at(row + radius * np.sin(angles), col + radius * np.cos(angles)))
    return shapely.make_valid(shapely.Polygon(points)).buffer(0)


def samples_of(shapes: Sequence[Any], classes: Sequence[int], crs: CRS = UTM) -> SampleShapes:
    """Samples as if from a file."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = list(shapes)
    return SampleShapes(
        path="samples.gpkg",
        class_field="kind",
        crs=crs,
        shapes=array,
        classes=np.array(classes, dtype=np.uint8),
        groups=np.arange(len(shapes), dtype=np.int64),
    )
