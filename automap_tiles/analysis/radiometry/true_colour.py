"""Reflectance as the colours of a picture: one curve for every pixel, whatever lies around it.

The curve of `l2a_optimized` (Sentinel Hub, custom-scripts): reflectance up to 3 is pressed
together so that a tenth is of middle brightness, then gamma, saturation and the transfer function
of sRGB (IEC 61966-2-1). Nothing local, such as CLAHE: that would make seams between tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BRIGHTEST = 3.0
"""Reflectance that becomes white: clouds and snow."""
_LINEAR = 0.0031308


@dataclass(frozen=True, kw_only=True)
class ColourCurve:
    """How bright, and how colourful."""

    middle: float = 0.13
    """Reflectance that becomes half as bright as white, before gamma."""
    gamma: float = 1.8
    lift: float = 0.01
    """Keeps the gamma from lifting noise in the dark."""
    saturation: float = 1.2
    """1 leaves colours as they are."""


def true_colour(reflectance: NDArray[Any], curve: ColourCurve = ColourCurve()) -> NDArray[np.uint8]:
    """(3, y, x) bytes of red, green and blue, of reflectance in the same order and shape.

    A masked array gives one with the same mask. No band is 0 where there is data: that is the
    nodata value of pictures.
    """
    plain = np.ma.getdata(reflectance).astype(np.float32)
    bright = _brightness(plain, curve)
    grey = bright.mean(axis=0, dtype=np.float32)
    mixed = np.clip(grey * np.float32(1 - curve.saturation) + bright * np.float32(curve.saturation),
                    0, 1)  # fmt: skip
    found = np.clip(_srgb(mixed) * np.float32(255) + np.float32(0.5), 1, 255).astype(np.uint8)
    mask = np.ma.getmask(reflectance)
    return found if mask is np.ma.nomask else np.ma.MaskedArray(found, mask=mask)


def _brightness(reflectance: NDArray[np.float32], curve: ColourCurve) -> NDArray[np.float32]:
    """0 … 1, before colours are mixed."""
    part = np.clip(np.nan_to_num(reflectance) / _BRIGHTEST, 0, 1)
    middle = curve.middle / _BRIGHTEST
    pressed = part * (part * middle - 1) / (part * (2 * middle - 1) - middle)
    low = curve.lift**curve.gamma
    high = (1 + curve.lift) ** curve.gamma
    return np.asarray(((pressed + curve.lift) ** curve.gamma - low) / (high - low), np.float32)


def _srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    power = np.maximum(linear, _LINEAR) ** np.float32(1 / 2.4)
    curved = np.float32(1.055) * power - np.float32(0.055)
    return np.where(linear <= _LINEAR, linear * np.float32(12.92), curved)
