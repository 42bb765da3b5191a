"""Dry run: what a run would do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import shapely
from shapely.geometry import mapping

from automap_tiles.engine.pools.choice import usable_processors
from automap_tiles.engine.pools.task_pool import AHEAD
from automap_tiles.engine.run import Outdated
from automap_tiles.missions import Scene, common_bands
from automap_tiles.notes import Note, collecting
from automap_tiles.scenes import download as fetching
from automap_tiles.scenes.funnel import Funnel
from automap_tiles.workflows.automap._classification import check_samples, classification_of
from automap_tiles.workflows.automap._composite import composite_bands
from automap_tiles.workflows.automap._disk_quota import check_disk_space, quota_for
from automap_tiles.workflows.automap._download import done
from automap_tiles.workflows.automap._estimate import WorkEstimate, expected
from automap_tiles.workflows.automap._fetching import is_remote_scene
from automap_tiles.workflows.automap._results import check_composites, report_cloud_confidence
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.automap._updating import check_update, expected_renewal
from automap_tiles.workflows.automap.discover import Discovered, discover
from automap_tiles.workflows.automap.folders import (
    composite_path,
    map_path,
    scenes_folder,
)
from automap_tiles.workflows.automap.order import ClassificationOrder, DownloadOrder
from automap_tiles.workflows.automap.parameters import Mode, RunParameters, parameters_of
from automap_tiles.workflows.automap.state import SceneRejected
from automap_tiles.workflows.events import Json


@dataclass(frozen=True, kw_only=True)
class SatellitePlan:
    """Plan for one satellite."""

    satellite: str
    scenes: int
    done: int
    """Scenes prepared by an earlier run."""
    first: datetime
    last: datetime
    bytes: int
    """Size of all scene files, as far as known."""
    to_fetch: int
    """Bytes of them still to be downloaded."""
    unknown: int
    """Number of files of unknown size."""
    expected: WorkEstimate
    folder: str
    """Folder of the prepared scenes."""
    composite: str | None = None
    """Path; None if none is requested."""
    classes: str | None = None
    renewed: Outdated | None = None
    """Parts of the existing composite affected by scenes that were added, removed or changed."""
    places: tuple[Json, ...] = ()
    """Name, time and footprint as GeoJSON (None: unknown) of each scene."""

    def to_json(self) -> Json:
        renewed = self.renewed
        return {
            "satellite": self.satellite,
            "scenes": self.scenes,
            "done": self.done,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "bytes": self.bytes,
            "to_fetch": self.to_fetch,
            "files_of_unknown_size": self.unknown,
            **self.expected.to_json(),
            "folder": self.folder,
            "composite": self.composite,
            "classes": self.classes,
            **({} if renewed is None else {"anew": renewed.anew, "changed": str(renewed)}),
            "places": list(self.places),
        }


@dataclass(frozen=True, kw_only=True)
class AutomapReport:
    """Planned results and required resources."""

    mode: Mode
    output: str
    satellites: tuple[SatellitePlan, ...]
    """Satellites that have scenes."""
    rejected: tuple[SceneRejected, ...]
    """Scenes that are wanted but cannot be used."""
    found: Discovered
    notes: tuple[Note, ...]
    """What would be lost, replaced, ignored or guessed."""
    free_bytes: int | None
    """On the output's disk; None: unknown for an object store."""

    @property
    def funnel(self) -> Funnel:
        """From all scenes of the source to those used."""
        return self.found.funnel

    @property
    def warnings(self) -> tuple[str, ...]:
        """Possible problems, besides the notes."""
        needed = sum(plan.to_fetch + plan.expected.bytes for plan in self.satellites)
        if self.free_bytes is None or needed <= self.free_bytes:
            return ()
        return (
            f"the results may not fit: up to {needed} bytes, {self.free_bytes} are free where the "
            "output is",
        )

    def to_json(self) -> Json:
        plans = self.satellites
        tiles = [plan.expected.tiles for plan in plans]
        return {
            "mode": str(self.mode),
            "output": self.output,
            "scenes": sum(plan.scenes for plan in plans),
            "done": sum(plan.done for plan in plans),
            "bytes": sum(plan.bytes for plan in plans),
            "to_fetch": sum(plan.to_fetch for plan in plans),
            "files_of_unknown_size": sum(plan.unknown for plan in plans),
            "tiles": None if None in tiles else sum(filter(None, tiles)),
            "memory_bytes": max((plan.expected.memory for plan in plans), default=0),
            "seconds": [round(sum(plan.expected.seconds[end] for plan in plans)) for end in (0, 1)],
            "satellites": [plan.to_json() for plan in plans],
            "funnel": self.funnel.to_json(),
            "set_aside": [one.to_json() for one in self.rejected],
            "notes": [note.to_json() for note in self.notes],
            "warnings": list(self.warnings),
        }


