"""Deliveries of one acquisition of Sentinel-2: by processing baseline.

Baselines: ESA, Sentinel-2 products specification document; 99.xx is what sen2cor writes when it is
run at home.
"""

from __future__ import annotations

from datetime import datetime

from automap_tiles.missions._common.deliveries import Deliveries, Merit
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.sentinel2._baseline import is_official, parse_baseline
from automap_tiles.missions.sentinel2._names import datastrip_start


class Sentinel2Deliveries(Deliveries):
    """ESA's own baseline before any other, the newest before older ones."""

    def merits(self, scene: Scene) -> tuple[Merit, ...]:
        text = str(scene.metadata.get("baseline") or "")
        parsed = parse_baseline(text)
        rank = (0, 0, 0) if parsed is None else (int(is_official(text)), *parsed)
        return (Merit(word="baseline", rank=rank, said=text or None),)

    def began(self, scene: Scene) -> datetime | None:
        """A tile in which a datastrip ends comes in two pieces."""
        return datastrip_start(str(scene.metadata.get("datastrip") or ""))
