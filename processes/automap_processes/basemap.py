"""A picture in true colour of reflectance, for maps.

Input: `composite`, reflectance: what `composite` or `automap run` makes, or one scene.

Every pixel is coloured by itself, by one curve: tiles have no seams, and clouds and snow are not
burnt out. Nodata is 0, so that PNG, WebP and GeoTIFF outputs are transparent there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_processes._colours import bands_of, check_colours, units_of
from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader
from automap_tiles.analysis.radiometry.true_colour import ColourCurve, true_colour


def check_parameters(
    composite: RasterReader,
    bands: tuple[int, int, int] | None = None,
    factor: float | None = None,
    middle: float = 0.13,
    gamma: float = 1.8,
    saturation: float = 1.2,
) -> int:
    """How many bands the picture has; complains of parameters that cannot work."""
    for name, value in (("middle", middle), ("gamma", gamma)):
        if not 0 < value < np.inf:
            raise ConfigError("is more than 0", key=f"process_parameters.{name}", found=value)
    if not 0 <= saturation < np.inf:
        key = "process_parameters.saturation"
        raise ConfigError("is 0 or more", key=key, found=saturation)
    check_colours(composite, bands, factor)
    return 3


def execute(
    composite: RasterInput,
    *,
    bands: tuple[int, int, int] | None = None,
    factor: float | None = None,
    middle: float = 0.13,
    gamma: float = 1.8,
    saturation: float = 1.2,
    resampling: Resampling = "nearest",
) -> np.ma.MaskedArray[Any, Any]:
    """Red, green and blue, three bands of uint8, 1 to 255.

    `bands` are the numbers of red, green and blue, from 1; by default those of these names (of
    several statistics the first), or 3, 2, 1 where no band is called so. `factor` is the
    reflectance of a stored 1; by default what the bands say, else 1e-4 for whole numbers and 1 for
    others. A reflectance of `middle` becomes half as bright as white, before `gamma`, which lifts
    the dark; `saturation` 1 leaves colours as they are.
    """
    if composite.is_empty():
        raise Empty
    table = composite.describe_bands()
    numbers = bands_of(table.names, bands)
    values = composite.read(indexes=list(numbers), resampling=resampling)
    mask = np.broadcast_to(np.logical_or.reduce(np.ma.getmaskarray(values)), values.shape)
    if mask.all():
        raise Empty
    curve = ColourCurve(middle=middle, gamma=gamma, saturation=saturation)
    own = [(table.scales[number - 1], table.offsets[number - 1]) for number in numbers]
    scale, offset = np.array(units_of(own, values.dtype, factor), np.float32).T[:, :, None, None]
    reflectance = np.ma.getdata(values).astype(np.float32) * scale + offset
    return np.ma.MaskedArray(true_colour(reflectance, curve), mask=mask)
