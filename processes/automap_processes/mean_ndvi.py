"""The mean NDVI of all dates, with and without the mask: what the clouds would do to it.

Input: `scenes`, of the format `scenes`, with the bands nir and red.
"""

from __future__ import annotations

import numpy as np

from automap_processes._date_sums import Tags, mean, observed, result, sums
from automap_tiles import Raster, Scenes


def execute(scenes: Scenes, *, scale: float = 1.0) -> tuple[Raster, Tags]:
    """Bands ndvi_masked and ndvi_unmasked, times `scale`; no data where there is no date."""
    seen = observed(scenes, ndvi=True)
    valid = sums(scenes, masked=True, ndvi=True)
    if valid is None:
        nothing = np.zeros_like(seen.count)
        masked = mean(nothing, nothing)
    else:
        masked = mean(valid.ndvi * scale, valid.ndvi_count)
    planes = {
        "ndvi_masked": masked,
        "ndvi_unmasked": mean(seen.ndvi * scale, seen.ndvi_count),
    }
    return result(seen.place, planes)
