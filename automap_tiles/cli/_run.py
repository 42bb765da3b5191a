"""Run a process and show how it went."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import click

from automap_tiles.cli._gc_pause import resume_gc
from automap_tiles.cli.options.running import RunChoices
from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.counting import logged
from automap_tiles.cli.show.log import log_to
from automap_tiles.cli.show.notes import increased, showing_notes
from automap_tiles.cli.show.preview_hint import preview_hint
from automap_tiles.cli.show.reporters import Reporter, reporter
from automap_tiles.cli.show.totals import RunTotals
from automap_tiles.engine.events import Summary
from automap_tiles.errors import TilesFailed
from automap_tiles.workflows.events import Event
from automap_tiles.workflows.running import carry_out

if TYPE_CHECKING:
    from automap_tiles.runtime import Process

# Failed tiles that the summary shows; `automap info` shows all.
_SHOWN = 5


def run(
    process: Process, how: RunChoices, show: Reporter, *, retry_failed: bool = False
) -> RunTotals:
    """Run a process under a reporter; `conclude` then says how it went."""
    return follow(carry_out(process, how.how, retry_failed=retry_failed), show)


def follow(events: Generator[Event], show: Reporter) -> RunTotals:
    """Show a run until it is over; `conclude` then says how it went."""
    totals = RunTotals()
    try:
        # Closing the stream ends the workers, also when showing an event goes wrong.
        with contextlib.closing(events):
            for event in logged(events):
                resume_gc()  # all is imported, no worker has begun
                totals.add(event)
                show.show(event, totals)
    except KeyboardInterrupt:
        show.message("warning", _interrupted(totals))
        raise
    return totals


def conclude(totals: RunTotals, how: RunChoices) -> None:
    """Print the summary of a run; call it when the reporter is closed.

    Raises `TilesFailed` when some tiles failed, or the run ended before its last tile: the summary
    says so.
    """
    summary = totals.summary
    assert summary is not None  # the last event of a run that was not interrupted
    if how.log_format == "text":
        print_summary(summary, totals)
    if summary.failed or summary.stopped_by:
        raise TilesFailed(f"{summary.failed} tiles failed")


def write_vrt(totals: RunTotals, folder: str | None) -> None:
    """Write a VRT of each zoom of what a run has made; raises as `automap index` does."""
    from automap_tiles.workflows.events import Done
    from automap_tiles.workflows.tiles.index import IndexFile, IndexKind, IndexOrder
    from automap_tiles.workflows.tiles.index import run as write

    assert totals.summary is not None  # as in `conclude`
    order = IndexOrder(tiles=totals.summary.output, kinds=(IndexKind.VRT,), folder=folder)
    for event in write(order):
        if isinstance(event, Done) and isinstance(event.item, IndexFile):
            click.echo(str(event.item.path))


@contextlib.contextmanager
def shown(how: RunChoices) -> Iterator[Reporter]:
    """The reporter that the options ask for, with the log and warnings sent to it."""
    with reporter(how) as show, log_to(show, verbose=how.verbose), showing_notes(show.note):
        yield show


def _interrupted(totals: RunTotals) -> str:
    return (
        f"interrupted after {numbers.tiles(totals.computed)}; what is done is kept: "
        "the same command goes on from here"
    )


def print_summary(summary: Summary, totals: RunTotals) -> None:
    """What came of it, with the first of the tiles that failed."""
    parts = [f"{numbers.number(summary.written)} written", f"{numbers.number(summary.empty)} empty"]
    parts.append(f"{numbers.number(summary.skipped)} skipped (done before)")
    failed = f"{numbers.number(summary.failed)} failed"
    parts.append(click.style(failed, fg="red", bold=True) if summary.failed else failed)
    click.echo(f"{', '.join(parts)} in {numbers.duration(summary.seconds)}")
    click.echo(f"Tiles are in {summary.output}")
    if summary.written:
        click.echo(preview_hint([totals.config or summary.output]))
    if summary.stopped_by:
        click.echo(f"Stopped before the last tile: {summary.stopped_by}", err=True)
    for note in increased(summary.notes, totals.told):
        click.echo(str(note), err=True)
    if totals.failures:
        _print_failures(summary, totals)


def _print_failures(summary: Summary, totals: RunTotals) -> None:
    click.echo("Failed:", err=True)
    for result in totals.failures[:_SHOWN]:
        click.echo(f"  {result.index}  {numbers.last_line(result.error)}", err=True)
    if summary.failed > _SHOWN:
        click.echo(f"  … and {numbers.number(summary.failed - _SHOWN)} more", err=True)
    name = totals.config or summary.output
    click.echo(f"Whole errors:  automap info --errors {name}", err=True)
    if totals.config is not None:
        click.echo(f"Try again:     automap execute --retry-failed {name}", err=True)
