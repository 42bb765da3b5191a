"""How often every place was seen, and how often it counted.

Input: `scenes`, of the format `scenes`. Whole numbers: an output of dtype uint16 without a nodata
value, or with one of 65535, keeps the zeros.
"""

from __future__ import annotations

import numpy as np

from automap_processes._date_sums import Tags, observed, result, sums
from automap_tiles import Raster, Scenes


def execute(scenes: Scenes) -> tuple[Raster, Tags]:
    """Bands valid_count (dates that the input's mask lets count) and observed_count (with data).

    No data where the place was never seen.
    """
    seen = observed(scenes)
    valid = sums(scenes, masked=True)
    counts = np.zeros_like(seen.count) if valid is None else valid.count
    never = seen.count == 0
    planes = {
        "valid_count": np.ma.MaskedArray(counts, mask=never),
        "observed_count": np.ma.MaskedArray(seen.count, mask=never),
    }
    return result(seen.place, planes)
