"""What `automap reproduce` prints."""

from __future__ import annotations

import contextlib

import click

from automap_tiles.cli.show import numbers
from automap_tiles.cli.show._scenes import scene_reporter
from automap_tiles.cli.show.automap import AutomapShown, Showing
from automap_tiles.cli.show.log import log_to
from automap_tiles.cli.show.reporters import emit_json
from automap_tiles.errors import TilesFailed
from automap_tiles.workflows import check, run
from automap_tiles.workflows.events import Finished
from automap_tiles.workflows.reproduce import ReproduceOrder, ReproduceOutcome, ReproduceReport


def check_order(order: ReproduceOrder, how: Showing) -> None:
    """Name what is lacking; raises `TilesFailed` when the same bytes cannot be made."""
    report = check(order)
    assert isinstance(report, ReproduceReport)
    if how.log_format == "json":
        level = "info" if report.can_be_same else "error"
        emit_json(level, "check", **report.to_json())
    else:
        for lack in report.missing_items:
            click.echo(str(lack))
        click.echo(
            f"{numbers.plural(report.scenes, 'scene')}: the same bytes can be made"
            if report.can_be_same
            else "The same bytes cannot be made; --anyway makes it of what there is."
        )
    if not report.can_be_same:
        raise TilesFailed("something that the run needs is missing or has changed")


def run_order(order: ReproduceOrder, how: Showing) -> None:
    """Run it and show how it goes; raises `TilesFailed` where a result has other bytes."""
    show = scene_reporter(how.log_format, progress=how.progress, verbose=how.verbose)
    shown = AutomapShown(how, show)
    outcome: ReproduceOutcome | None = None
    with (
        log_to(shown, verbose=how.verbose),
        contextlib.closing(shown),
        contextlib.closing(run(order)) as events,
    ):
        for event in events:
            if isinstance(event, Finished) and isinstance(event.outcome, ReproduceOutcome):
                outcome = event.outcome
                shown.event(Finished(outcome=outcome.made))
            else:
                shown.event(event)
    assert outcome is not None  # the last event of a run that was not interrupted
    _conclude(outcome, how)
    if outcome.failed:
        raise TilesFailed(f"{outcome.failed} results are not as they were")


def _conclude(outcome: ReproduceOutcome, how: Showing) -> None:
    if how.log_format == "json":
        emit_json("error" if outcome.failed else "info", "compared", **outcome.to_json())
        return
    for name in outcome.different:
        click.echo(f"Differs: {name}")
    if outcome.not_told:
        click.echo("The record keeps no checksums of its results: nothing to compare with.")
    else:
        click.echo(f"The same bytes: {numbers.plural(len(outcome.same), 'result')}")
