"""Runs of a process as part of a workflow."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from automap_tiles.engine import events as engine
from automap_tiles.engine.events import Noted, Summary, WorkerLost
from automap_tiles.notes import tell
from automap_tiles.workflows._order import NEVER, StopToken
from automap_tiles.workflows.events import (
    Done,
    Event,
    Fact,
    Failed,
    Finished,
    PhaseFinished,
    PhaseStarted,
    Skipped,
    Started,
)
from automap_tiles.workflows.execution import ExecutionOptions

if TYPE_CHECKING:
    from automap_tiles.engine.run import Update
    from automap_tiles.runtime import Process

Result = TypeVar("Result")


def carry_out(
    process: Process,
    how: ExecutionOptions,
    *,
    retry_failed: bool = False,
    measures_memory: bool = False,
    stop: StopToken = NEVER,
    update: Update | None = None,
) -> Generator[Event]:
    """Run a process; items are `TileResult`s, the outcome is a `Summary`.

    Errors before the first tile are those of `engine.run.execute`. Closing the stream ends the
    workers.
    """
    from automap_tiles.engine.pools import Concurrency
    from automap_tiles.engine.run import RunOptions, execute

    options = RunOptions(
        concurrency=Concurrency(how.concurrency),
        workers=how.workers,
        dask_scheduler=how.dask_scheduler,
        overwrite=how.overwrite,
        retry_failed=retry_failed,
        fail_fast=how.fail_fast,
        measures_memory=measures_memory,
        tile_seconds=how.tile_timeout,
        update=update,
    )
    with contextlib.closing(execute(process, options, stop=stop)) as events:
        yield from translated(events, config=process.config_path)


def translated(events: Iterable[engine.Event], *, config: Path | None = None) -> Iterator[Event]:
    """Translate engine events into workflow events; `config` is the process file."""
    for event in events:
        match event:
            case engine.RunStarted():
                yield Started(total=event.tiles, facts=_facts(event, config))
            case engine.StepStarted(step=step, run=run):
                yield PhaseStarted(phase=step, total=run.tiles, facts=_facts(run, config))
            case engine.StepFinished(step=step, summary=summary):
                yield PhaseFinished(phase=step, outcome=summary)
            case engine.TilesSkipped(count=count):
                yield Skipped(count=count)
            case engine.TileDone(result=result):
                failed = result.status is engine.TileStatus.FAILED
                yield Failed(item=result) if failed else Done(item=result)
            case Noted() | WorkerLost():
                yield event
            case engine.RunFinished(summary=summary):
                yield Finished(outcome=summary)


def _facts(event: engine.RunStarted, config: Path | None) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "output": event.output,
        "workers": event.workers,
        "resumed": event.resumed,
        "process": None if config is None else str(config),
    }
    if event.anew is not None:
        facts |= {"anew": event.anew, "changed": event.changed}
    return facts


def as_phase(
    events: Generator[Event], phase: str, facts: Mapping[str, Fact]
) -> Generator[Event, None, Summary]:
    """Run a process as a phase of a workflow, described by `facts`; returns its summary."""
    summary: Summary | None = None
    with contextlib.closing(events):
        for event in events:
            match event:
                case Started(total=total, facts=found):
                    yield PhaseStarted(phase=phase, total=total, facts={**facts, **found})
                case Finished(outcome=Summary() as summary):
                    yield PhaseFinished(phase=phase, outcome=summary, facts=facts)
                case _:
                    yield event
    if summary is None:
        raise AssertionError("the last event of a run is its summary")
    return summary


def at_once(
    stream: Generator[Event, None, Result], listen: Callable[[Event], None] | None = None
) -> Result:
    """The outcome of a stream; notes are passed to the caller, and all events to `listen`."""
    while True:
        try:
            event = next(stream)
        except StopIteration as end:
            result: Result = end.value
            return result
        if listen is not None:
            listen(event)
        if isinstance(event, Noted):
            tell(event.note)
