"""A picture in true colour of reflectance, for maps.

Input: `composite`, reflectance: what `composite` or `automap run` makes, or one scene.

Every pixel is coloured by itself, by one curve: tiles have no seams, and clouds and snow are not
burnt out. Nodata is 0, so that PNG, WebP and GeoTIFF outputs are transparent there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._types import Resampling
from automap_tiles import Empty, RasterInput
from automap_tiles.analysis.radiometry.true_colour import ColourCurve, true_colour


def execute(
    composite: RasterInput,
    *,
    bands: tuple[int, int, int] = (3, 2, 1),
    factor: float = 1e-4,
    middle: float = 0.13,
    gamma: float = 1.8,
    saturation: float = 1.2,
    resampling: Resampling = "nearest",
) -> np.ma.MaskedArray[Any, Any]:
    """Red, green and blue, three bands of uint8, 1 to 255.

    `bands` are the numbers of red, green and blue, from 1. `factor` is the reflectance of a stored
    1. A reflectance of `middle` becomes half as bright as white, before `gamma`, which lifts the
    dark; `saturation` 1 leaves colours as they are.
    """
    if composite.is_empty():
        raise Empty
    values = composite.read(indexes=list(bands), resampling=resampling)
    mask = np.broadcast_to(np.logical_or.reduce(np.ma.getmaskarray(values)), values.shape)
    if mask.all():
        raise Empty
    curve = ColourCurve(middle=middle, gamma=gamma, saturation=saturation)
    reflectance = np.ma.getdata(values).astype(np.float32) * np.float32(factor)
    return np.ma.MaskedArray(true_colour(reflectance, curve), mask=mask)
