"""The common flag layout into which the quality layers of all satellites are translated."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntFlag

from automap_tiles.errors import ConfigError


class Flag(IntFlag):
    """Bits of the uint16 arrays that `QualityLayer.to_flags` returns; no bit set: clear land."""

    FILL = 1 << 0
    """No data, or a code that is not in the layer's table."""
    CLOUD = 1 << 1
    CIRRUS = 1 << 2
    SHADOW = 1 << 3
    """Cloud shadow."""
    SNOW = 1 << 4
    """Snow or ice."""
    WATER = 1 << 5
    SATURATED = 1 << 6
    """At least one band is saturated (Sentinel-2: or defective)."""
    DILATED = 1 << 7
    """Near a cloud or its shadow."""
    TERRAIN = 1 << 8
    """Hidden from the sensor by terrain."""
    DROPPED = 1 << 9
    """Pixel, line or frame lost in transmission."""
    DARK = 1 << 10
    """Dark area or shadow of terrain."""
    UNCLASSIFIED = 1 << 11
    """Left undecided by the producer's classifier."""
    AEROSOL = 1 << 12
    """High aerosol load."""


NAMES = tuple((flag.name or "").lower() for flag in Flag)
"""As users write them: `mask: [cloud, shadow]`."""


def parse(name: str) -> Flag:
    """The flag with this name; raises `ConfigError` with the closest match."""
    flag = Flag.__members__.get(name.strip().upper())
    if flag is None:
        close = difflib.get_close_matches(name.lower(), NAMES, 1, 0.5)
        remedy = f"{close[0]}?" if close else f"one of {', '.join(NAMES)}"
        raise ConfigError("unknown flag", key="mask", found=name, remedy=remedy)
    return flag


def combine(flags: Iterable[Flag | str]) -> Flag:
    """Bitwise OR of flags, to be tested against a flag array with `&`."""
    union = Flag(0)
    for flag in flags:
        union |= parse(flag) if isinstance(flag, str) else flag
    return union
