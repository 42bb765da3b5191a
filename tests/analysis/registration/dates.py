"""Dates whose shifts are known: real windows where they are there, made ones everywhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from scipy.ndimage import gaussian_filter

Array = np.ndarray[Any, Any]
SIZE = 256
AROUND = 32
FOLDER = "sentinel2/mapchete_eo_33TWL_l2a_120m"
SHIFTS = [(1.7, -0.6), (0.35, 1.7), (-0.6, -0.35), (-1.7, 0.8)]


@cache
def pink(seed: int, size: int = SIZE + 2 * AROUND, slope: float = 1.2) -> Array:
    """Texture as that of ground: amplitude falling with frequency, 0.05 to 0.45 or so."""
    rng = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=(size, size))) / frequency**slope
    spectrum[0, 0] = 0
    texture = np.fft.ifft2(spectrum).real
    found = np.asarray(0.25 + 0.07 * texture / texture.std())
    found.setflags(write=False)
    return found


def displaced(big: Array, shift: tuple[float, float]) -> Array:
    """The middle of a larger window, where it must be moved by `shift` to lie right again."""
    rows, columns = np.fft.fftfreq(big.shape[0])[:, None], np.fft.fftfreq(big.shape[1])
    turn = np.exp(2j * np.pi * (rows * shift[0] + columns * shift[1]))
    moved = np.fft.ifft2(np.fft.fft2(big) * turn).real
    return middle(np.asarray(moved))


def middle(big: Array) -> Array:
    return big[AROUND:-AROUND, AROUND:-AROUND]


def clouds(share: float, seed: int, shape: tuple[int, int] = (SIZE, SIZE)) -> Array:
    """Where clouds are, so large a part of the whole."""
    if share in (0, 1):
        return np.full(shape, share == 1)
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 12)
    return np.asarray(noise > np.quantile(noise, 1 - share))


def covered(picture: Array, share: float, seed: int) -> Any:
    """The picture with bright clouds, which are masked."""
    mask = clouds(share, seed, picture.shape)
    rng = np.random.default_rng(seed + 1)
    bright = 3 * np.abs(picture).max() * rng.uniform(0.8, 1.2, picture.shape)
    return np.ma.MaskedArray(np.where(mask, bright, picture), mask=mask)


@cache
def _near_infrared(path: Path) -> Array:
    """The whole band; JPEG 2000 is slow to unpack."""
    with rasterio.open(path) as dataset:
        found: Array = dataset.read(1).astype(np.float64)
    found.setflags(write=False)
    return found


def real_dates(shared: Path, row: int, column: int) -> tuple[Array, Array]:
    """Near infrared of 15 and 13 August 2023, the window and what is around it."""
    found = [
        _near_infrared(shared / "data" / FOLDER / name / "B08.tif")
        for name in ("S2A_33TWL_20230815_0_L2A", "S2B_33TWL_20230813_0_L2A")
    ]
    window = (
        slice(row - AROUND, row + SIZE + AROUND),
        slice(column - AROUND, column + SIZE + AROUND),
    )
    return found[0][window], found[1][window]


def made_dates(seed: int) -> tuple[Array, Array]:
    """Two dates of the same ground, the later one hazier, with changes and noise."""
    ground = pink(seed)
    change = gaussian_filter(np.random.default_rng(seed + 1).normal(size=ground.shape), 6)
    later = 0.8 * ground + 0.06 + 0.02 * change / change.std()
    noise = np.random.default_rng(seed + 2).normal(0, 0.004, (2, *ground.shape))
    return ground + noise[0], later + noise[1]
