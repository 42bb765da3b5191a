"""Rasters in the workspace of a job, for its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from automap_tiles.errors import AutomapError
from automap_tiles.jobs.job import Job, SceneFate
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.workflows.automap.folders import PARTS, SCENES, result_names
from automap_tiles.workflows.automap.parameters import Mode, parse_statistics, satellites_of

_WITH_PICTURE = ("written", "there")


@dataclass(frozen=True, kw_only=True)
class JobRaster:
    """A raster that can be shown."""

    name: str
    """Unique within its job: `landsat-8/composite`, `landsat-8/LC08_…`."""
    title: str
    path: Path
    """A file, or the folder of the tiles written so far."""
    stamp: str
    """Changes with the raster."""


def rasters(job: Job, workspace: Path, scenes: Sequence[SceneFate]) -> list[JobRaster]:
    """Class maps, composites, then scenes, including unfinished results."""
    try:
        satellites = sorted(satellites_of(job.order["satellites"]))
        first, last = (date.fromisoformat(str(job.order[end])) for end in ("start", "end"))
        statistics = parse_statistics(job.order.get("statistics") or "median")
        mode = Mode(job.workflow)
    except (AutomapError, ValueError, KeyError):  # from another version with different orders
        return []
    found = []
    for word, file in result_names(mode, (first, last), statistics).items():
        for satellite in satellites:
            title = f"{satellite} {'map of classes' if word == 'classes' else word}"
            found.append(_raster(f"{satellite}/{word}", title, workspace / satellite / file))
    for each in scenes:
        if each.status in _WITH_PICTURE and each.satellite is not None:
            path = workspace / each.satellite / SCENES / f"{safe_name(each.scene)}.tif"
            found.append(_raster(f"{each.satellite}/{each.scene}", each.scene, path))
    return [each for each in found if each is not None]


def _raster(name: str, title: str, path: Path) -> JobRaster | None:
    """None if it does not exist yet."""
    parts = path.with_name(path.name + PARTS)
    try:
        if path.exists():
            about = path.stat()
            stamp = f"{about.st_mtime_ns}-{about.st_size}"
            return JobRaster(name=name, title=title, path=path, stamp=stamp)
        tiles = sum(1 for _ in parts.rglob("*.tif"))
    except OSError:  # being assembled or removed at this moment
        return None
    if not tiles:
        return None
    said = f"{title}, {tiles} tile{'' if tiles == 1 else 's'} so far"
    return JobRaster(name=name, title=said, path=parts, stamp=f"{tiles}")
