"""`automap train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.telling import show_note, telling
from automap_tiles.cli.train_options import TrainChoices, train_options

if TYPE_CHECKING:
    from automap_tiles.analysis.classifier.search import Trial
    from automap_tiles.analysis.sample_table import SampleTable
    from automap_tiles.commands.train import Outcome


@click.command()
@train_options
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What was found out, as .html or .json.",
)
@click.option("--explain", is_flag=True, help="Print every choice with its evidence.")
@click.option("-o", "--overwrite", is_flag=True, help="Replace a model that is there.")
@click.option("-v", "--verbose", is_flag=True, help="One line per trial.")
def command(
    choices: TrainChoices, report: Path | None, explain: bool, overwrite: bool, verbose: bool
) -> None:
    """Train a classifier on samples and a picture.

    What is left open is chosen on folds of whole polygons or blocks of land: the simple way stays
    unless another is better by more than chance. The model is one file that `classify` takes. The
    same samples, options and seed give the same model.
    """
    from automap_tiles.commands.train import Listeners, run, summary
    from automap_tiles.commands.train import explain as reasons

    _check_report(report)
    told = _Teller(choices.trials, verbose)
    listeners = Listeners(samples=told.samples, trial=told.trial)
    with telling(show_note("text")):
        outcome = run(choices.order(overwrite=overwrite), listeners)
    if not outcome.is_new:
        click.echo(f"{choices.model} is of the same samples and options already; left as it is.")
    for line in summary(outcome):
        click.echo(line)
    for line in reasons(outcome.model.report) if explain else ():
        click.echo(line)
    if report is not None:
        _write_report(outcome, report)
        click.echo(f"Report: {report}")
    click.echo(f"Model: {choices.model}")


class _Teller:
    """Says how it goes, on standard error."""

    def __init__(self, trials: int | None, verbose: bool) -> None:
        self._of = "" if trials is None else f"/{trials}"
        self._verbose = verbose

    def samples(self, table: SampleTable) -> None:
        from automap_tiles.commands.train.results import of_samples

        for line in of_samples(table):
            click.echo(line, err=True)

    def trial(self, trial: Trial, best: Trial | None) -> None:
        """One line per trial, or only per gain."""
        gained = best is not None and best.number == trial.number
        if not (gained or self._verbose):
            return
        kind = "vector leaves" if "multi" in trial.parameters.strategy.value else "tree per class"
        line = f"trial {trial.number + 1}{self._of} ({kind}): log loss {trial.loss:.4f}"
        if gained:
            line += ", the best so far"
        elif not trial.is_complete:
            line += ", ended early"
        click.echo(line, err=True)


def _check_report(path: Path | None) -> None:
    """Refuse a wrong name before anything is trained."""
    if path is not None:
        from automap_tiles.commands.report import check_name

        check_name(path)


def _write_report(outcome: Outcome, path: Path) -> None:
    from automap_tiles.commands.report import write_training
    from automap_tiles.commands.train import report_of

    write_training(report_of(outcome), path)
