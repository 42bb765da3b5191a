"""Estimate the tiles, memory and time of a run before anything is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from automap_tiles.grid import Bounds, Pyramid, cover
from automap_tiles.missions import common_bands
from automap_tiles.vector import intersection_across_antimeridian
from automap_tiles.workflows.automap._composite import composite_grid
from automap_tiles.workflows.automap.parameters import Mode, RunParameters
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

Range = tuple[float, float]

_DEGREE = 111_320.0
"""Metres of a degree of latitude, and of longitude on the equator."""
_TILE = 512
_STRIP = 1 << 22
"""Pixels of a scene that are prepared at a time (`scenes.prepare`)."""
_FETCHED: Range = (1e6, 1e8)
"""Bytes a second: from a slow line to one beside the archive."""
_PREPARED: Range = (1e6, 1e7)
"""Pixels a second and core, all bands of one. Assumed, and wide: masks that are made of the bands
take several times as long as layers that are read, and so do packed archives."""
_MERGED: Range = (5e5, 2e7)
"""Pixels of a date a second and core: medoids at one end, a median at the other."""
_START = 2.0
"""Seconds that workers take to start."""
_TRAINED: Range = (5.0, 1800.0)
"""Seconds of a training: nothing to search, and a full search of many polygons."""


@dataclass(frozen=True, kw_only=True)
class WorkEstimate:
    """The estimated work for one satellite."""

    tiles: int | None
    """Of the composite; None where no catalogue tells the pixels of the scenes, 0 without one."""
    bytes: int
    """That the results take at most."""
    memory: int
    """Bytes that all workers together hold at most, what Python and GDAL take besides left out."""
    seconds: Range
    """From the quickest to the slowest that is likely."""

    def to_json(self) -> Json:
        return {
            "tiles": self.tiles,
            "result_bytes": self.bytes,
            "memory_bytes": self.memory,
            "seconds": [round(each) for each in self.seconds],
        }


def expected(
    run: RunParameters,
    scenes: Sequence[Scene],
    *,
    pending: int,
    to_fetch: int,
    bands: int,
    workers: int,
) -> WorkEstimate:
    """Of the scenes of one satellite, `pending` of which are to be prepared.

    `bands` are those of the composite.
    """
    satellite = scenes[0].satellite
    planes = len(common_bands(satellite)) + 3  # the mask and two indices
    tiles, pixels = _size(run, satellite, scenes)
    merged = run.mode.includes(Mode.COMPOSITE)
    busy = min(workers, max(1, len(scenes)))
    # int16, and the same as float32 for the indices
    memory = min(_STRIP, pixels) * planes * (2 + 4) * min(busy, max(1, pending))
    size = pending * pixels * planes * 2
    low = to_fetch / _FETCHED[1] + pending * pixels / _PREPARED[1] / busy
    high = to_fetch / _FETCHED[0] + pending * pixels / _PREPARED[0] / busy
    if merged:
        tile = min(_TILE * _TILE, pixels)
        memory = max(memory, tile * len(scenes) * planes * (4 + 1) * workers)
        size += pixels * bands * 2
        low += pixels * len(scenes) / _MERGED[1] / workers
        high += _START + pixels * len(scenes) / _MERGED[0] / workers
    if run.mode.includes(Mode.CLASSIFICATION):
        low, high = low + _TRAINED[0], high + _TRAINED[1]
    return WorkEstimate(
        tiles=tiles if merged else 0, bytes=size, memory=memory, seconds=(low, high)
    )


def _size(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> tuple[int | None, int]:
    """(tiles of the composite, pixels of its box); nothing is opened for it."""
    known = all(scene.band(name).grid for scene in scenes for name in common_bands(satellite))
    if known:
        definition, bounds = composite_grid(run, satellite, scenes)
        pyramid = Pyramid.from_grid(**definition)
        width, height = pyramid.pixel_size(0)
        pixels = round(bounds.width / width) * round(bounds.height / height)
        return cover.count(pyramid, bounds.polygon(), 0), pixels
    seen = shapely.union_all([scene.footprint for scene in scenes if scene.footprint])
    box = Bounds(
        *(run.area if seen.is_empty else intersection_across_antimeridian(run.area, seen)).bounds
    )
    shrunk = math.cos(math.radians((box.bottom + box.top) / 2))
    area = box.width * shrunk * box.height * _DEGREE**2
    return None, max(1, round(area / scenes[0].instrument.resolution ** 2))
