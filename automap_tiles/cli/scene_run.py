"""What `automap run` and `automap download` do and print."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli import words
from automap_tiles.cli.scene_options import SceneOptions
from automap_tiles.cli.scene_reporters import Progress, SceneReporter, scene_reporter
from automap_tiles.cli.scene_steps import execute_config
from automap_tiles.cli.telling import telling
from automap_tiles.commands.run.composite import composite_config
from automap_tiles.commands.run.discover import Discovered, discover
from automap_tiles.commands.run.download import SceneDone, SceneStatus, download
from automap_tiles.commands.run.folders import (
    composite_path,
    map_path,
    scenes_folder,
)
from automap_tiles.commands.run.parameters import Mode, RunParameters
from automap_tiles.commands.run.plan import plans
from automap_tiles.commands.run.record import Made, write_record
from automap_tiles.commands.run.results import (
    check_composites,
    check_not_empty,
    no_composite,
    tell_confidence,
    unused_scenes,
    write_item,
)
from automap_tiles.engine.journal import hold, place_of
from automap_tiles.errors import AutomapError, InputError, TilesFailed
from automap_tiles.missions import satellite_name
from automap_tiles.notes import Notes, tell
from automap_tiles.scenes.funnel import Funnel, Step

if TYPE_CHECKING:
    from automap_tiles.commands.run.classification import Classification


def carry_out(
    what: SceneOptions, wanted: RunParameters, classification: Classification | None = None
) -> None:
    """Look for scenes, prepare, merge and classify them as far as the mode goes; print how it goes.

    Raises `ConfigError` for a composite that would replace another one and for samples that are no
    good, `OutputBusy` while another run is writing the folder, `TilesFailed` when something failed;
    all else is done then.
    """
    with contextlib.ExitStack() as stack:
        if not what.check:
            stack.enter_context(hold(place_of(str(wanted.output))))
        _go(what, wanted, classification)


def _go(what: SceneOptions, wanted: RunParameters, classification: Classification | None) -> None:
    if wanted.mode.includes(Mode.COMPOSITE) and not _anew(what, wanted, Mode.COMPOSITE):
        check_composites(wanted)
    if classification is not None:
        from automap_tiles.commands.run.classification import check_samples

        check_samples(wanted, classification)
    show = scene_reporter(what.log_format, progress=what.progress, verbose=what.verbose)
    with telling(show.note) as told:
        found = discover(wanted)
        _show_found(found, show, verbose=what.verbose)
        if what.check:
            _print_plans(wanted, found)
            return
        work = _Work(what=what, wanted=wanted, found=found, show=show)
        _carry_out(work, classification)
        record = write_record(
            wanted,
            found,
            Made(
                scenes=work.scenes,
                composites=work.composites,
                maps=work.maps,
                funnel=work.funnel,
                notes=Notes((*work.funnel.notes, *found.notes, *told, *work.kept)).grouped(),
            ),
        )
    show.results(_results(work, record))
    if work.failed:
        raise TilesFailed(f"{work.failed} scenes or results failed")


@dataclass(kw_only=True)
class _Work:
    """A run, and how far it is."""

    what: SceneOptions
    wanted: RunParameters
    found: Discovered
    show: SceneReporter
    scenes: list[SceneDone] = field(default_factory=list)
    composites: dict[str, str] = field(default_factory=dict)
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    kept: Notes = field(default_factory=Notes)
    """What the processes told; it has been shown."""
    unused: list[str] = field(default_factory=list)
    """Ids of scenes that gave no pixel to their composite."""
    failed: int = 0

    @property
    def funnel(self) -> Funnel:
        """From found to used, as far as is known by now."""
        failed = [one.scene for one in self.scenes if one.status is SceneStatus.FAILED]
        empty = [one.scene for one in self.scenes if one.status is SceneStatus.EMPTY]
        return (
            self.found.funnel.without(
                Step.READABLE, [(name, "cannot be prepared") for name in failed]
            )
            .without(Step.USED, [(name, "no pixel of them lies in the area") for name in empty])
            .without(
                Step.USED,
                [(name, "the mask rules out all that they show of the area")
                 for name in self.unused],
            )
        )  # fmt: skip


def _carry_out(work: _Work, classification: Classification | None) -> None:
    """As far as the mode goes."""
    _download(work)
    if work.wanted.mode.includes(Mode.COMPOSITE):
        _composites(work)
    if work.funnel.used < work.found.funnel.used:
        work.show.funnel(work.funnel)
        for note in work.funnel.notes:
            if note not in work.found.funnel.notes:
                work.show.note(note)
    if classification is not None:
        from automap_tiles.cli.scene_classification import classify

        work.maps, lost = classify(
            work.what, work.wanted, classification, work.composites, work.show, work.kept
        )
        work.failed += lost


def _show_found(found: Discovered, show: SceneReporter, *, verbose: bool) -> None:
    """The funnel; why scenes that were wanted are not used, and those that need a word more."""
    show.funnel(found.funnel)
    show.set_aside(found.rejected)
    for out in found.funnel.out:
        # those that are set aside have been named with what exactly is wrong
        if out.note not in found.funnel.notes and (out.note.remedy or verbose):
            show.note(out.note)
    for note in found.notes:
        show.note(note)


def _anew(what: SceneOptions, wanted: RunParameters, mode: Mode) -> bool:
    """Whether what that mode makes is to be made again: only what the run ends with is."""
    return what.overwrite and wanted.mode is mode


def _download(work: _Work) -> None:
    progress = Progress(sum(len(scenes) for scenes in work.found.scenes.values()))
    anew = _anew(work.what, work.wanted, Mode.DOWNLOAD)
    with contextlib.closing(
        download(work.wanted, work.found, workers=work.what.workers, overwrite=anew)
    ) as stream:
        for scene in stream:
            work.scenes.append(scene)
            progress.count[scene.status] += 1
            work.show.scene(scene, progress)
    work.show.prepared(progress)
    work.failed += progress.count[SceneStatus.FAILED]


def _composites(work: _Work) -> None:
    """Merge the scenes of each satellite."""
    tell_confidence(work.wanted)
    for satellite in work.found.scenes:
        done = {
            one.scene for one in work.scenes
            if one.satellite == satellite and one.status in (SceneStatus.WRITTEN, SceneStatus.THERE)
        }  # fmt: skip
        try:
            config = composite_config(work.wanted, satellite, done)
        except InputError as error:
            tell(no_composite(satellite, error.message))
            continue
        try:
            overwrite = _anew(work.what, work.wanted, Mode.COMPOSITE)
            work.kept.extend(execute_config(work.what, config, overwrite=overwrite))
            work.unused += unused_scenes(work.wanted, satellite)
            check_not_empty(work.wanted, satellite, done)
            write_item(work.wanted, satellite)
        except AutomapError as error:
            # of this satellite alone: the others have nothing to do with it
            work.show.failed(f"composite of {satellite_name(satellite)}", str(error))
            work.failed += 1
        else:
            work.composites[satellite] = str(composite_path(work.wanted, satellite))


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


def _results(work: _Work, record: str) -> dict[str, str]:
    paths: dict[str, str] = {}
    for satellite in work.found.scenes:
        name = satellite_name(satellite)
        paths[f"Scenes of {name}"] = str(scenes_folder(work.wanted.output, satellite))
        if satellite in work.composites:
            paths[f"Composite of {name}"] = work.composites[satellite]
        for kind, path in work.maps.get(satellite, {}).items():
            paths[f"{kind.capitalize()} of {name}"] = path
    return {**paths, "What was considered": str(Path(work.wanted.output, record))}
