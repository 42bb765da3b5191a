"""Report the progress of a run: as a bar, lines or JSON, or not at all.

All are driven by the events of the run: none has a thread of its own, because the workers are
forked from this process and a thread that holds a lock at that moment would leave it locked in
the child for ever.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import click

from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.totals import RunTotals
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.notes import Note
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Started,
    WorkerLost,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from automap_tiles.cli.options.running import RunChoices

_BAR_SECONDS = 0.1
LINE_SECONDS = 5.0


class Reporter(Protocol):
    """Shows events; a context manager around the run."""

    def show(self, event: Event, totals: RunTotals) -> None:
        """Show an event that `totals` has counted already."""
        ...

    def message(self, level: str, text: str) -> None:
        """Show a line of the log; `level` as in logging, in lower case."""
        ...

    def note(self, note: Note) -> None:
        """Show that something was lost, replaced, ignored or guessed."""
        ...

    def __enter__(self) -> Reporter: ...

    def __exit__(self, *exception: object) -> None: ...


def reporter(how: RunChoices) -> AbstractContextManager[Reporter]:
    """The one that the options and the terminal ask for."""
    progress = how.progress and not how.debug
    if how.log_format == "json":
        return JsonReporter(progress=progress, verbose=how.verbose)
    if progress and sys.stderr.isatty():
        return BarReporter(verbose=how.verbose)
    return LineReporter(progress=progress, verbose=how.verbose)


class Ticker:
    """Says yes once per interval."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class LineReporter:
    """Plain lines on stderr."""

    def __init__(self, *, progress: bool, verbose: bool, seconds: float = LINE_SECONDS) -> None:
        self._progress = progress
        self._verbose = verbose
        self._throttle = Ticker(seconds)

    def show(self, event: Event, totals: RunTotals) -> None:
        for line in _lines(event, verbose=self._verbose):
            self._write(line)
        if self._progress and not isinstance(event, Finished) and self._throttle.due():
            self._write(_progress_line(totals))

    def message(self, level: str, text: str) -> None:
        self._write(f"{level.capitalize()}: {text}")

    def note(self, note: Note) -> None:
        self._write(str(note))

    def _write(self, line: str) -> None:
        click.echo(line, err=True)

    def __enter__(self) -> LineReporter:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class BarReporter:
    """A bar with tiles per second, time to go and the number of failed tiles."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._throttle = Ticker(_BAR_SECONDS)
        self._bar = _new_bar()
        self._task: TaskID | None = None

    def show(self, event: Event, totals: RunTotals) -> None:
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("tiles", total=totals.total, **_fields(totals))
        for line in _lines(event, verbose=self._verbose):
            self._bar.console.print(line, highlight=False, markup=False)
        if isinstance(event, Started | PhaseStarted | Finished) or self._throttle.due():
            self._bar.update(
                self._task, completed=totals.done, total=totals.total, **_fields(totals)
            )
            self._bar.refresh()

    def message(self, level: str, text: str) -> None:
        self._bar.console.print(f"{level.capitalize()}: {text}", highlight=False, markup=False)

    def note(self, note: Note) -> None:
        self._bar.console.print(str(note), highlight=False, markup=False)

    def __enter__(self) -> BarReporter:
        # The bar itself starts with the first event: checks may come to an end without one.
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()


def _new_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[eta]}"),
        TextColumn("{task.fields[failed]}", style="red"),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    )


def _fields(totals: RunTotals) -> dict[str, Any]:
    """The texts beside the bar."""
    return {
        "rate": f"{totals.rate:.1f} tiles/s",
        "eta": "" if totals.eta is None else f"{numbers.duration(totals.eta)} to go",
        "failed": f"{totals.failed} failed" if totals.failed else "",
    }


def emit_json(level: str, event: str, **values: object) -> None:
    """One JSON object on a line of stderr; `level` as in logging, in lower case."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    click.echo(json.dumps({"time": now, "level": level, "event": event, **values}), err=True)


def emit_note(note: Note) -> None:
    """A note as a line of JSON on stderr."""
    emit_json("warning", "note", **note.to_json())


