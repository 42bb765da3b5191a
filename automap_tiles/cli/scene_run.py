"""What `automap run` and `automap download` do and print."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from automap_tiles.cli import words
from automap_tiles.cli.options import RunOptions
from automap_tiles.cli.run import conclude, run, shown
from automap_tiles.cli.scene_options import SceneOptions
from automap_tiles.commands.run.composite import composite_config
from automap_tiles.commands.run.discover import Discovered, discover
from automap_tiles.commands.run.download import SceneDone, SceneStatus, download
from automap_tiles.commands.run.folders import composite_path, satellite_name, scenes_folder
from automap_tiles.commands.run.parameters import Mode, RunParameters
from automap_tiles.commands.run.plan import plans
from automap_tiles.commands.run.record import write_record
from automap_tiles.errors import InputError, TilesFailed
from automap_tiles.runtime.open import open_process

_LINE_SECONDS = 5.0


def carry_out(what: SceneOptions, wanted: RunParameters) -> None:
    """Look for scenes, prepare them and, in that mode, merge them; print how it goes.

    Raises `TilesFailed` when something failed; the others are done then.
    """
    found = discover(wanted)
    for name, reason in found.rejected:
        click.echo(f"Set aside: {name}: {reason}", err=True)
    if what.check:
        _print_plans(wanted, found)
        return
    scenes = _download(what, wanted, found)
    failed = sum(scene.status is SceneStatus.FAILED for scene in scenes)
    composites: dict[str, str] = {}
    if wanted.mode is Mode.COMPOSITE:
        for satellite in found.scenes:
            with contextlib.suppress(TilesFailed):
                _composite(what, wanted, satellite, composites)
        failed += len(found.scenes) - len(composites) - _without_pixels(scenes, found)
    record = write_record(wanted, found, scenes, composites)
    _print_results(wanted, found, composites, record)
    if failed:
        raise TilesFailed(f"{failed} scenes or composites failed")


def _download(what: SceneOptions, wanted: RunParameters, found: Discovered) -> list[SceneDone]:
    total = sum(len(scenes) for scenes in found.scenes.values())
    scenes: list[SceneDone] = []
    started = told = time.monotonic()
    with contextlib.closing(
        download(wanted, found, workers=what.workers, overwrite=what.overwrite)
    ) as stream:
        for scene in stream:
            scenes.append(scene)
            if scene.status is SceneStatus.FAILED:
                click.echo(f"Failed: {scene.scene}: {scene.error}", err=True)
            elif what.verbose:
                seconds = words.duration(scene.seconds)
                click.echo(f"{scene.scene}  {scene.status}  {seconds}", err=True)
            if time.monotonic() - told > _LINE_SECONDS:
                told = time.monotonic()
                click.echo(f"{len(scenes)} of {words.plural(total, 'scene')}", err=True)
    count = Counter(scene.status for scene in scenes)
    click.echo(
        f"{words.plural(len(scenes), 'scene')}: {count[SceneStatus.WRITTEN]} written, "
        f"{count[SceneStatus.EMPTY]} without a pixel in the area, "
        f"{count[SceneStatus.THERE]} done before, {count[SceneStatus.FAILED]} failed "
        f"in {words.duration(time.monotonic() - started)}"
    )
    return scenes


def _composite(
    what: SceneOptions, wanted: RunParameters, satellite: str, composites: dict[str, str]
) -> None:
    """Merge the scenes of a satellite; `composites` gets the file when it is whole."""
    try:
        config = composite_config(wanted, satellite)
    except InputError as error:
        click.echo(f"{satellite_name(satellite)}: no composite: {error}", err=True)
        return
    how = RunOptions(
        concurrency="processes",
        workers=what.workers,
        dask_scheduler=None,
        overwrite=what.overwrite,
        fail_fast=False,
        log_format="text",
        progress=True,
        verbose=what.verbose,
    )
    process = open_process(config)
    with shown(how) as show:
        tally = run(process, how, show)
    conclude(tally, process, how)
    composites[satellite] = str(composite_path(wanted, satellite))


def _without_pixels(scenes: list[SceneDone], found: Discovered) -> int:
    """Satellites that saw nothing of the area: no failure."""
    seen = {scene.satellite for scene in scenes if scene.status is not SceneStatus.EMPTY}
    return len(found.scenes.keys() - seen)


def _print_plans(wanted: RunParameters, found: Discovered) -> None:
    for plan in plans(wanted, found):
        unknown = f" and {plan.unknown} of unknown size" if plan.unknown else ""
        click.echo(
            f"{satellite_name(plan.satellite)}: {words.plural(plan.scenes, 'scene')} "
            f"({plan.done} done), {plan.first:%Y-%m-%d} to {plan.last:%Y-%m-%d}, "
            f"{words.size(plan.bytes)}{unknown}, {words.size(plan.to_fetch)} to fetch"
        )
        if wanted.mode is Mode.COMPOSITE:
            click.echo(f"  composite {composite_path(wanted, plan.satellite)}")
    click.echo("Everything is as it should be; nothing was run.")


def _print_results(
    wanted: RunParameters, found: Discovered, composites: Mapping[str, str], record: str
) -> None:
    for satellite in found.scenes:
        click.echo(f"Scenes are in {scenes_folder(wanted.output, satellite)}")
        if satellite in composites:
            click.echo(f"The composite is {composites[satellite]}")
    click.echo(f"What was considered: {Path(wanted.output, record)}")
