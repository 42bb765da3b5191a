"""A landscape to be photographed: water, vegetation and town, with clouds and their shadows.

The same place has the same cover in every picture, whatever its pixels: classes of land depend on
coordinates alone, weather on the name of the picture.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rasterio.transform import Affine
from scipy import ndimage

Floats = NDArray[np.float64]

WATER, VEGETATION, TOWN = range(3)

# Reflectance of the covers by band; about what Landsat 8 shows in summer (USGS spectral library).
SPECTRA = {
    "coastal": (0.10, 0.09, 0.14),
    "blue": (0.08, 0.06, 0.15),
    "green": (0.06, 0.08, 0.16),
    "red": (0.04, 0.05, 0.18),
    "nir": (0.02, 0.38, 0.24),
    "swir1": (0.01, 0.19, 0.27),
    "swir2": (0.01, 0.09, 0.24),
    "cirrus": (0.002, 0.002, 0.003),
}
CLOUD = 0.62
"""Reflectance of a cloud in every band."""
SHADE = 0.35
"""What its shadow leaves of the light."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Pixels of a picture."""

    crs: str
    transform: Affine
    shape: tuple[int, int]
    """Height and width."""

    def centres(self) -> tuple[Floats, Floats]:
        """x and y (row, col) of the middles of the pixels."""
        rows, cols = np.indices(self.shape)
        x, y = self.transform @ (cols + 0.5, rows + 0.5)
        return np.asarray(x), np.asarray(y)


@dataclass(frozen=True)
class Weather:
    """Where a picture shows no land; (row, col) each."""

    cloud: NDArray[np.bool_]
    shadow: NDArray[np.bool_]
    """Beside a cloud, and not below one."""
    fill: NDArray[np.bool_]
    """Outside of the swath, a tilted strip."""


@lru_cache(maxsize=2)  # all bands of a picture, and all pictures of a place, have the same
def covers(frame: Frame, size: float) -> NDArray[np.int64]:
    """Class of every pixel; lakes and towns are about `size` wide, in units of the CRS."""
    x, y = (each / size for each in frame.centres())
    waves = np.sin(x) + np.cos(0.9 * y) + 0.5 * np.sin(1.7 * x + 2.3 * y)
    found = np.where(waves < -0.5, WATER, np.where(waves > 0.9, TOWN, VEGETATION))
    found.flags.writeable = False
    return found


@lru_cache(maxsize=2)
def _grain(frame: Frame, size: float) -> Floats:
    """Fields, streets, waves: a factor near 1."""
    x, y = frame.centres()
    found: Floats = 1 + 0.06 * np.sin(13 * x / size) * np.cos(11 * y / size)
    found.flags.writeable = False
    return found


def weather(frame: Frame, name: str, clouds: float, swath: float = 0.8) -> Weather:
    """Clouds over that share of the pixels, a swath over that share of the width."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    field = ndimage.gaussian_filter(rng.normal(size=frame.shape), min(frame.shape) / 20)
    cloud = field >= np.quantile(field, 1 - clouds) if clouds else np.zeros(frame.shape, bool)
    step = max(2, min(frame.shape) // 40)
    shadow = np.zeros_like(cloud)
    shadow[:-step, :-step] = cloud[step:, step:]  # the sun stands in the south-east
    rows, cols = (
        each / (n - 1) for each, n in zip(np.indices(frame.shape), frame.shape, strict=True)
    )
    across = cols + 0.2 * (rows - 0.5)
    return Weather(cloud, shadow & ~cloud, np.abs(across - 0.5) > swath / 2)


def reflectance(frame: Frame, band: str, size: float, seen: Weather, season: float = 1.0) -> Floats:
    """Reflectance (row, col); `season` scales how green vegetation is in the near infrared."""
    spectrum = np.array(SPECTRA[band])
    if band == "nir":
        spectrum[VEGETATION] *= season
    cover, grain = covers(frame, size), _grain(frame, size)
    light = np.where(seen.shadow, SHADE, 1.0)
    return np.where(seen.cloud, CLOUD, spectrum[cover] * grain * light)
