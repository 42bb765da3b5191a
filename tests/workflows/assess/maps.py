"""Small class maps for the tests of assessments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS

from automap_tiles.analysis.learning.classifier._classes import LandClass
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind
from automap_tiles.analysis.learning.classifier._model import Model, TrainingSamples
from automap_tiles.analysis.learning.recipe import Recipe

UTM = CRS.from_epsg(32633)
LON_LAT = CRS.from_epsg(4326)
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 5_000_000)
NAMES = {1: "forest", 2: "water", 5: "urban"}


def classes(shape: tuple[int, int] = (300, 400), seed: int = 0) -> np.ndarray:
    """Large patches of three classes, and nodata in a corner."""
    coarse = np.random.default_rng(seed).choice([1, 2, 5], (12, 16), p=[0.7, 0.22, 0.08])
    values = np.kron(coarse, np.ones((25, 25), dtype=np.uint8))[: shape[0], : shape[1]]
    values[:20, :30] = 0
    found: np.ndarray = values.astype(np.uint8)
    return found


def centres(rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X and y of the centres of pixels."""
    return TRANSFORM.c + (cols + 0.5) * TRANSFORM.a, TRANSFORM.f + (rows + 0.5) * TRANSFORM.e


def write_map(
    path: Path,
    values: np.ndarray,
    *,
    crs: CRS = UTM,
    transform: Affine = TRANSFORM,
    names: dict[int, str] | None = None,
) -> Path:
    """A class map as `classify` writes it: names as tags, a colour table."""
    profile = {
        "driver": "GTiff",
        "count": 1,
        "dtype": values.dtype.name,
        "nodata": 0,
        "height": values.shape[0],
        "width": values.shape[1],
        "crs": crs,
        "transform": transform,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)
        if names:
            file.update_tags(1, **{f"class_{value}": name for value, name in names.items()})
            file.write_colormap(1, {value: (10 * value, 20, 30, 255) for value in names})
    return path


def model_of(x: np.ndarray, y: np.ndarray, crs: CRS = UTM) -> Model:
    """A model that says where its training samples lie; it can do nothing else."""
    return Model(
        members=(Member(kind=MemberKind.TREES, content=b"trees"),),
        recipe=Recipe(bands=("red",)),
        classes=tuple(
            LandClass(value=value, name=name, colour="#0a0b0c") for value, name in NAMES.items()
        ),
        training=TrainingSamples(
            fingerprint="0" * 64, crs=crs.to_wkt(), positions=np.column_stack([x, y])
        ),
        report={},
        versions={},
    )
