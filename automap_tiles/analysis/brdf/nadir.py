"""The factor that brings reflectance to a view from straight above (c-factor).

Roy et al. 2016, doi:10.1016/j.rse.2016.01.023 (the bands of Landsat), and 2017,
doi:10.1016/j.rse.2017.06.019 (red edge of Sentinel-2): means of MODIS over snow-free land. The sun
stays where it was observed: the factor is one for the view and does not carry the sun far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from automap_tiles.analysis.brdf.kernels import Floats, li_sparse, ross_thick


@dataclass(frozen=True, slots=True)
class Scattering:
    """Weights of the kernels for one part of the spectrum."""

    isotropic: float
    volumetric: float
    geometric: float


COEFFICIENTS: dict[str, Scattering] = {
    "coastal": Scattering(0.0774, 0.0372, 0.0079),  # that of blue, as HLS takes it
    "blue": Scattering(0.0774, 0.0372, 0.0079),
    "green": Scattering(0.1306, 0.0580, 0.0178),
    "red": Scattering(0.1690, 0.0574, 0.0227),
    "rededge1": Scattering(0.2085, 0.0845, 0.0256),
    "rededge2": Scattering(0.2316, 0.1003, 0.0273),
    "rededge3": Scattering(0.2599, 0.1197, 0.0294),
    "nir": Scattering(0.3093, 0.1535, 0.0330),
    "nir08": Scattering(0.3093, 0.1535, 0.0330),
    "swir1": Scattering(0.3430, 0.1154, 0.0453),
    "swir2": Scattering(0.2658, 0.0639, 0.0387),
}
"""By the common name of a band, B8A as `nir08`; water vapour, cirrus and thermal ones have none."""


def nadir_factor(
    band: str, sun_zenith: ArrayLike, view_zenith: ArrayLike, azimuth: ArrayLike
) -> Floats:
    """What reflectance is to be multiplied by; degrees, broadcast against each other.

    `azimuth` is that of the view less that of the sun. 1 for bands without coefficients. NaN where
    an angle is not known. It varies smoothly: on a grid of some kilometres it is enough.
    """
    weights = COEFFICIENTS.get(band)
    if weights is None:
        shape = np.broadcast_shapes(*map(np.shape, (sun_zenith, view_zenith, azimuth)))
        return np.ones(shape)
    return np.asarray(
        _reflectance(weights, sun_zenith, 0.0, 0.0)
        / _reflectance(weights, sun_zenith, view_zenith, azimuth)
    )


def to_nadir(
    values: NDArray[np.floating],
    band: str,
    sun_zenith: ArrayLike,
    view_zenith: ArrayLike,
    azimuth: ArrayLike,
) -> NDArray[np.floating]:
    """Reflectance (…, y, x) of a band as seen from above, of the same dtype.

    A masked array keeps its mask. Where an angle is not known reflectance stays as it is.
    """
    factor = nadir_factor(band, sun_zenith, view_zenith, azimuth)
    scaled = values * np.where(np.isnan(factor), 1.0, factor)
    return scaled.astype(values.dtype, copy=False)


def _reflectance(
    weights: Scattering, sun: ArrayLike, view: ArrayLike, azimuth: ArrayLike
) -> Floats:
    volume = weights.volumetric * ross_thick(sun, view, azimuth)
    return np.asarray(
        weights.isotropic + volume + weights.geometric * li_sparse(sun, view, azimuth)
    )