class JsonReporter:
    """One JSON object per line on stderr."""

    def __init__(self, *, progress: bool, verbose: bool, seconds: float = LINE_SECONDS) -> None:
        self._progress = progress
        self._verbose = verbose
        self._throttle = Ticker(seconds)

    def show(self, event: Event, totals: RunTotals) -> None:
        match event:
            case Started(total=total, facts=facts):
                emit_json(
                    "info",
                    "started",
                    output=facts["output"],
                    tiles=total,
                    workers=facts["workers"],
                    resumed=facts["resumed"],
                    **{key: facts[key] for key in ("anew", "changed") if key in facts},
                )
            case PhaseStarted() | PhaseFinished():
                said = event.to_json()
                emit_json("info", **said)
            case Failed(item=TileResult() as result):
                emit_json("error", "tile", **result.to_json())
            case Done(item=TileResult() as result) if self._verbose:
                emit_json("info", "tile", **result.to_json())
            case Noted():
                self.note(event.note)
            case WorkerLost():
                emit_json("warning", "worker_lost", suspects=event.suspects)
            case Finished():
                self._emit_end(totals)
        if self._progress and not isinstance(event, Finished) and self._throttle.due():
            emit_json("info", "progress", total=totals.total, **_sums(totals))

    def _emit_end(self, totals: RunTotals) -> None:
        summary = totals.summary
        assert summary is not None  # set by the event that brought us here
        emit_json(
            "error" if summary.failed or summary.stopped_by else "info",
            "finished",
            output=summary.output,
            stopped_by=summary.stopped_by,
            notes=[note.to_json() for note in summary.notes],
            **{**_sums(totals), "failed": summary.failed},
        )

    def note(self, note: Note) -> None:
        emit_note(note)

    def message(self, level: str, text: str) -> None:
        emit_json(level, "log", message=text)

    def __enter__(self) -> JsonReporter:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _sums(totals: RunTotals) -> dict[str, object]:
    return {
        "written": totals.written,
        "empty": totals.empty,
        "skipped": totals.skipped,
        "failed": totals.failed,
        "seconds": round(totals.seconds, 3),
    }


def _lines(event: Event, *, verbose: bool) -> list[str]:
    """What is worth a line of its own in a text log."""
    match event:
        case Started(total=total, facts=facts):
            again = ", going on with what is there" if facts["resumed"] else ""
            crew = numbers.plural(int(facts["workers"] or 0), "worker")
            changed = [f"Scenes changed: {facts['changed']}"] if "changed" in facts else []
            return [f"{numbers.tiles(total or 0)}, {crew}{again}", *changed]
        case PhaseStarted(phase=phase, total=total, facts=facts):
            crew = numbers.plural(int(facts["workers"] or 0), "worker")
            return [f"Step {phase}: {numbers.tiles(total or 0)}, {crew}"]
        case Noted():
            return [str(event.note)]
        case WorkerLost():
            return [f"Warning: a worker died; trying {numbers.tiles(event.suspects)} one by one"]
        case Failed(item=TileResult() as result):
            return [_tile_line(result)]
        case Done(item=TileResult() as result) if verbose:
            return [_tile_line(result)]
        case _:
            return []


def _tile_line(result: TileResult) -> str:
    head = f"{result.index} {result.status.name.lower()} after {numbers.duration(result.seconds)}"
    if result.status is not TileStatus.FAILED:
        return head
    return f"{head}: {numbers.last_line(result.error)}"


def _progress_line(totals: RunTotals) -> str:
    share = 100 * totals.done / totals.total if totals.total else 100.0
    parts = [
        f"{numbers.number(totals.done)}/{numbers.number(totals.total)} tiles ({share:.0f} %)",
        f"{totals.rate:.1f} tiles/s",
    ]
    if totals.eta is not None:
        parts.append(f"{numbers.duration(totals.eta)} to go")
    if totals.failed:
        parts.append(f"{totals.failed} failed")
    return ", ".join(parts)
