"""Sensors by key: our own tables, and those that other packages bring along."""

from __future__ import annotations

import difflib
from functools import lru_cache

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions.common.sensor import COMMON, CommonName, Sensor
from automap_tiles.missions.landsat import bands as landsat
from automap_tiles.missions.sentinel2 import bands as sentinel2

ENTRY_POINTS = "automap_tiles.missions"
"""Group of entry points; each names a `Sensor`, or a tuple of them."""

_registered: dict[str, Sensor] = {sensor.key: sensor for sensor in landsat.SENSORS}
_registered.update((sensor.key, sensor) for sensor in sentinel2.SENSORS)


def register(sensor: Sensor) -> None:
    """Make a sensor known in this Python process; for all workers use an entry point.

    Raises `ValueError` when its key is taken by another sensor.
    """
    if _registered.setdefault(sensor.key, sensor) != sensor:
        raise ValueError(f"there is a sensor {sensor.key} already")


def sensors() -> tuple[Sensor, ...]:
    """All of them, our own first; one of our keys cannot be taken by another package."""
    for sensor in _plugins():
        _registered.setdefault(sensor.key, sensor)
    return tuple(_registered.values())


def by_key(key: str) -> Sensor:
    """A sensor; raises `ConfigError` when there is none of that key."""
    sensor = _registered.get(key.lower())
    if sensor is None:
        known = {sensor.key: sensor for sensor in sensors()}
        sensor = known.get(key) or known.get(key.lower())
        if sensor is None:
            close = difflib.get_close_matches(key.lower(), known, 1, 0.6)
            remedy = f"{close[0]}?" if close else f"one of {', '.join(known)}"
            raise ConfigError("unknown sensor", key="sensor", found=key, remedy=remedy)
    return sensor


def by_satellite(satellite: str) -> tuple[Sensor, ...]:
    """The sensors whose results belong together: `2` is Sentinel-2A, B and C."""
    return tuple(sensor for sensor in sensors() if sensor.satellite == satellite)


def satellites() -> dict[str, str]:
    """Names of all satellites, as in the names of folders: `{"2": "sentinel-2", ...}`."""
    found: dict[str, str] = {}
    for sensor in sensors():
        found.setdefault(sensor.satellite, sensor.satellite_name)
    return found


def satellite_name(satellite: str) -> str:
    """`sentinel-2` for `2`, `landsat-8` for `8`; raises `KeyError` for an unknown one."""
    return satellites()[satellite]


def common_bands(satellite: str) -> tuple[CommonName, ...]:
    """Those of `COMMON` that all sensors of a satellite have."""
    own = [set(sensor.common_bands) for sensor in by_satellite(satellite)]
    return tuple(name for name in COMMON if own and all(name in bands for bands in own))


def refuse_mss(satellite: str) -> InputError:
    """The error for a scene of the multispectral scanner, which has no table here."""
    return InputError(
        f"Landsat {satellite} MSS (multispectral scanner): it has neither blue nor short-wave "
        "infrared, and its band numbers mean other colours than those of TM"
    )


@lru_cache(maxsize=1)
def _plugins() -> tuple[Sensor, ...]:
    from importlib.metadata import entry_points

    found: list[Sensor] = []
    for entry in entry_points(group=ENTRY_POINTS):
        loaded = entry.load()
        for sensor in loaded if isinstance(loaded, tuple) else (loaded,):
            if not isinstance(sensor, Sensor):
                raise TypeError(f"entry point {entry.value} is no Sensor")
            found.append(sensor)
    return tuple(found)
