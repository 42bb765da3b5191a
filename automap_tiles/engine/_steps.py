"""Run a process of several steps: stored steps in order, then the result."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, replace

from automap_tiles.engine._process_run import execute_process
from automap_tiles.engine._run_options import RunOptions
from automap_tiles.engine._start import changed_parts
from automap_tiles.engine.events import (
    Event,
    Noted,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    Summary,
)
from automap_tiles.engine.journal import JournalReader, has_journal, place_of
from automap_tiles.errors import ProcessChanged
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Notes, Subject
from automap_tiles.runtime import Process
from automap_tiles.runtime.steps import StepTiles, reading_stored, stages
from automap_tiles.stopping import NEVER, StopToken


def execute_steps(
    process: Process, options: RunOptions, *, stop: StopToken = NEVER
) -> Generator[Event]:
    """Run the stored steps of a process and then itself; see `run.execute`.

    To overwrite is to make anew what has changed since it was made, and all that follows from it;
    stored steps before that are kept. Where nothing has changed everything is made anew. Raises
    `ProcessChanged` before the first tile of all when something has changed and may not be
    overwritten.
    """
    steps = [step for step in stages(process) if step.zooms]
    outdated = _outdated([*steps, process], options)
    if outdated and options.overwrite and (kept := [s for s in steps if _name(s) not in outdated]):
        yield Noted(note=_kept(kept))
    stored: dict[str, StepTiles] = {}
    before: list[Summary] = []
    for step in steps:
        own = _options_for(step, options, outdated)
        summary = yield from _step(reading_stored(step, stored), own, stop)
        if summary.stopped_by is not None:
            why = f"the step {_name(step)}: {summary.stopped_by}"
            last = Summary(output=process.writer.path, failed=summary.failed, stopped_by=why)
            yield RunFinished(summary=_together(before, replace(last, notes=summary.notes)))
            return
        before.append(summary)
        stored[_name(step)] = _tiles_of(step)
    own = _options_for(process, options, outdated)
    for event in execute_process(reading_stored(process, stored), own, stop=stop):
        if isinstance(event, RunFinished):
            yield RunFinished(summary=_together(before, event.summary))
        else:
            yield event


def reading_what_is_there(process: Process) -> Process:
    """A process that reads tiles of its stored steps where they exist and are up to date.

    For viewing single tiles: missing ones are computed.
    """
    found = {}
    for step in stages(process):
        place = place_of(step.writer.path, step.config_path)
        if not has_journal(place):
            continue
        with JournalReader.at(place) as journal:
            is_as_now = not changed_parts(journal, asdict(step.hashes()), step)
            if journal.runs_with_tiles() and is_as_now:
                found[_name(step)] = StepTiles(failed=_unfinished(journal, step))
    return reading_stored(process, found)


def _together(before: Sequence[Summary], last: Summary) -> Summary:
    """The summary of the result, including failures, notes and durations of the steps."""
    every = [*before, last]
    return replace(
        last,
        failed=sum(each.failed for each in every),
        seconds=sum(each.seconds for each in every),
        notes=Notes(note for each in every for note in each.notes).grouped(),
    )


def _step(step: Process, options: RunOptions, stop: StopToken) -> Generator[Event, None, Summary]:
    for event in execute_process(step, options, stop=stop):
        match event:
            case RunStarted():
                yield StepStarted(step=_name(step), run=event)
            case RunFinished(summary=summary):
                yield StepFinished(step=_name(step), summary=summary)
                return summary
            case _:
                yield event
    raise AssertionError("the last event of a run is its summary")


def _name(process: Process) -> str:
    return process.step or process.name


def _options_for(process: Process, options: RunOptions, outdated: set[str]) -> RunOptions:
    overwrite = options.overwrite and (not outdated or _name(process) in outdated)
    return replace(options, overwrite=overwrite)


def _outdated(steps: Sequence[Process], options: RunOptions) -> set[str]:
    """Those whose tiles were made by something else; raises `ProcessChanged` if they shall stay."""
    found: set[str] = set()
    for step in steps:
        place = place_of(step.writer.path, step.config_path)
        if not has_journal(place):
            continue
        with JournalReader.at(place) as journal:
            changed = changed_parts(journal, asdict(step.hashes()), step)
        if changed and not options.overwrite:
            raise ProcessChanged(
                f"{step.writer.path}: of the step {_name(step)} {' and '.join(changed)} changed "
                "since tiles were written here; --overwrite makes anew this step and what follows "
                "from it, and keeps stored steps before it"
            )
        if changed:
            found.add(_name(step))
    return found


def _kept(steps: Sequence[Process]) -> Note:
    return Note(
        fate=Fate.IGNORED,
        subject=Subject.OPTIONS,
        reason="--overwrite does not make anew what has not changed",
        examples=tuple(f"step {_name(step)}" for step in steps),
        count=len(steps),
        remedy="remove the folder of the step",
    )


def _tiles_of(step: Process) -> StepTiles:
    """The output of a step, for its consumers."""
    with JournalReader.at(place_of(step.writer.path, step.config_path)) as journal:
        unfinished = _unfinished(journal, step)
    return StepTiles(areas={zoom: step.area_at(zoom) for zoom in step.zooms}, failed=unfinished)


def _unfinished(journal: JournalReader, step: Process) -> frozenset[TileIndex]:
    return frozenset(index for zoom in step.zooms for index in journal.unfinished(zoom))
