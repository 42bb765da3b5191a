"""The step between two neighbouring orbits two days apart, before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import rasterio
from scipy.interpolate import RegularGridInterpolator

from automap_tiles.analysis.brdf.nadir import nadir_factor
from tests.analysis.registration.dates import FOLDER
from tests.imagery.place import need_real

DATES = ("S2A_33TWL_20230815_0_L2A", "S2B_33TWL_20230813_0_L2A")
BANDS = {"B02": ("blue", 1), "B03": ("green", 2), "B04": ("red", 3), "B08": ("nir", 7)}
SIZE, STEP, METRES = 915, 5000.0, 120.0
VEGETATION, BARE = 4, 5

Array = np.ndarray[Any, Any]


def _values(grid: Any, kind: str) -> Array:
    lines = grid.find(kind).iter("VALUES")
    return np.array([[float(number) for number in line.text.split()] for line in lines])


def _factor(folder: Path, band: str, number: int) -> Array:
    """(y, x): the mean of the detectors at each crossing, interpolated."""
    root = ET.parse(folder / "granule_metadata.xml").getroot()
    sun = next(root.iter("Sun_Angles_Grid"))
    views = [grid for grid in root.iter("Viewing_Incidence_Angles_Grids")
             if grid.get("bandId") == str(number)]  # fmt: skip
    with np.errstate(invalid="ignore"):
        zenith = _mean([_values(view, "Zenith") for view in views])
        around = np.radians([_values(view, "Azimuth") for view in views])
        azimuth = np.degrees(np.arctan2(_mean(np.sin(around)), _mean(np.cos(around))))
    crossings = nadir_factor(
        band, _values(sun, "Zenith"), zenith, azimuth - _values(sun, "Azimuth")
    )
    places = np.arange(len(crossings)) * STEP
    pixels = (np.arange(SIZE) + 0.5) * METRES
    at = RegularGridInterpolator((places, places), crossings, bounds_error=False)
    return np.asarray(at(np.stack(np.meshgrid(pixels, pixels, indexing="ij"), axis=-1)))


def _mean(values: Any) -> Array:
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / count, np.nan)


def _read(folder: Path, name: str) -> Array:
    with rasterio.open(folder / f"{name}.tif") as dataset:
        return np.asarray(dataset.read(1))


@pytest.fixture(scope="module")
def steps(shared: Path) -> dict[tuple[str, int], tuple[float, float]]:
    """Band and cover → median ratio of the dates before and after."""
    need_real(FOLDER)
    folders = [shared / "data" / FOLDER / name for name in DATES]
    covers = [_read(folder, "SCL") for folder in folders]
    found = {}
    for band, (common, number) in BANDS.items():
        seen = [_read(folder, band).astype("f8") for folder in folders]
        factors = [_factor(folder, common, number) for folder in folders]
        valid = (seen[0] > 0) & (seen[1] > 0) & np.isfinite(factors[0]) & np.isfinite(factors[1])
        for cover in (VEGETATION, BARE):
            here = valid & (covers[0] == cover) & (covers[1] == cover)
            assert here.sum() > 3000
            before = np.median(seen[0][here] / seen[1][here])
            after = np.median((seen[0] * factors[0])[here] / (seen[1] * factors[1])[here])
            found[band, cover] = float(before), float(after)
    return found


@pytest.mark.parametrize("band", BANDS)
def test_bare_ground(steps: dict[tuple[str, int], tuple[float, float]], band: str) -> None:
    before, after = steps[band, BARE]
    assert before > 1.06
    assert abs(after - 1) <= 0.015


def test_near_infrared_of_vegetation(steps: dict[tuple[str, int], tuple[float, float]]) -> None:
    before, after = steps["B08", VEGETATION]
    assert before > 1.05
    assert abs(after - 1) <= 0.01


@pytest.mark.parametrize("band", ["B02", "B03", "B04"])
def test_what_is_left_in_the_visible_is_haze(
    steps: dict[tuple[str, int], tuple[float, float]], band: str
) -> None:
    before, after = steps[band, VEGETATION]
    assert 1.1 < after < before
