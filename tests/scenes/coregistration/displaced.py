"""Scenes of one ground that lie off by known shifts, with clouds and their masks, as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from automap_tiles.grid import Grid
from tests.analysis.registration.dates import AROUND, clouds, displaced, pink
from tests.scenes.samples import grid_at, write

SIZE = 400
BANDS = ("red", "nir")
GRID = grid_at(size=SIZE)
HALF = Grid(GRID.crs, GRID.transform @ Affine.scale(2), (SIZE // 2, SIZE // 2))

Shifts = Sequence[tuple[float, float]]


def write_dates(
    folder: Path, shifts: Shifts, shares: Sequence[float], grid: Grid = GRID, ground: int = 31
) -> Path:
    """A described stack; date n must be moved by `shifts[n]` (rows, columns) to lie right.

    `shares` of clouds, which are bright and in the mask.
    """
    big = pink(ground, SIZE + 2 * AROUND)
    half = Grid(grid.crs, grid.transform @ Affine.scale(2), HALF.shape)
    for number, (shift, share) in enumerate(zip(shifts, shares, strict=True)):
        cloudy = clouds(share, number, HALF.shape)
        fine = cloudy.repeat(2, 0).repeat(2, 1)
        rng = np.random.default_rng(number)
        name = f"2020060{number + 1}"
        for band, gain in zip(BANDS, (0.5, 1.0 - 0.05 * number), strict=True):
            seen = gain * displaced(big, shift) + rng.normal(0, 0.003, (SIZE, SIZE))
            seen = np.where(fine, 0.9, seen)
            numbers = np.clip(seen * 10000 + 1000, 1, 30000).astype("u2")
            write(folder / name / f"{band}.tif", numbers[None], grid)
        classes = np.where(cloudy, 9, 4).astype("u1")
        write(folder / name / "scl.tif", classes[None], half)
    text = {
        "sensor": "sentinel-2a",
        "level": "L2A",
        "time": "%Y%m%d",
        "path": "{time}/{band}.tif",
        "bands": list(BANDS),
        "mask": {"path": "{time}/scl.tif", "layer": "scl"},
        "scale": 0.0001,
        "offset": -0.1,
        "nodata": 0,
    }
    (folder / "scenes.yaml").write_text(json.dumps(text))
    return folder


def scenes_in(folder: Path) -> Any:
    from automap_tiles.scenes.find import products

    return products(folder, bands=BANDS).scenes
