"""What `automap run` and `automap download` do and print."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli import words
from automap_tiles.cli.scene_options import SceneOptions
from automap_tiles.cli.scene_reporters import Progress, SceneReporter, scene_reporter
from automap_tiles.cli.scene_steps import execute_config
from automap_tiles.commands.run.composite import composite_config
from automap_tiles.commands.run.discover import Discovered, discover
from automap_tiles.commands.run.download import SceneDone, SceneStatus, download
from automap_tiles.commands.run.folders import (
    composite_path,
    map_path,
    satellite_name,
    scenes_folder,
)
from automap_tiles.commands.run.parameters import Mode, RunParameters
from automap_tiles.commands.run.plan import plans
from automap_tiles.commands.run.record import write_record
from automap_tiles.commands.run.results import check_composites, write_item
from automap_tiles.errors import AutomapError, InputError, TilesFailed

if TYPE_CHECKING:
    from automap_tiles.commands.run.classification import Classification


def carry_out(
    what: SceneOptions, wanted: RunParameters, classification: Classification | None = None
) -> None:
    """Look for scenes, prepare, merge and classify them as far as the mode goes; print how it goes.

    Raises `ConfigError` for a composite that would replace another one and for samples that are no
    good, `TilesFailed` when something failed; all else is done then.
    """
    if wanted.mode.includes(Mode.COMPOSITE) and not _anew(what, wanted, Mode.COMPOSITE):
        check_composites(wanted)
    if classification is not None:
        from automap_tiles.commands.run.classification import check_samples

        check_samples(wanted, classification)
    found = discover(wanted)
    show = scene_reporter(what.log_format, progress=what.progress, verbose=what.verbose)
    show.found(found.notes, found.rejected)
    if what.check:
        _print_plans(wanted, found)
        return
    scenes = _download(what, wanted, found, show)
    failed = sum(scene.status is SceneStatus.FAILED for scene in scenes)
    composites: dict[str, str] = {}
    if wanted.mode.includes(Mode.COMPOSITE):
        composites, lost = _composites(what, wanted, found, show)
        failed += lost
    maps: dict[str, dict[str, str]] = {}
    if classification is not None:
        from automap_tiles.cli.scene_classification import classify

        maps, lost = classify(what, wanted, classification, composites, show)
        failed += lost
    record = write_record(wanted, found, scenes, composites, maps)
    show.results(_results(wanted, found, composites, maps, record))
    if failed:
        raise TilesFailed(f"{failed} scenes or results failed")


def _anew(what: SceneOptions, wanted: RunParameters, mode: Mode) -> bool:
    """Whether what that mode makes is to be made again: only what the run ends with is."""
    return what.overwrite and wanted.mode is mode


def _download(
    what: SceneOptions, wanted: RunParameters, found: Discovered, show: SceneReporter
) -> list[SceneDone]:
    scenes: list[SceneDone] = []
    progress = Progress(sum(len(scenes) for scenes in found.scenes.values()))
    anew = _anew(what, wanted, Mode.DOWNLOAD)
    with contextlib.closing(
        download(wanted, found, workers=what.workers, overwrite=anew)
    ) as stream:
        for scene in stream:
            scenes.append(scene)
            progress.count[scene.status] += 1
            show.scene(scene, progress)
    show.prepared(progress)
    return scenes


def _composites(
    what: SceneOptions, wanted: RunParameters, found: Discovered, show: SceneReporter
) -> tuple[dict[str, str], int]:
    """Merge the scenes of each satellite: satellite → file, and how many could not be made."""
    composites: dict[str, str] = {}
    lost = 0
    for satellite in found.scenes:
        try:
            config = composite_config(wanted, satellite)
        except InputError as error:
            show.found([f"{satellite_name(satellite)}: no composite: {error.message}"], ())
            continue
        try:
            execute_config(what, config, overwrite=_anew(what, wanted, Mode.COMPOSITE))
            write_item(wanted, satellite)
        except AutomapError as error:
            # of this satellite alone: the others have nothing to do with it
            show.failed(f"composite of {satellite_name(satellite)}", str(error))
            lost += 1
        else:
            composites[satellite] = str(composite_path(wanted, satellite))
    return composites, lost


def _print_plans(wanted: RunParameters, found: Discovered) -> None:
    for plan in plans(wanted, found):
        unknown = f" and {plan.unknown} of unknown size" if plan.unknown else ""
        click.echo(
            f"{satellite_name(plan.satellite)}: {words.plural(plan.scenes, 'scene')} "
            f"({plan.done} done), {plan.first:%Y-%m-%d} to {plan.last:%Y-%m-%d}, "
            f"{words.size(plan.bytes)}{unknown}, {words.size(plan.to_fetch)} to fetch"
        )
        if wanted.mode.includes(Mode.COMPOSITE):
            click.echo(f"  composite {composite_path(wanted, plan.satellite)}")
        if wanted.mode.includes(Mode.CLASSIFICATION):
            click.echo(f"  classes {map_path(wanted, plan.satellite)}")
    click.echo("Everything is as it should be; nothing was run.")


def _results(
    wanted: RunParameters,
    found: Discovered,
    composites: Mapping[str, str],
    maps: Mapping[str, Mapping[str, str]],
    record: str,
) -> dict[str, str]:
    paths: dict[str, str] = {}
    for satellite in found.scenes:
        name = satellite_name(satellite)
        paths[f"Scenes of {name}"] = str(scenes_folder(wanted.output, satellite))
        if satellite in composites:
            paths[f"Composite of {name}"] = composites[satellite]
        for kind, path in maps.get(satellite, {}).items():
            paths[f"{kind.capitalize()} of {name}"] = path
    return {**paths, "What was considered": str(Path(wanted.output, record))}
