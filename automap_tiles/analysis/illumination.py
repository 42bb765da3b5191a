"""Reflectance without the light and shade of the terrain.

By the cosine of the angle between the sun and the ground's upright: the cosine correction, C and
Minnaert (Teillet et al. 1982, doi:10.1080/07038992.1982.10855028; with the slope: Colby 1991), and
SCS+C (Soenen et al. 2005, doi:10.1109/TGRS.2005.852480), the one for forest, whose trees stand
upright. The constants are those of a scene: fitted for each tile they would make seams. The ground
that lies as flat to the sun as level ground is left alone (Tan et al. 2013), and so is what the sun
hardly reaches: nothing is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.terrain import gradients

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Method = Literal["cosine", "c", "scs+c", "minnaert"]

LEAST_LIGHT = 0.1
"""Cosine of the angle between sun and upright below which ground lies in the dark."""
AS_LEVEL = 0.05
"""Difference of that cosine from level ground's below which nothing is corrected."""
FEWEST = 1000
_STEEP = np.radians(5.0)
"""Slope of ground that tells of the terrain's light."""
_SAMPLE = 40_000
_STEP = 0.1
"""Of the cosine: from each step as many pixels are taken, or the commonest light decides."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Terrain:
    """How the ground of a scene lies to the sun."""

    slope: Floats
    """Radians (y, x)."""
    light: Floats
    """Cosine of the angle between the sun and the ground's upright (y, x); NaN: no height."""
    zenith: float
    """Cosine of the sun's zenith angle: the light of level ground."""


@dataclass(frozen=True, kw_only=True)
class TerrainFit:
    """Constants of one band of a scene."""

    c: float
    """Offset by slope of reflectance over light."""
    minnaert: float
    """Exponent."""
    pixels: int
    """That they are from."""


def terrain_of(
    elevation: Any, pixel_size: tuple[float, float], *, sun_zenith: float, sun_azimuth: float
) -> Terrain:
    """Of heights (y, x), masked or not, in units of the pixel size; the sun in degrees.

    The azimuth is clockwise from north. Slopes are Horn's; the outermost rows and columns repeat
    those beside them: tiles need a buffer of one pixel.
    """
    east, south = gradients(elevation, pixel_size)
    mask = np.ma.getmaskarray(np.ma.masked_invalid(elevation))
    slope = np.arctan(np.hypot(east, south))
    zenith, azimuth = np.radians(sun_zenith), np.radians(sun_azimuth)
    # the upright of the ground is (-east, south, 1) to east, north and up
    up = 1 / np.sqrt(1 + east**2 + south**2)
    to_sun = np.sin(zenith) * (-east * np.sin(azimuth) + south * np.cos(azimuth)) + np.cos(zenith)
    return Terrain(
        slope=slope, light=np.where(mask, np.nan, to_sun * up), zenith=float(np.cos(zenith))
    )


def fit_terrain(band: NDArray[Any], valid: Bools, terrain: Terrain) -> TerrainFit | None:
    """Constants of a band of reflectance (y, x), from clear (`valid`) land.

    None where fewer than `FEWEST` pixels are steep and lit, or more light does not make them
    brighter: then there is nothing that could be taken out.
    """
    usable = valid & (terrain.slope > _STEEP) & (terrain.light > LEAST_LIGHT) & (band > 0)
    places = _spread(np.flatnonzero(usable), terrain.light.ravel())
    if len(places) < FEWEST:
        return None
    light, slope = terrain.light.ravel()[places], terrain.slope.ravel()[places]
    values = np.ma.getdata(band).ravel()[places].astype(np.float64)
    rise, offset = _line(light, values)
    exponent, _ = _line(np.log(light * np.cos(slope)), np.log(values * np.cos(slope)))
    if not rise > 0 or not exponent > 0:
        return None
    return TerrainFit(c=offset / rise, minnaert=exponent, pixels=len(places))


def level_light(
    band: NDArray[Any], terrain: Terrain, fit: TerrainFit | None, method: Method = "scs+c"
) -> np.ma.MaskedArray[Any, Any]:
    """A band of reflectance (y, x) as if the ground were level, float32.

    `fit` is that of the whole scene; the cosine correction needs none. Masked stays masked; what
    lies in the dark, or has no height, stays as it is. A fit whose c is below 0 (what the line
    loses in the dark: haze taken out too strongly, for one) puts the dark where its line comes
    near 0, and an exponent counts up to 1: no pixel is brightened more than by the cosine
    correction. Raises `ValueError` for a method without what it needs.
    """
    if method not in ("cosine", "c", "scs+c", "minnaert"):
        raise ValueError(f"method is cosine, c, scs+c or minnaert, not {method!r}")
    if fit is None and method != "cosine":
        raise ValueError(f"{method} needs the constants of the scene")
    light, level, upright = terrain.light, terrain.zenith, np.cos(terrain.slope)
    c = 0.0 if fit is None or method in ("cosine", "minnaert") else fit.c
    dark = ~(light + min(c, 0.0) > LEAST_LIGHT)
    lit = np.where(dark, 1.0, light)
    if method == "minnaert" and fit is not None:
        factor = upright * (level / (lit * upright)) ** min(fit.minnaert, 1.0)
    elif method == "scs+c":
        factor = (upright * level + c) / (lit + c)
    else:
        factor = (level + c) / (lit + c)
    same = dark | (np.abs(light - level) < AS_LEVEL) | ~(factor > 0)
    values = np.ma.getdata(band).astype(np.float64) * np.where(same, 1.0, factor)
    return np.ma.MaskedArray(values.astype(np.float32), mask=np.ma.getmaskarray(band))


def _spread(places: NDArray[np.intp], light: Floats) -> NDArray[np.intp]:
    """Of each step of light as many, evenly over the picture."""
    if not len(places):
        return places
    steps = np.floor(light[places] / _STEP).astype(np.intp)
    kinds = np.unique(steps)
    most = max(1, _SAMPLE // len(kinds))
    found = []
    for kind in kinds:
        own = places[steps == kind]
        found.append(own[np.linspace(0, len(own) - 1, min(most, len(own))).astype(np.intp)])
    return np.concatenate(found)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and offset of least squares; 0 and the mean where x has one value."""
    apart = x - x.mean()
    spread = float(apart @ apart)
    rise = float(apart @ y) / spread if spread > 0 else 0.0
    return rise, float(y.mean() - rise * x.mean())
