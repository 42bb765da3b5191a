"""The phases that every run has: scenes are looked for, prepared, and merged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from automap_tiles.engine.events import Summary
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import Update
from automap_tiles.errors import AutomapError, InputError, ProcessChanged, TilesFailed
from automap_tiles.notes import collecting, tell
from automap_tiles.runtime import Process, open_process
from automap_tiles.stopping import Stopped
from automap_tiles.workflows._background import Say, run_in_background
from automap_tiles.workflows.automap._composite import composite_config
from automap_tiles.workflows.automap._download import download
from automap_tiles.workflows.automap._results import (
    check_not_empty,
    no_composite,
    report_cloud_confidence,
    unused_scenes,
    write_item,
)
from automap_tiles.workflows.automap._updating import is_on_other_grid, outdated_results, update_of
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.folders import composite_path
from automap_tiles.workflows.automap.parameters import Mode
from automap_tiles.workflows.automap.preparing import SceneStatus
from automap_tiles.workflows.automap.state import (
    ResultFailed,
    SceneRejected,
    ScenesPrepared,
    ScenesUsed,
    State,
)
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Noted,
    PhaseFinished,
    PhaseStarted,
    SetAside,
)
from automap_tiles.workflows.running import as_phase, carry_out

SEARCH = "search"
SCENES = "scenes"
"""Downloaded and prepared."""
COMPOSITE = "composite"
USED = "scenes used"
"""Outcome of the scenes, when it is known."""
MAP = "map"
"""Class map; the phases before it belong to the training."""


def search(state: State) -> Generator[Event]:
    """Search the scenes; the items are wanted scenes that cannot be used."""
    yield PhaseStarted(phase=SEARCH)
    state.found = yield from run_in_background(
        lambda _: discover(state.wanted), stop=state.stop, notes=state.told
    )
    for name, reason in state.found.rejected:
        yield SetAside(item=SceneRejected(scene=name, reason=reason))
    yield PhaseFinished(phase=SEARCH, outcome=state.found)
    for note in state.found.notes:
        yield Noted(note=note)


def prepare(state: State) -> Generator[Event]:
    """Download and prepare the scenes, which are the items."""
    started = time.monotonic()
    yield PhaseStarted(phase=SCENES, total=sum(map(len, state.found.scenes.values())))
    yield from run_in_background(partial(_prepare, state), stop=state.stop, notes=state.told)
    counts = Counter(scene.status for scene in state.scenes)
    state.failed += counts[SceneStatus.FAILED]
    outcome = ScenesPrepared(
        counts=counts,
        seconds=time.monotonic() - started,
        scratch_bytes=state.usage.bytes if state.wanted.output.is_remote else 0,
    )
    yield PhaseFinished(phase=SCENES, outcome=outcome)


def _prepare(state: State, say: Say) -> None:
    stream = download(
        state.wanted,
        state.found,
        workers=state.order.workers,
        overwrite=state.anew(Mode.DOWNLOAD),
        concurrency=Concurrency(state.order.concurrency),
        dask_scheduler=state.order.dask_scheduler,
        usage=state.usage,
    )
    with closing(stream):
        for scene in stream:
            state.scenes.append(scene)
            say(Failed(item=scene) if scene.status is SceneStatus.FAILED else Done(item=scene))


def merge(state: State) -> Generator[Event]:
    """Merge the scenes of each satellite; the items are tiles, and failed composites.

    A failed satellite does not affect the others.
    """
    yield from run_in_background(
        lambda _: report_cloud_confidence(state.wanted), stop=state.stop, notes=state.told
    )
    for satellite in state.found.scenes:
        try:
            is_made = yield from _merge_one(state, satellite)
        except ProcessChanged as error:
            state.left.add(satellite)
            yield failed(state, f"composite of {satellite}", error)
        except AutomapError as error:
            yield failed(state, f"composite of {satellite}", error)
        else:
            if is_made:
                state.composites[satellite] = str(composite_path(state.wanted, satellite))


def _merge_one(state: State, satellite: str) -> Generator[Event, None, bool]:
    """Whether there is a composite of this run's scenes; an earlier one does not count."""
    done = state.prepared(satellite)
    try:
        config = yield from run_in_background(
            lambda _: composite_config(
                state.wanted, satellite, done, anew=state.anew(Mode.COMPOSITE)
            ),
            stop=state.stop,
            notes=state.told,
        )
    except InputError as error:
        note = no_composite(satellite, error.message)
        state.told.add(note)
        yield Noted(note=note)
        return False
    yield from execute(
        state,
        config,
        COMPOSITE,
        satellite,
        overwrite=state.anew(Mode.COMPOSITE),
        update=update_of(state.order, state.wanted),
    )
    state.unused += unused_scenes(state.wanted, satellite)
    check_not_empty(state.wanted, satellite, done)
    write_item(state.wanted, satellite)
    outdated = outdated_results(state.wanted, satellite)
    if outdated is not None and state.wanted.mode is Mode.COMPOSITE:
        state.told.add(outdated)
        yield Noted(note=outdated)
    return True


def execute(
    state: State,
    config: Mapping[str, Any],
    phase: str,
    satellite: str,
    *,
    overwrite: bool,
    update: Update | None = None,
) -> Generator[Event]:
    """Run a process as a phase; raises `TilesFailed`, `Stopped`."""
    # what was noted of the products is not noted once more of the scenes prepared from them
    before = {note.cause for note in state.found.notes}

    def opened(_: Say) -> Process:
        with collecting() as notes:
            try:
                process = open_process(config)
            except AutomapError:
                tell(*notes)
                raise
        tell(*(note for note in notes if note.cause not in before))
        return process

    process = yield from run_in_background(opened, stop=state.stop, notes=state.told)
    if update is not None and update.apply:
        overwrite = overwrite or is_on_other_grid(process)
    how = replace(state.order.how, overwrite=overwrite)
    facts = {"satellite": satellite}
    events = carry_out(process, how, stop=state.stop, update=update)
    summary: Summary = yield from as_phase(events, phase, facts)
    state.told.extend(summary.notes)
    if state.stop.is_set() and summary.stopped_by is not None:
        raise Stopped
    if summary.failed or summary.stopped_by:
        raise TilesFailed(f"{summary.failed} tiles failed")


def review(state: State) -> Generator[Event]:
    """Report scenes that turned out to be unusable."""
    funnel = state.funnel
    if funnel.used == state.found.funnel.used:
        return
    yield PhaseStarted(phase=USED)
    yield PhaseFinished(phase=USED, outcome=ScenesUsed(funnel=funnel))
    for note in funnel.notes:
        if note not in state.found.funnel.notes:
            yield Noted(note=note)


def failed(state: State, what: str, error: AutomapError) -> Failed:
    """Count a failed result."""
    state.failed += 1
    return Failed(item=ResultFailed(what=what, error=str(error)))
