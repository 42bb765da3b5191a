"""Update composites whose scenes differ from those they were made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from automap_tiles.engine.journal import JournalReader, RunRecord, has_journal, place_of
from automap_tiles.engine.run import Outdated, Update, expected, manifest_of
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats.parts import InputPart, Manifest
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.runtime import Process, open_process
from automap_tiles.scenes.prepare import planned_grid
from automap_tiles.scenes.select import overpasses
from automap_tiles.storage import Address
from automap_tiles.workflows.automap._composite import composite_config
from automap_tiles.workflows.automap._fetching import is_remote_scene
from automap_tiles.workflows.automap.folders import composite_path, map_path, model_path
from automap_tiles.workflows.automap.order import CompositeOrder, DownloadOrder
from automap_tiles.workflows.automap.parameters import RunParameters

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_SCENE_INDEX = "scene_index"
"""This provenance band indexes all dates, so an additional date shifts others."""


def check_update(order: DownloadOrder) -> None:
    """Raise `ConfigError` for an order that asks both to update and to overwrite."""
    if isinstance(order, CompositeOrder) and order.update and order.overwrite:
        raise ConfigError(
            "excludes overwrite, which makes all anew",
            key="update",
            found=True,
            remedy="leave out one of them",
        )


def update_of(order: DownloadOrder, run: RunParameters) -> Update:
    """The update of a composite, whose tiles depend only on the scenes that intersect them."""
    return Update(
        apply=isinstance(order, CompositeOrder) and order.update,
        order_counts=_SCENE_INDEX in run.provenance,
    )


def expected_renewal(
    run: RunParameters, satellite: str, scenes: Sequence[Scene], ready: Collection[str]
) -> Outdated | None:
    """Parts of the existing composite that a run with these scenes would renew; None: no composite.

    `ready`: ids of scenes that are prepared and up to date. Also None if it cannot be determined
    before scenes are downloaded.
    """
    if not has_journal(place_of(composite_path(run, satellite).text)):
        return None
    try:
        process = open_process(composite_config(run, satellite, ready or None))
    except InputError:  # none of them has a pixel
        return None
    there = manifest_of(process)
    if there is None or not all(scene.id in ready or _is_known(scene) for scene in scenes):
        return None
    known = {part.name: part for part in there.parts if part.name in ready}
    parts: list[InputPart] = []
    for number, date in enumerate(overpasses(scenes)):
        for scene in date.scenes:
            part = known.get(scene.id)
            if part is None and scene.id not in ready:
                part = _planned(scene, run.area)
            if part is not None:
                parts.append(replace(part, group=number, day=str(date.time.date())))
    now = Manifest(frame=there.frame, parts=tuple(parts))
    found = expected(process, now, order_counts=_SCENE_INDEX in run.provenance)
    is_same = found is not None and found.changes is not None and not found.changes
    return None if is_same else found


def _planned(scene: Scene, area: BaseGeometry) -> InputPart | None:
    """A scene that is not prepared, or outdated; None without a pixel."""
    grid = planned_grid(scene, area)
    return (
        None if grid is None else InputPart(name=scene.id, version="", group=0, day="", grid=grid)
    )


def _is_known(scene: Scene) -> bool:
    """Whether the position of its pixels is known without downloading anything."""
    bands = [scene.find(name) for name in scene.instrument.common_bands]
    return not is_remote_scene(scene) or all(band and band.grid for band in bands)


def is_on_other_grid(process: Process) -> bool:
    """Whether there are tiles of a composite on a grid that most scenes no longer share."""
    runs = _runs(process.writer.path)
    if not runs:
        return False
    now = process.hashes().output
    return any(run.output != now for run in runs)


def is_map_outdated(run: RunParameters, satellite: str) -> bool:
    """Whether tiles of the composite are newer than tiles of the existing map."""
    composite = _finished(composite_path(run, satellite))
    begun = _begun(map_path(run, satellite))
    return composite is not None and begun is not None and begun < composite


def outdated_results(run: RunParameters, satellite: str) -> Note | None:
    """Model and map made from a composite that has changed since."""
    there = [path for path in (model_path, map_path) if path(run, satellite).exists()]
    if not there or not is_map_outdated(run, satellite):
        return None
    return Note(
        fate=Fate.REPLACED,
        subject=Subject.FILES,
        reason="the composite that they were made of is another one by now",
        count=len(there),
        examples=tuple(path(run, satellite).name for path in there),
        remedy="--mode classification --update makes them anew",
    )


def _finished(output: Address) -> float | None:
    """End (or start) of the last run that wrote tiles of an output."""
    return max((run.finished or run.started for run in _runs(output.text)), default=None)


def _begun(output: Address) -> float | None:
    """Start of the first run with tiles in an output."""
    return min((run.started for run in _runs(output.text)), default=None)


def _runs(output: str) -> list[RunRecord]:
    """Runs with tiles in an output; empty if there is no journal."""
    place = place_of(output)
    if not has_journal(place):
        return []
    with JournalReader.at(place) as journal:
        return journal.runs_with_tiles()
