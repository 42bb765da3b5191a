"""Deliveries of one Sentinel-2 acquisition, ranked by processing baseline.

Baselines: ESA, Sentinel-2 products specification document; sen2cor run locally writes 99.xx.
"""

from __future__ import annotations

from datetime import datetime

from automap_tiles.missions._common.deliveries import Deliveries, Merit
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.sentinel2._baseline import is_official, parse_baseline
from automap_tiles.missions.sentinel2._names import datastrip_start


class Sentinel2Deliveries(Deliveries):
    """ESA baselines before any other, newest first."""

    def merits(self, scene: Scene) -> tuple[Merit, ...]:
        text = str(scene.metadata.get("baseline") or "")
        parsed = parse_baseline(text)
        rank = (0, 0, 0) if parsed is None else (int(is_official(text)), *parsed)
        return (Merit(word="baseline", rank=rank, said=text or None),)

    def began(self, scene: Scene) -> datetime | None:
        """Start of the datastrip; a tile at the end of a datastrip comes in two pieces."""
        return datastrip_start(str(scene.metadata.get("datastrip") or ""))
