"""What `automap run` and `automap download` print: of the events of a run, or of a check."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from automap_tiles.cli._run import print_summary
from automap_tiles.cli.options.running import RunChoices
from automap_tiles.cli.options.scenes import SceneOptions
from automap_tiles.cli.show._found_scenes import show_found, show_report
from automap_tiles.cli.show._scenes import SceneReporter, SceneTotals, scene_reporter
from automap_tiles.cli.show.log import log_to
from automap_tiles.cli.show.notes import increased
from automap_tiles.cli.show.reporters import Reporter, reporter
from automap_tiles.cli.show.totals import RunTotals
from automap_tiles.engine.events import Summary
from automap_tiles.errors import TilesFailed
from automap_tiles.notes import Note
from automap_tiles.storage import Address
from automap_tiles.workflows import Order, check, run
from automap_tiles.workflows.automap import AutomapOutcome, AutomapReport
from automap_tiles.workflows.automap.discover import Discovered
from automap_tiles.workflows.automap.folders import order_path
from automap_tiles.workflows.automap.order import DownloadOrder
from automap_tiles.workflows.automap.phases import COMPOSITE, MAP, SCENES, SEARCH
from automap_tiles.workflows.automap.preparing import SceneDone
from automap_tiles.workflows.automap.state import (
    ResultFailed,
    SceneRejected,
    ScenesPrepared,
    ScenesUsed,
)
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Noted,
    PhaseFinished,
    PhaseStarted,
    SetAside,
    Started,
)
from automap_tiles.workflows.execution import Concurrency
from automap_tiles.workflows.train import TRAINING, Trained, TriedParameters, summary


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How a run is shown, and what works on it."""

    concurrency: Concurrency
    workers: int | None
    log_format: str
    progress: bool
    verbose: bool
    dask_scheduler: str | None = None


_OF_TILES = (COMPOSITE, MAP)
"""Phases that are runs of a process."""


@dataclass(frozen=True, kw_only=True)
class KeptOrder:
    """The options of a run, to be kept beside its record."""

    order: DownloadOrder
    text: str

    @property
    def path(self) -> Address:
        return order_path(self.order)


def carry_out(
    order: Order, what: SceneOptions, ignored: Note | None = None, kept: KeptOrder | None = None
) -> None:
    """Check the order, or run it and show how it goes; `ignored` is told first.

    `kept` is written when the run has the output for itself, and has found scenes.

    Raises what the workflow does, and `TilesFailed` when something failed: all else is done then.
    """
    show = scene_reporter(what.log_format, progress=what.progress, verbose=what.verbose)
    if ignored is not None:
        show.note(ignored)
    if what.check:
        report = check(order)
        assert isinstance(report, AutomapReport)
        show_report(report, show, what)
        return
    shown = AutomapShown(what, show, kept)
    try:
        with (
            log_to(shown, verbose=what.verbose),
            contextlib.closing(shown),
            contextlib.closing(run(order)) as events,
        ):
            for event in events:
                shown.event(event)
    except KeyboardInterrupt:
        show.message(
            "warning", "interrupted; what is done is kept: the same command goes on from here"
        )
        raise
    if shown.failed:
        raise TilesFailed(f"{shown.failed} scenes or results failed")


