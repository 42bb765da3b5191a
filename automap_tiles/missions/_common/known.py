"""Sensor look-up for scenes; the registry, which is a layer above, installs the function."""

from __future__ import annotations

from collections.abc import Callable

from automap_tiles.missions._common.sensor import Sensor

Find = Callable[[str], Sensor]

_find: list[Find] = []


def answer_with(find: Find) -> None:
    """Set the function that looks up sensors."""
    _find[:] = [find]


def sensor_of(key: str) -> Sensor:
    """The sensor with this key; raises `ConfigError` if there is none."""
    return _find[0](key)