def check(order: DownloadOrder) -> AutomapReport:
    """Search the scenes and estimate the required resources; nothing is downloaded or written.

    Raises what `run` does before its first scene, and `OutputError` if there is not enough space
    for the downloads.
    """
    with collecting() as told:
        check_update(order)
        wanted = parameters_of(order)
        if wanted.mode.includes(Mode.COMPOSITE):
            if not (order.overwrite and wanted.mode is Mode.COMPOSITE):
                check_composites(wanted)
            report_cloud_confidence(wanted)
        if isinstance(order, ClassificationOrder):
            check_samples(wanted, classification_of(order))
        found = discover(wanted)
        parts = plans(wanted, found, order.workers)
    return AutomapReport(
        mode=wanted.mode,
        output=str(wanted.output),
        satellites=parts,
        rejected=tuple(SceneRejected(scene=name, reason=why) for name, why in found.rejected),
        found=found,
        notes=(*found.notes, *told.grouped()),
        free_bytes=None if wanted.output.is_remote else _free(Path(wanted.output.text)),
    )


def plans(
    run: RunParameters, found: Discovered, workers: int | None = None
) -> tuple[SatellitePlan, ...]:
    """Plan for every satellite.

    Raises `OutputError` if there is not enough space for the downloads.
    """
    busy = workers or usable_processors()
    return tuple(_plan(run, satellite, scenes, busy) for satellite, scenes in found.scenes.items())


def _free(path: Path) -> int:
    """Free bytes on the disk of a folder that need not exist."""
    there = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(there).free


def _plan(
    run: RunParameters, satellite: str, scenes: Sequence[Scene], workers: int
) -> SatellitePlan:
    folder = Scratch(run.output).fetched(satellite)
    bands = (*common_bands(satellite), *run.making.bands)
    ready = done(run, satellite, scenes)
    pending = [scene for scene in scenes if scene.id not in ready]
    files = fetching.measured(
        [file for scene in scenes for file in fetching.files_of(scene, bands)]
    )
    remote = {scene.id for scene in pending if is_remote_scene(scene)}
    to_fetch = [file for file in files if file.scene in remote]
    amount = fetching.amount(to_fetch, folder)
    check_disk_space(to_fetch, folder, quota_for(workers, AHEAD))
    merged = run.mode.includes(Mode.COMPOSITE)
    mapped = run.mode.includes(Mode.CLASSIFICATION)
    return SatellitePlan(
        satellite=satellite,
        scenes=len(scenes),
        done=len(ready),
        first=scenes[0].time,
        last=scenes[-1].time,
        bytes=sum(file.size or 0 for file in files),
        to_fetch=amount.missing,
        unknown=sum(file.size is None for file in files),
        expected=expected(
            run,
            scenes,
            pending=len(pending),
            to_fetch=amount.missing,
            bands=len(composite_bands(run, satellite)),
            workers=workers,
        ),
        folder=str(scenes_folder(run.output, satellite)),
        composite=str(composite_path(run, satellite)) if merged else None,
        classes=str(map_path(run, satellite)) if mapped else None,
        renewed=expected_renewal(run, satellite, scenes, ready) if merged else None,
        places=tuple(map(_place, scenes)),
    )


def _place(scene: Scene) -> Json:
    """Position of a scene, rounded to four digits, about ten metres."""
    shape = scene.footprint
    outline = None if shape is None else shapely.set_precision(shape, 1e-4)
    return {
        "scene": scene.id,
        "time": scene.time.isoformat(),
        "cloud_cover": scene.cloud_cover,
        "footprint": None if outline is None or outline.is_empty else mapping(outline),
    }