class AutomapShown:
    """Shows one event after the other; a process that runs has a reporter of its own."""

    def __init__(
        self, what: SceneOptions | Showing, show: SceneReporter, kept: KeptOrder | None = None
    ) -> None:
        self.failed = 0
        self._kept = kept
        self._what, self._show = what, show
        self._progress = SceneTotals(0)
        self._rejected: list[tuple[str, str]] = []
        self._told: list[Note] = []
        self._tiles: _Tiles | None = None
        self._satellite = ""

    def message(self, level: str, text: str) -> None:
        """A line of the log."""
        if self._tiles is not None:
            self._tiles.show.message(level, text)
        else:
            self._show.message(level, text)

    def event(self, event: Event) -> None:
        if isinstance(event, PhaseFinished) and isinstance(event.outcome, Discovered):
            self._keep()
        if isinstance(event, Noted):
            self._told.append(event.note)
        if _is_of_run(event):
            self.close()
        if isinstance(event, PhaseStarted):
            self._tell_step(event)
        if isinstance(event, PhaseStarted) and event.phase in _OF_TILES:
            self._tiles = _Tiles(self._what)
        if self._tiles is None:
            self._of_run(event)
        elif self._tiles.event(event):
            self._tiles = None

    def _tell_step(self, event: PhaseStarted) -> None:
        """Of steps that say nothing until their end."""
        if event.phase == SEARCH:
            self._show.step("Looking for scenes", SEARCH)
        elif event.phase == TRAINING:
            satellite, samples = event.facts["satellite"], event.facts["samples"]
            self._show.step(f"{satellite}: training on {samples} samples", TRAINING)

    def _keep(self) -> None:
        """Once there are scenes: what is refused before leaves nothing."""
        if self._kept is not None:
            self._kept.path.write(self._kept.text.encode())

    def close(self) -> None:
        """End what shows a process: one that broke off has no last event of its own."""
        if self._tiles is not None:
            self._tiles.close()
            self._tiles = None

    def _of_run(self, event: Event) -> None:
        show = self._show
        match event:
            case PhaseStarted(phase=phase, total=total) if phase == SCENES:
                self._progress = SceneTotals(total or 0)
            case SetAside(item=SceneRejected(scene=name, reason=reason)):
                self._rejected.append((name, reason))
            case PhaseFinished(outcome=Discovered() as found):
                show_found(found, self._rejected, show, verbose=self._what.verbose)
            case Done(item=SceneDone() as scene) | Failed(item=SceneDone() as scene):
                self._progress.count[scene.status] += 1
                show.scene(scene, self._progress)
            case PhaseFinished(outcome=ScenesPrepared()):
                show.prepared(self._progress)
            case Noted(note=note):
                show.note(note)
            case PhaseFinished(outcome=ScenesUsed(funnel=funnel)):
                show.funnel(funnel)
            case Failed(item=ResultFailed(what=what, error=error)):
                show.failed(what, error)
            case Finished(outcome=AutomapOutcome() as outcome):
                self._conclude(outcome)
            case _:
                self._of_training(event)

    def _of_training(self, event: Event) -> None:
        match event:
            case PhaseStarted(facts={"satellite": str(satellite)}):
                self._satellite = satellite
            case Done(item=TriedParameters() as tried):
                name = self._satellite
                self._show.trial(name, tried.number, tried.loss, is_best=tried.is_best)
            case PhaseFinished(outcome=Trained() as found):
                lines = list(summary(found))
                self._show.trained(self._satellite, lines, is_new=found.is_new)

    def _conclude(self, outcome: AutomapOutcome) -> None:
        for note in increased(outcome.notes, self._told):
            self._show.note(note)
        paths = _paths(outcome)
        if self._kept is not None:
            paths["What was asked for"] = self._kept.path.text
        self._show.results(paths)
        self.failed = outcome.failed


def _is_of_run(event: Event) -> bool:
    """Whether it comes after the last event of any process."""
    match event:
        case PhaseStarted() | Finished() | Failed(item=ResultFailed()):
            return True
        case _:
            return False


class _Tiles:
    """The run of one process."""

    def __init__(self, what: SceneOptions | Showing) -> None:
        self._how = RunChoices(
            concurrency=what.concurrency,
            workers=what.workers,
            dask_scheduler=what.dask_scheduler,
            overwrite=False,
            fail_fast=False,
            log_format=what.log_format,
            progress=what.progress,
            verbose=what.verbose,
        )
        self._totals = RunTotals()
        self._stack = contextlib.ExitStack()
        self.show: Reporter = self._stack.enter_context(reporter(self._how))

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stack.close()

    def event(self, event: Event) -> bool:
        """Show it; whether it was the last."""
        match event:
            case PhaseStarted(total=total, facts=facts):
                event = Started(total=total, facts=facts)
            case PhaseFinished(outcome=Summary() as found):
                event = Finished(outcome=found)
        self._totals.add(event)
        self.show.show(event, self._totals)
        if not isinstance(event, Finished):
            return False
        self.close()
        came = self._totals.summary
        is_whole = came is None or not (came.failed or came.stopped_by)
        if came is not None and not is_whole and self._how.log_format == "text":
            print_summary(came, self._totals)
        return True


def _paths(outcome: AutomapOutcome) -> dict[str, str]:
    paths: dict[str, str] = {}
    for one in outcome.results:
        paths[f"Scenes of {one.satellite}"] = one.scenes
        if one.composite is not None:
            paths[f"Composite of {one.satellite}"] = one.composite
        for kind, path in one.maps.items():
            paths[f"{kind.capitalize()} of {one.satellite}"] = path
    return paths if outcome.record is None else {**paths, "What was considered": outcome.record}
