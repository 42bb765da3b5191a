"""What the built-in processes make of the same inputs, from version to version.

An output is gone on with when a new version of the package would have made the same of it. Hashes
in `earlier.toml` promise that of earlier versions; these numbers hold the promise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from automap_processes import (
    clip,
    composite,
    contours,
    convert,
    hillshade,
    mean_ndvi,
    observations,
)
from automap_tiles import Counted, Pyramid
from tests.processes.fakes import FakeRaster, FakeVector
from tests.processes.test_scenes_composite import stack_of

TILE = Pyramid.from_grid("mercator", tile_size=64).tile(8, 100, 100)
PROMISE = (
    "{name} gives other results than the versions before. If that is meant, empty its list in "
    "processes/automap_processes/earlier.toml, so that outputs of those are not gone on with, and "
    "write the new numbers here."
)


def heights() -> FakeRaster:
    y, x = np.mgrid[0:64, 0:64]
    data = (900 + 300 * np.sin(x / 9) * np.cos(y / 7) + 2 * x).astype("int16")
    return FakeRaster(TILE, np.ma.MaskedArray(data[None], mask=((x + y) % 31 == 0)[None]))


def outline() -> FakeVector:
    left, bottom, right, top = TILE.bounds
    middle = (left + right) / 2, (bottom + top) / 2
    return FakeVector(TILE, [shapely.Point(*middle).buffer((right - left) / 3)])


def dates(*, count: int = 7) -> Any:
    found = []
    y, x = np.mgrid[0:64, 0:64]
    for date in range(count):
        planes = [
            1000 + 700 * band + 400 * np.sin((x + 17 * date * band) / 5) + 300 * np.cos(y * date)
            for band in range(1, 5)
        ]
        planes.append((x * (date + 3) + 5 * y) % 12)
        pixels = np.stack(planes).astype("uint16")
        hidden = np.broadcast_to((x * 7 + y * 3 + date * 11) % 13 == 0, pixels.shape)
        found.append((f"date{date}", FakeRaster(TILE, np.ma.MaskedArray(pixels, mask=hidden))))
    return found


def of_dates(**parameters: Any) -> Callable[[Path], Any]:
    execute: Any = composite.execute
    bands = {"mask_band": 5, "red": 3, "nir": 4, "blue": 1}
    return lambda _: execute(dates(), masked_values=[3, 8, 9], **bands, **parameters)


def of_scenes(execute: Any, **parameters: Any) -> Callable[[Path], Any]:
    return lambda folder: execute(stack_of(folder), **parameters)


def of_heights(execute: Any, **parameters: Any) -> Callable[[Path], Any]:
    return lambda _: execute(heights(), outline(), **parameters)


CASES: dict[str, tuple[Callable[[Path], Any], tuple[float, ...]]] = {
    "convert": (
        of_heights(convert.execute, scale_ratio=0.5, scale_offset=3),
        (1401.0, 674135.5, 333653763.0),
    ),
    "clip": (of_heights(clip.execute, clip_pixelbuffer=2), (1641.0, 1575151.0, 784404035.0)),
    "hillshade": (
        of_heights(hillshade.execute, scale=30.0, azimuth=200),
        (3963.0, 713340.0, 347597100.0),
    ),
    "contours": (
        of_heights(contours.execute, interval=50, base=7),
        (37.0, 1768.0, 0.7201235651149815, 37259.0),
    ),
    "composite, median": (of_dates(indices=["ndvi"]), (19725.0, 48083318.0, 23679301647.0)),
    "composite, mean": (
        of_dates(method="mean", indices=["evi"]),
        (19725.0, 47612068.0, 23445840740.0),
    ),
    "composite of scenes, medoid": (
        of_scenes(composite.execute, statistics=["medoid"], provenance=["scene_index"]),
        (12780.0, 25553042.0, 12724768019.0),
    ),
    "composite of scenes, geometric median": (
        of_scenes(composite.execute, statistics=["geomedian", "std"], indices=["ndvi"]),
        (25560.0, 46126796.0, 23082390898.0),
    ),
    "composite of scenes, max_ndvi": (
        of_scenes(composite.execute, statistics=["max_ndvi"]),
        (10224.0, 24456383.0, 12131994681.0),
    ),
    "mean_ndvi": (of_scenes(mean_ndvi.execute), (5116.0, -9.548149042817386, -15417.406637874396)),
    "observations": (of_scenes(observations.execute), (5120.0, 28060.0, 14096787.0)),
}


def numbers(found: Any) -> tuple[float, ...]:
    """Valid values, their sum, and their sum weighted by place; of features what they are."""
    if isinstance(found, Counted):
        found = found.result
    if isinstance(found, list):
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in found]
        lines = [shapely.get_coordinates(shape) for shape in shapes]
        values = np.concatenate([line.ravel() for line in lines]) / 1e6
        elevations = sum(float(feature["properties"]["elev"]) for feature in found)
        return float(len(found)), float(values.size), float(values.sum()), elevations
    data = np.ma.MaskedArray(found[0].data if isinstance(found, tuple) else found)
    valid = ~np.ma.getmaskarray(data) & np.isfinite(data.data)
    values = np.where(valid, data.data, 0).astype("f8").ravel()
    place = 1 + np.arange(values.size) % 997
    return float(valid.sum()), float(values.sum()), float((values * place).sum())


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize("case", CASES)
def test_the_same_as_before(case: str, tmp_path: Path) -> None:
    make, wanted = CASES[case]
    found = numbers(make(tmp_path))
    # a sum may be rounded otherwise on another machine, and the last digit of a pixel with it
    assert found == pytest.approx(wanted, rel=1e-6, abs=0.01), PROMISE.format(
        name=case.partition(",")[0]
    )
