"""Estimated top-of-atmosphere scaling for scenes without a metadata file, marked as such.

Landsat 8 and 9 store every scene with the same coefficients (LSDS-1574, section 5.2: reflectance is
rescaled to 2e-5 per step and -0.1), so only the sun's elevation is missing. It follows from day and
place: the satellites cross the equator at the same local time on every orbit.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

from automap_tiles.errors import InputError
from automap_tiles.missions._common.scaling import Scaling

OLI_MULTIPLY = 2e-5
OLI_ADD = -0.1
_EQUATOR_HOUR = 10 + 11 / 60
"""Mean local time of the descending node of Landsat 8 and 9 (10:00 to 10:15)."""
_INCLINATION = 98.2
"""Degrees, of the orbit of Landsat 8 and 9."""


def oli_scaling(day: date, longitude: float, latitude: float) -> Scaling:
    """Scaling of a level 1 scene of Landsat 8 or 9 without MTL file; centre in degrees."""
    elevation, _ = sun_position(overpass(day, longitude, latitude), longitude, latitude)
    return Scaling(
        multiply=OLI_MULTIPLY, add=OLI_ADD, sun_elevation=elevation, nodata=0, saturated=65535
    )


def overpass(day: date, longitude: float, latitude: float) -> datetime:
    """Time at which the descending Landsat 8 or 9 passes over a place on a day (UTC)."""
    tangent = math.tan(math.radians(latitude)) / math.tan(math.radians(_INCLINATION))
    if abs(tangent) >= 1:
        raise InputError(f"the orbit does not reach latitude {latitude}")
    # On the descending pass, local time runs back by the angle to the node's meridian.
    hour = _EQUATOR_HOUR - math.degrees(math.asin(tangent)) / 15
    hour -= longitude / 15
    start = datetime.combine(day, clock(), tzinfo=UTC)
    # A scene's day is in UTC.
    return start + timedelta(hours=hour % 24)


def sun_position(time: datetime, longitude: float, latitude: float) -> tuple[float, float]:
    """Elevation and azimuth of the sun in degrees, azimuth clockwise from north.

    Within 0.02° from 1950 to 2050 (The Astronomical Almanac, low precision formulas for the sun),
    without refraction, as in the metadata of Landsat.
    """
    days = (time - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians(357.528 + 0.9856003 * days)
    ecliptic = math.radians(
        mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
    )
    obliquity = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour_angle = sidereal - ascension
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination)
    sine += math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.cos(phi) * math.sin(declination)
    north -= math.sin(phi) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(sine)), math.degrees(math.atan2(east, north)) % 360
