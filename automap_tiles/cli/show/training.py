"""What `automap train` prints."""

from __future__ import annotations

from collections.abc import Generator

import click

from automap_tiles.cli.show.notes import showing_notes_of
from automap_tiles.workflows.events import Done, Event, Finished
from automap_tiles.workflows.train import (
    SamplesRead,
    TrainOrder,
    TrainOutcome,
    TriedParameters,
    summary,
)
from automap_tiles.workflows.train import explain as reasons
from automap_tiles.workflows.train.results import of_samples


def show_training(
    order: TrainOrder, events: Generator[Event], *, explain: bool, verbose: bool
) -> None:
    """Samples and trials on standard error, what came of them on standard output."""
    trials = "" if order.learn.trials is None else f"/{order.learn.trials}"
    for event in showing_notes_of(events):
        match event:
            case Done(item=SamplesRead(table=table)):
                for line in of_samples(table):
                    click.echo(line, err=True)
            case Done(item=TriedParameters() as tried) if tried.is_best or verbose:
                click.echo(_trial(tried, trials), err=True)
            case Finished(outcome=TrainOutcome() as outcome):
                _conclude(outcome, explain=explain)


def _trial(tried: TriedParameters, trials: str) -> str:
    """One line per trial, or only per gain."""
    kind = "vector leaves" if tried.has_vector_leaves else "tree per class"
    line = f"trial {tried.number}{trials} ({kind}): log loss {tried.loss:.4f}"
    if tried.is_best:
        return f"{line}, the best so far"
    return line if tried.is_complete else f"{line}, ended early"


def _conclude(outcome: TrainOutcome, *, explain: bool) -> None:
    found = outcome.trained
    if found is None:
        return
    if not found.is_new:
        click.echo(f"{outcome.model} is of the same samples and options already; left as it is.")
    for line in summary(found):
        click.echo(line)
    for line in reasons(found.model.report) if explain else ():
        click.echo(line)
    if outcome.report is not None:
        click.echo(f"Report: {outcome.report}")
    click.echo(f"Model: {outcome.model}")
