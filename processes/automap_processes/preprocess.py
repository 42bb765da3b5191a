"""One date as a multiband picture: reflectance, the flags of its mask, NDVI and NDWI.

Input: `scenes`, of the format `scenes`. Bands of int16 with nodata -32768: blue, green, red, nir,
swir1, swir2 (times 10000; those that the satellite has), mask (flags as numbers of bits), ndvi and
ndwi (times 10000).
`automap download` makes the same of whole scenes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from automap_tiles import Empty, Raster, Scenes
from automap_tiles.missions import Flag
from automap_tiles.scenes.masks import flag_picture
from automap_tiles.scenes.prepare import EXACT, planes
from automap_tiles.scenes.prepared import NODATA
from automap_tiles.scenes.prepared import planes as prepared_bands
from automap_tiles.scenes.reading import Reading, frame_of, lattice_of, read_dates
from automap_tiles.scenes.select import Overpass


def execute(
    scenes: Scenes,
    *,
    scene: str | None = None,
    confidence: Literal["low", "medium", "high"] = "medium",
) -> tuple[Raster, dict[int, dict[str, str]]]:
    """The bands of the date that `scene` (an id) belongs to; the only date by default.

    `confidence` is the lowest that sets a flag, where the scene's mask has confidences.
    """
    date = _date(scenes, scene)
    instrument = date.scenes[0].instrument
    reading = Reading(bands=instrument.common_bands, mask=None, whole=True)
    lattice = lattice_of(date.scenes, reading)
    frame = frame_of(scenes.tile, lattice)
    stack = read_dates([date], frame, reading, target=scenes.tile)
    if frame is None or stack.is_empty:
        raise Empty
    flags = np.full(frame.shape, Flag.FILL, dtype=np.uint16)
    for each in date.scenes:
        missing = (flags & np.uint16(Flag.FILL)) != 0
        flags = np.where(missing, flag_picture(each, frame, confidence, scenes.making), flags)
    exact = read_dates([date], frame, EXACT, target=scenes.tile)
    picture = planes(stack, exact, flags)
    masked = np.ma.MaskedArray(picture, mask=picture == NODATA)
    names = prepared_bands(instrument)
    return stack.raster(masked), {n: {"name": name} for n, name in enumerate(names, start=1)}


def _date(scenes: Scenes, scene: str | None) -> Overpass:
    """Raises `ValueError` when it is not clear which one."""
    dates = scenes.dates
    if scene is not None:
        dates = tuple(date for date in dates if scene in {each.id for each in date.scenes})
        if not dates:
            raise ValueError(f"the input has no scene {scene}")
    if len(dates) != 1:
        raise ValueError(f"the input has {len(dates)} dates: name a scene")
    return dates[0]
