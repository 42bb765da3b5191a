"""Rasters and features made for the comparison."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the inputs are."""

    degrees: Path
    """3 bands uint16, EPSG:4326, 0.02 degrees, nodata 0; a hole and a wedge without data."""
    world: Path
    """1 band int16, EPSG:4326, the whole earth in half degrees, nodata -1."""
    utm: Path
    """3 bands uint16, EPSG:32633, 100 m, nodata 0."""
    shapes: Path
    """Three polygons over `degrees`, EPSG:4326, attribute `id`."""


def make_sources(folder: Path) -> Sources:
    sources = Sources(
        degrees=folder / "degrees.tif",
        world=folder / "world.tif",
        utm=folder / "utm.tif",
        shapes=folder / "shapes.geojson",
    )
    write(sources.degrees, picture(400, 500, 3), "EPSG:4326", from_origin(9.63, 51.37, 0.02, 0.02))
    world = picture(360, 720, 1).astype("int16")
    world[world == 0] = -1
    write(sources.world, world, "EPSG:4326", from_origin(-180, 90, 0.5, 0.5), nodata=-1)
    write(
        sources.utm, picture(700, 600, 3), "EPSG:32633", from_origin(412_300, 5_390_700, 100, 100)
    )
    sources.shapes.write_text(json.dumps(_shapes()))
    return sources


def picture(height: int, width: int, bands: int) -> np.ndarray:
    """Waves and noise, uint16, 1 … 10 000; 0 in a hole, along a wedge and in single pixels."""
    rng = np.random.default_rng(height + width)
    y, x = np.mgrid[0:height, 0:width]
    waves = 4000 + 2500 * np.sin(x / 31) * np.cos(y / 17)
    data = np.stack([waves + 700 * band for band in range(bands)])
    data = np.clip(data + rng.normal(0, 200, data.shape), 1, 10_000).astype("uint16")
    data[:, x + y < height // 3] = 0
    data[:, (x - width // 2) ** 2 + (y - height // 2) ** 2 < 900] = 0
    data[:, rng.random((height, width)) < 0.01] = 0
    return data


def write(
    path: Path, data: np.ndarray, crs: str, transform: rasterio.Affine, nodata: float = 0
) -> None:
    profile = {
        "driver": "GTiff",
        "count": data.shape[0],
        "height": data.shape[1],
        "width": data.shape[2],
        "dtype": data.dtype,
        "crs": crs,
        "transform": transform,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": 128,
        "blockysize": 128,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(data)


def _shapes() -> dict[str, object]:
    rings = [
        [[11.2, 44.1], [13.9, 44.4], [13.1, 46.7], [11.6, 47.3], [11.2, 44.1]],
        [[14.1, 47.9], [18.3, 47.2], [17.7, 50.9], [14.1, 47.9]],
        [[12.61, 49.02], [12.69, 49.02], [12.69, 49.11], [12.61, 49.11], [12.61, 49.02]],
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"id": number},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings, start=1)
    ]
    return {"type": "FeatureCollection", "features": features}
