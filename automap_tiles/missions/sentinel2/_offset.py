"""The offset of Sentinel-2 numbers, decided from contradictory metadata.

ESA adds 1000 to every number since processing baseline 04.00, also in reprocessed older scenes.
Earth Search removes it from its own GeoTIFFs, as `earthsearch:boa_offset_applied` states, but
leaves `offset: -0.1` in `raster:bands`; for other scenes the flag itself is wrong. So the sources
are compared, and where they disagree the numbers themselves can be checked (`catalogue.verify`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from automap_tiles.missions._common.stac import Item
from automap_tiles.missions.sentinel2._baseline import OFFSET_SINCE, has_offset, is_official

_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied", "boa_offset_applied")


@dataclass(frozen=True, kw_only=True)
class Offset:
    """Offset to add to the numbers to get reflectance × 10000."""

    value: float
    """0 or -1000."""
    applied: bool | None
    """Value of the flag; None: missing."""
    baseline: float | None
    """Offset implied by ESA's processing baseline; None: unknown."""
    stated: float | None
    """Offset in `raster:bands`; None: missing."""
    at_home: bool = False
    """Whether sen2cor was run locally, whose baseline (99.99) does not imply an offset."""

    @property
    def doubtful(self) -> bool:
        """Whether the sources disagree, or there is none.

        Scenes with the flag are also doubtful if an offset is possible, since it is often wrong.
        """
        said = [value for value in (self.baseline, self.stated) if value is not None]
        if self.at_home or (self.applied is not None and any(said)):
            return True
        return not said or len(set(said)) > 1

    def as_metadata(self) -> dict[str, Any]:
        """For `Scene.metadata`."""
        return {
            "used": self.value,
            "applied": self.applied,
            "baseline": self.baseline,
            "stated": self.stated,
            "doubtful": self.doubtful,
        }


def weigh(item: Item, baseline: str | None, stated: float | None, scale: float) -> Offset:
    """Decide the offset: from the flag, then ESA's baseline, then `raster:bands`.

    `stated` and `scale` are those of `raster:bands`, in reflectance.
    """
    flag = item.first(*_APPLIED)
    applied = flag if isinstance(flag, bool) else None
    told = None if baseline is None else has_offset(baseline)
    of_baseline = None if told is None else (-1000.0 if told else 0.0)
    at_home = baseline is not None and not is_official(baseline)
    in_numbers = None if stated is None else float(round(stated / scale))
    if applied:
        value = 0.0
    elif of_baseline is not None:
        value = of_baseline
    elif in_numbers is None and at_home and item.time.date() >= OFFSET_SINCE:
        value = -1000.0  # sen2cor keeps the offset of its source in the numbers
    else:
        value = in_numbers or 0.0
    return Offset(
        value=value, applied=applied, baseline=of_baseline, stated=in_numbers, at_home=at_home
    )
