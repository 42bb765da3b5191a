"""Shaded relief of an elevation model.

Inputs: `dem`, heights in its first band; `clip` (optional), features: tiles without any are left
out, the others are not cut, as in mapchete.

Needs `pixelbuffer: 1` (or more) in the pyramid, because the slope of a pixel is that of its
neighbours. Without one the outermost pixels of every tile repeat those beside them and tile edges
show.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._ignored_parameters import check_matching
from automap_processes._types import Matching, Resampling
from automap_tiles import Empty, Fate, Note, RasterInput, Subject, Tile, VectorInput, tell
from automap_tiles.analysis import terrain

check_parameters = check_matching


def execute(  # noqa: PLR0913 - names and defaults that process files already use
    dem: RasterInput,
    clip: VectorInput | None = None,
    *,
    resampling: Resampling = "nearest",
    azimuth: float = 315.0,
    altitude: float = 45.0,
    z: float = 1.0,
    scale: float = 1.0,
    td_matching_method: Matching = "gdal",  # noqa: ARG001
    td_matching_max_zoom: int | None = None,  # noqa: ARG001
    td_matching_precision: int = 8,  # noqa: ARG001
    td_fallback_to_higher_zoom: bool = False,  # noqa: ARG001
) -> np.ma.MaskedArray[Any, Any]:
    """Brightness from 1 to 255 under a lamp, one band of uint8.

    `altitude` is the lamp's height over the horizon in degrees. `azimuth` is its direction in
    degrees counted from west over south, as mapchete does: 315 is north-west as on a compass, but
    for any other compass direction give 270 minus it. `z` exaggerates heights; `scale` is the
    number of height units in a unit of the grid (111120 for metres on the geodetic grid).
    """
    if dem.is_empty() or (clip is not None and clip.is_empty()):
        raise Empty
    heights = dem.read(indexes=1, resampling=resampling)
    if np.ma.getmaskarray(heights).all():
        raise Empty
    tile = dem.tile
    _tell_guesses(tile, scale)
    return terrain.hillshade(
        heights,
        (tile.pixel_x_size, tile.pixel_y_size),
        azimuth=azimuth,
        altitude=altitude,
        z=z,
        scale=scale,
    )


def _tell_guesses(tile: Tile, scale: float) -> None:
    """What is taken for granted and hardly ever meant."""
    if tile.crs.is_geographic and scale == 1.0:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.TILES,
                reason="heights are taken for degrees, as the grid is: every slope is as steep as "
                "a wall",
                examples=(str(tile.index),),
                remedy="scale: 111120 for metres",
            )
        )
    if not tile.pixelbuffer:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.TILES,
                reason="the outermost pixels are shaded as those beside them: edges may show",
                examples=(str(tile.index),),
                remedy="pixelbuffer: 1 under pyramid",
            )
        )
