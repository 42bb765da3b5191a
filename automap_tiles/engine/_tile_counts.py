"""How many tiles a process has."""

from __future__ import annotations

from collections.abc import Sequence

from automap_tiles.grid import cover
from automap_tiles.runtime import Process


def tile_counts(process: Process, zooms: Sequence[int]) -> dict[int, int]:
    """Zoom → tiles; zooms of one area are counted together, which costs little more than one."""
    found: dict[int, int] = {}
    for zoom in zooms:
        if zoom not in found:
            area = process.area_at(zoom)
            alike = [each for each in zooms if process.area_at(each) is area]
            found |= cover.counts(process.pyramid, area, alike)
    return found
