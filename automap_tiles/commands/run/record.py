"""What a run was made of, as `run_….json` in its output folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automap_tiles.commands.run import stac
from automap_tiles.commands.run.discover import Discovered
from automap_tiles.commands.run.download import SceneDone
from automap_tiles.commands.run.folders import result_name, satellite_name
from automap_tiles.commands.run.parameters import RunParameters
from automap_tiles.storage import open_storage
from automap_tiles.version import VERSION


def write_record(
    run: RunParameters,
    found: Discovered,
    scenes: Sequence[SceneDone],
    composites: Mapping[str, str],
    maps: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Write the record; its name. Raises `OutputError`.

    `composites`: satellite → file; `maps`: satellite → files of its classification by what they
    are.
    """
    name = f"run_{run.mode}_{result_name(run)}.json"
    content = record(run, found, scenes, composites, maps or {})
    stac.put(open_storage(str(run.output)), name, content)
    return name


def record(
    run: RunParameters,
    found: Discovered,
    scenes: Sequence[SceneDone],
    composites: Mapping[str, str],
    maps: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Parameters, every scene that was considered with what became of it, and the results."""
    from shapely.geometry import mapping

    parts: dict[str, Any] = {}
    for satellite in sorted(run.satellites):
        own = [scene for scene in scenes if scene.satellite == satellite]
        parts[satellite_name(satellite)] = {
            "scenes": [_scene(scene) for scene in own],
            "composite": composites.get(satellite),
            **maps.get(satellite, {}),
        }
    return {
        "version": VERSION,
        "mode": str(run.mode),
        "description": run.description,
        "satellites": sorted(run.satellites),
        "start": str(run.period.first),
        "end": str(run.period.last),
        "source": run.source,
        "statistics": list(run.statistics),
        "provenance": list(run.provenance),
        "mask": list(run.mask),
        "mask_of": run.making.label or "the scenes' own layers",
        "max_cloud_cover": run.max_cloud_cover,
        "area": mapping(run.area),
        "results": parts,
        "notes": list(found.notes),
        "set_aside": [{"scene": name, "reason": reason} for name, reason in found.rejected],
    }


def _scene(scene: SceneDone) -> dict[str, Any]:
    said: dict[str, Any] = {"id": scene.scene, "status": str(scene.status)}
    return said if scene.error is None else {**said, "error": scene.error}
