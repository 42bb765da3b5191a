"""What a run would do, found out without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from automap_tiles.commands.run.discover import Discovered
from automap_tiles.commands.run.download import done, is_remote_scene
from automap_tiles.commands.run.folders import fetched_folder
from automap_tiles.commands.run.parameters import RunParameters
from automap_tiles.missions import common_bands
from automap_tiles.scenes import download as fetching


@dataclass(frozen=True, kw_only=True)
class SatellitePlan:
    """The part of one satellite."""

    satellite: str
    scenes: int
    done: int
    """Prepared by an earlier run."""
    first: datetime
    last: datetime
    bytes: int
    """Of the files of all scenes whose size is known."""
    to_fetch: int
    """Those of them that are still to be fetched."""
    unknown: int
    """Files whose size nobody tells."""


def plans(run: RunParameters, found: Discovered) -> tuple[SatellitePlan, ...]:
    """Of every satellite; raises `OutputError` when there is no space for what is to be fetched."""
    result = []
    for satellite, scenes in found.scenes.items():
        folder = fetched_folder(run.output, satellite)
        bands = (*common_bands(satellite), *run.making.bands)
        pending = {scene.id for scene in scenes} - done(run, satellite, scenes)
        files = fetching.measured(
            [file for scene in scenes for file in fetching.files_of(scene, bands)]
        )
        remote = {scene.id for scene in scenes if is_remote_scene(scene)} & pending
        amount = fetching.amount([file for file in files if file.scene in remote], folder)
        fetching.check_space(amount, folder)
        result.append(
            SatellitePlan(
                satellite=satellite,
                scenes=len(scenes),
                done=len(scenes) - len(pending),
                first=scenes[0].time,
                last=scenes[-1].time,
                bytes=sum(file.size or 0 for file in files),
                to_fetch=amount.missing,
                unknown=sum(file.size is None for file in files),
            )
        )
    return tuple(result)
