"""Scaling to reflectance from Landsat product metadata."""

from __future__ import annotations

import re

from automap_tiles.missions._common.scaling import (
    Scaling,
    Sun,
    from_radiance,
    radiance_of_range,
)
from automap_tiles.missions.landsat._bands import BY_KEY
from automap_tiles.missions.landsat._groups import Groups

_SURFACE = ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)


_RESCALING = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")


_RADIANCE = ("LEVEL1_MIN_MAX_RADIANCE", "MIN_MAX_RADIANCE")


_DIGITS = 5
"""Significant digits of a coefficient that has not been rounded further."""


_NUMBERS = ("LEVEL1_MIN_MAX_PIXEL_VALUE", "MIN_MAX_PIXEL_VALUE")


def scalings_of(
    groups: Groups, sensor: str, level: str, sun: float | None, distance: float
) -> dict[str, Scaling]:
    """Scaling of every reflective band that the file has coefficients for."""
    scaling: dict[str, Scaling] = {}
    for band in BY_KEY[sensor].bands:
        if level.startswith("L2"):
            found = _by_reflectance(groups, band.number, _SURFACE, None)
        elif sun is None:
            found = None
        else:
            found = _by_reflectance(groups, band.number, _RESCALING, sun)
            if found is None and band.irradiance is not None:
                light = Sun(elevation=sun, distance=distance)
                found = _by_radiance(groups, band.number, band.irradiance, light)
        if found:
            scaling[band.name] = found
    return scaling


def _by_reflectance(
    groups: Groups, band: str, within: tuple[str, ...], sun: float | None
) -> Scaling | None:
    multiply = groups.number(f"REFLECTANCE_MULT_BAND_{band}", within=within)
    add = groups.number(f"REFLECTANCE_ADD_BAND_{band}", within=within)
    if multiply is None or add is None:
        return None
    top = _largest(groups, band, (*within, *_NUMBERS) if sun is None else _NUMBERS)
    return Scaling(multiply=multiply, add=add, sun_elevation=sun, nodata=0, saturated=top)


def _by_radiance(groups: Groups, band: str, irradiance: float, sun: Sun) -> Scaling | None:
    """From the coefficients, or from the range limits that they were rounded from."""
    coefficients = _coefficients(groups, band)
    if coefficients is None or _is_rounded(groups, band):
        coefficients = _of_range(groups, band) or coefficients
    if coefficients is None:
        return None
    multiply, add = coefficients
    return from_radiance(
        multiply=multiply,
        add=add,
        irradiance=irradiance,
        sun=sun,
        saturated=_largest(groups, band, _NUMBERS),
    )


def _coefficients(groups: Groups, band: str) -> tuple[float, float] | None:
    multiply = groups.number(f"RADIANCE_MULT_BAND_{band}", within=_RESCALING)
    add = groups.number(f"RADIANCE_ADD_BAND_{band}", within=_RESCALING)
    return None if multiply is None or add is None else (multiply, add)


def _is_rounded(groups: Groups, band: str) -> bool:
    """Whether the coefficient has too few digits: 0.066 for 0.06571 is off by 0.4 per cent.

    Files before the collections have three decimals, whatever the magnitude; those of the
    collections have five significant digits.
    """
    text = groups.text(f"RADIANCE_MULT_BAND_{band}", within=_RESCALING) or ""
    digits = re.sub(r"E.*|\D", "", text.upper()).lstrip("0")
    return len(digits) < _DIGITS


def _of_range(groups: Groups, band: str) -> tuple[float, float] | None:
    low, high, least, most = (
        groups.number(*(key + band for key in keys), within=within)
        for keys, within in (
            (("RADIANCE_MINIMUM_BAND_", "LMIN_BAND"), _RADIANCE),
            (("RADIANCE_MAXIMUM_BAND_", "LMAX_BAND"), _RADIANCE),
            (("QUANTIZE_CAL_MIN_BAND_", "QCALMIN_BAND"), _NUMBERS),
            (("QUANTIZE_CAL_MAX_BAND_", "QCALMAX_BAND"), _NUMBERS),
        )
    )
    if low is None or high is None or least is None or most is None or most <= least:
        return None
    return radiance_of_range((low, high), (least, most))


def _largest(groups: Groups, band: str, within: tuple[str, ...]) -> int | None:
    keys = (f"QUANTIZE_CAL_MAX_BAND_{band}", f"QCALMAX_BAND{band}")
    return whole(groups.number(*keys, within=within))


def whole(number: float | None) -> int | None:
    return None if number is None else round(number)
