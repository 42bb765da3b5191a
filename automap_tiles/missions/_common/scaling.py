"""From stored numbers to reflectance.

Landsat with reflectance coefficients (USGS data users' handbooks)::

    reflectance = (REFLECTANCE_MULT · Q + REFLECTANCE_ADD) / sin(SUN_ELEVATION)

Landsat with radiance only (Chander, Markham and Helder 2009)::

    L = M · Q + A        or        L = (Lmax − Lmin) / (Qmax − Qmin) · (Q − Qmin) + Lmin
    reflectance = π · L · d² / (ESUN · sin(SUN_ELEVATION))

Sentinel-2 (the sun's angle is in the stored numbers already)::

    reflectance = (DN + RADIO_ADD_OFFSET) / QUANTIFICATION_VALUE

All three are (multiply · Q + add) / sin(sun elevation), the division left out where the sun is
corrected for already. Negative reflectance is real (noise over dark places) and stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from automap_tiles.errors import InputError

Numbers = np.ndarray[Any, Any] | np.ma.MaskedArray[Any, Any]
Floats = np.ndarray[Any, np.dtype[np.float32]]

ANGLE_STEP = 0.01
"""Degrees per step of the angle bands of Landsat Collection 2 (SZA, SAA, VZA, VAA)."""

_BLOCK = 1 << 15  # pixels: 64 KB of numbers, 256 KB of float64 and 128 KB of result


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Conversion of one band's stored numbers to reflectance."""

    multiply: float
    add: float = 0.0
    sun_elevation: float | None = None
    """Degrees above the horizon at the scene centre; None: no sun correction needed."""
    nodata: int | None = None
    saturated: int | None = None
    """Stored number of saturated pixels; their reflectance is at least the computed value."""

    def __post_init__(self) -> None:
        if self.sun_elevation is not None and self.sun_elevation <= 0:
            raise InputError(f"a scene of the night has no reflectance: sun {self.sun_elevation}°")

    @property
    def slope(self) -> float:
        """Reflectance per step of the stored numbers, for the sun at the scene centre."""
        return self.multiply / self._sine

    @property
    def offset(self) -> float:
        """Reflectance of a stored 0."""
        return self.add / self._sine

    @property
    def _sine(self) -> float:
        return 1.0 if self.sun_elevation is None else math.sin(math.radians(self.sun_elevation))

    def apply(self, array: Numbers, sun_zenith: Numbers | None = None) -> Numbers:
        """Reflectance as float32, correctly rounded.

        `sun_zenith`: degrees per pixel, in the shape of the array or of its last two dimensions,
        replacing the scene's single sun elevation; pixels with the sun below the horizon have no
        reflectance. Nodata is masked in a masked array and NaN in a plain one. Raises `ValueError`
        if angles are given but no sun correction is needed.
        """
        data = np.ma.getdata(array)
        if sun_zenith is None:
            result = _linear(data, self.slope, self.offset)
            dark = None
        else:
            result, dark = self._by_pixel(data, sun_zenith)
        return self._without_nodata(array, data, result, dark)

    def _by_pixel(
        self, data: np.ndarray[Any, Any], sun_zenith: Numbers
    ) -> tuple[Floats, np.ndarray[Any, Any]]:
        if self.sun_elevation is None:
            raise ValueError("this product is corrected for the sun's angle already")
        zenith = np.ma.filled(sun_zenith.astype(np.float64), np.nan)
        dark = ~(zenith < 90)
        cosine = np.cos(np.radians(np.where(dark, 0.0, zenith)))
        result = (data * self.multiply + self.add) / cosine
        return result.astype(np.float32), np.broadcast_to(dark, data.shape)

    def _without_nodata(
        self,
        array: Numbers,
        data: np.ndarray[Any, Any],
        result: Floats,
        dark: np.ndarray[Any, Any] | None,
    ) -> Numbers:
        missing = None if self.nodata is None else data == self.nodata
        if dark is not None:
            missing = dark if missing is None else missing | dark
        if isinstance(array, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(array)
            return np.ma.MaskedArray(result, mask if missing is None else mask | missing)
        if missing is not None:
            result[missing] = np.nan
        return result


def _linear(data: np.ndarray[Any, Any], slope: float, offset: float) -> Floats:
    """`data * slope + offset` in float64, rounded once; in blocks that stay in the cache."""
    out = np.empty(data.shape, dtype=np.float32)
    flat_data, flat_out = np.ascontiguousarray(data).reshape(-1), out.reshape(-1)
    work = np.empty(min(_BLOCK, flat_data.size), dtype=np.float64)
    for start in range(0, flat_data.size, _BLOCK):
        block = flat_data[start : start + _BLOCK]
        line = work[: block.size]
        np.multiply(block, slope, out=line)
        line += offset
        flat_out[start : start + _BLOCK] = line
    return out


@dataclass(frozen=True, kw_only=True)
class Sun:
    """Sun parameters for the conversion of radiance to reflectance."""

    elevation: float
    """Degrees above the horizon."""
    distance: float
    """Astronomical units."""


def from_radiance(
    *, multiply: float, add: float, irradiance: float, sun: Sun, saturated: int | None = None
) -> Scaling:
    """Scaling of a radiance product, W m⁻² sr⁻¹ µm⁻¹ per step, nodata 0."""
    factor = math.pi * sun.distance**2 / irradiance
    return Scaling(
        multiply=multiply * factor,
        add=add * factor,
        sun_elevation=sun.elevation,
        nodata=0,
        saturated=saturated,
    )


def radiance_of_range(
    radiance: tuple[float, float], numbers: tuple[float, float]
) -> tuple[float, float]:
    """(multiply, add) to radiance from (Lmin, Lmax) and (Qmin, Qmax)."""
    multiply = (radiance[1] - radiance[0]) / (numbers[1] - numbers[0])
    return multiply, radiance[0] - multiply * numbers[0]


def earth_sun_distance(day: date) -> float:
    """Earth-sun distance in AU, to about 8e-4: 1 − 0.01673 cos(0.9856° (day of year − 4))."""
    return 1 - 0.01673 * math.cos(math.radians(0.9856 * (day.timetuple().tm_yday - 4)))
