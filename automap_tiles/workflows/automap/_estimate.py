"""Estimate the tiles, memory and time of a run before anything is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from automap_tiles.grid import METRES_PER_DEGREE, Bounds, Pyramid, cover
from automap_tiles.missions import common_bands
from automap_tiles.vector import intersection_across_antimeridian
from automap_tiles.workflows.automap._composite import composite_grid
from automap_tiles.workflows.automap.parameters import Mode, RunParameters
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

Range = tuple[float, float]

_TILE = 512
_STRIP = 1 << 22
"""Pixels of a scene that are prepared at a time (`scenes.prepare`)."""
_FETCHED: Range = (1e6, 1e8)
"""Bytes per second: from a slow line to a machine near the archive."""
_PREPARED: Range = (1e6, 1e7)
"""Pixels per second and core, all bands together. A wide assumption: masks computed from bands take
several times as long as existing layers, and so do packed archives."""
_MERGED: Range = (5e5, 2e7)
"""Pixels per date, second and core: from medoid to median."""
_START = 2.0
"""Start-up time of workers, seconds."""
_TRAINED: Range = (5.0, 1800.0)
"""Seconds of a training: from no search to a full search with many polygons."""


@dataclass(frozen=True, kw_only=True)
class WorkEstimate:
    """The estimated work for one satellite."""

    tiles: int | None
    """Tiles of the composite; None if no catalogue states the scenes' pixels, 0 without
    composite."""
    bytes: int
    """Largest size of the results."""
    memory: int
    """Peak of all workers together in bytes, without Python and GDAL themselves."""
    seconds: Range
    """Shortest and longest likely time."""

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
    """Estimate for the scenes of one satellite, of which `pending` are to be prepared.

    `bands` are those of the composite.
    """
    satellite = scenes[0].satellite
    planes = len(common_bands(satellite)) + 3  # plus mask and two indices
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
    """(tiles of the composite, pixels of its box); opens no file."""
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
    area = box.width * shrunk * box.height * METRES_PER_DEGREE**2
    return None, max(1, round(area / scenes[0].instrument.resolution ** 2))
