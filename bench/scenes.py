"""Eight dates of a made-up Sentinel-2 tile, the same on every machine.

Fields, relief and haze are smooth shapes with a little sensor noise, so that the files compress
and the clouds cluster as in real imagery.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin

DATES = 8
BANDS = 6
SIZE = 4000
# 40 km of the Waldviertel on the 10 m grid of Sentinel-2.
CRS_UTM = CRS.from_epsg(32633)
TRANSFORM = from_origin(540_000, 5_400_000, 10, 10)
SEED = 20_260_701

Plane = NDArray[np.float32]

# reflectance x 10000 of bare soil and of full vegetation: blue, green, red, NIR, SWIR 1, SWIR 2
SOIL = np.array([900, 1150, 1450, 2200, 3000, 2500], dtype="float32")
CROP = np.array([350, 650, 400, 4300, 1900, 900], dtype="float32")


DESCRIPTION = """\
sensor: sentinel-2a
level: L2A
time: "%Y%m%d"
path: "scene_{time}.tif"
bands: [blue, green, red, nir, swir1, swir2]
mask: {path: "scene_{time}.tif", layer: scl, band: 7}
scale: 0.0001
nodata: 0
"""
"""For the input driver `scenes`."""


def scenes(folder: Path) -> dict[str, Path]:
    """Name of the date -> GeoTIFF of six bands and the quality band; made once per folder.

    The folder is a described stack as well, for the input driver `scenes`.
    """
    days = [date(2026, 4, 1) + timedelta(days=15 * number) for number in range(DATES)]
    paths = {f"d{number}": folder / f"scene_{day:%Y%m%d}.tif" for number, day in enumerate(days)}
    if not all(path.is_file() for path in paths.values()):
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(SEED)
        for path, data in zip(paths.values(), _dates(rng), strict=True):
            part = path.with_suffix(".part")
            _write(part, data)
            part.rename(path)
    (folder / "scenes.yaml").write_text(DESCRIPTION)
    return paths


def long_series(folder: Path, dates: int = 60) -> Path:
    """A folder with so many dates: the scenes of another one under several names."""
    series = folder.parent / f"scenes_{dates}"
    series.mkdir(exist_ok=True)
    files = sorted(folder.glob("scene_*.tif"))
    for number in range(dates):
        link = series / f"scene_{date(2025, 1, 1) + timedelta(days=12 * number):%Y%m%d}.tif"
        if not link.exists():
            link.symlink_to(files[number % len(files)])
    (series / "scenes.yaml").write_text(DESCRIPTION)
    return series


def _dates(rng: np.random.Generator) -> Iterator[NDArray[np.uint16]]:
    parcels, relief = _parcels(rng), _smooth(rng, 40) + 0.5 * _smooth(rng, 160)
    grain = rng.normal(0, 25, (512, 512)).astype("float32")
    for number in range(DATES):
        green = np.clip(_season(rng, parcels, number) + 0.05 * relief, 0, 1)
        light = 1 + 0.06 * relief
        cloud, shadow = _clouds(rng)
        data = np.zeros((BANDS + 1, SIZE, SIZE), dtype="uint16")
        for band in range(BANDS):
            plane = (SOIL[band] + (CROP[band] - SOIL[band]) * green) * light
            plane *= np.where(shadow, 0.45, 1)
            plane += np.clip(cloud, 0, 1) * (7500 - plane)
            plane += np.tile(np.roll(grain, rng.integers(512, size=2), (0, 1)), (8, 8))[
                :SIZE, :SIZE
            ]
            data[band] = np.clip(plane, 1, 10_000)
        data[BANDS] = np.select([cloud > 0.25, shadow, green > 0.4], [9, 3, 4], 5)
        data[:, _swath_edge(number)] = 0
        yield data


def _smooth(rng: np.random.Generator, nodes: int) -> Plane:
    """Bilinear interpolation of random nodes, about -1 … 1."""
    position = np.linspace(0, nodes - 1.001, SIZE)
    first = position.astype(int)
    weights = np.zeros((SIZE, nodes), dtype="float32")
    rows = np.arange(SIZE)
    weights[rows, first] = 1 - (position - first)
    weights[rows, first + 1] = position - first
    values = rng.normal(0, 0.6, (nodes, nodes)).astype("float32")
    plane: Plane = weights @ values @ weights.T
    return plane


def _parcels(rng: np.random.Generator) -> NDArray[np.int64]:
    """Number of the field each pixel is in: bent strips of about 15 x 50 pixels."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype("float32")
    bend = 120 * _smooth(rng, 12)
    strip = ((0.8 * x + 0.6 * y + bend) / 15).astype("int64")
    piece = ((0.8 * y - 0.6 * x + bend) / 50 + strip * 0.37).astype("int64")
    numbers: NDArray[np.int64] = (strip * 7919 + piece * 104_729) % 4096
    return numbers


def _season(rng: np.random.Generator, parcels: NDArray[np.int64], number: int) -> Plane:
    """How green each field is on a date: every crop has its own peak."""
    crops = np.random.default_rng(SEED + 1)
    peak, width = crops.uniform(0, DATES, 4096), crops.uniform(1.5, 4, 4096)
    table = np.exp(-(((number - peak) / width) ** 2)) + rng.normal(0, 0.02, 4096)
    green: Plane = table.astype("float32")[parcels]
    return green


def _clouds(rng: np.random.Generator) -> tuple[Plane, NDArray[np.bool_]]:
    """Thickness of the clouds (over 0.25: cloud) and their shadows; 10 to 50 % are covered."""
    field = _smooth(rng, 14) + 0.6 * _smooth(rng, 60) + 0.25 * _smooth(rng, 250)
    thickness = (field - np.quantile(field[::16, ::16], rng.uniform(0.5, 0.9))) * 2
    shadow = np.roll(thickness > 0.25, (-35, -50), (0, 1))
    return thickness, shadow


def _swath_edge(number: int) -> NDArray[np.bool_]:
    """Outside the swath, on every third date: a slanting wedge without data."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    outside: NDArray[np.bool_] = x + 0.2 * y < 900
    return outside if number % 3 == 2 else np.zeros((SIZE, SIZE), dtype=bool)


def _write(path: Path, data: NDArray[np.uint16]) -> None:
    profile = {
        "driver": "GTiff",
        "count": BANDS + 1,
        "height": SIZE,
        "width": SIZE,
        "dtype": "uint16",
        "nodata": 0,
        "crs": CRS_UTM,
        "transform": TRANSFORM,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "interleave": "band",
        "num_threads": 2,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(data)
