"""How probable a cloud is at every place: the share of its observations that the mask rules out.

Input: `scenes`, of the format `scenes`; its `mask` says what is a cloud.
"""

from __future__ import annotations

from automap_processes._date_sums import Tags, mean, observed, result, sums
from automap_tiles import Raster, Scenes


def execute(scenes: Scenes, *, scale: float = 100.0) -> tuple[Raster, Tags]:
    """One band, cloud_probability, 0 to `scale`; no data where the place was never seen."""
    seen = observed(scenes)
    valid = sums(scenes, masked=True)
    clouded = seen.count.astype(float) - (0 if valid is None else valid.count)
    return result(seen.place, {"cloud_probability": mean(clouded * scale, seen.count)})
