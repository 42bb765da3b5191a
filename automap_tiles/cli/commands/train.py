"""`automap train`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.training import train_options
from automap_tiles.workflows.learning import Learning


@click.command()
@train_options
@click.option(
    "--report", type=click.Path(dir_okay=False), help="What was found out, as .html or .json."
)
@click.option("--explain", is_flag=True, help="Print every choice with its evidence.")
@click.option("-o", "--overwrite", is_flag=True, help="Replace a model that is there.")
@click.option("-v", "--verbose", is_flag=True, help="One line per trial.")
def command(learn: Learning, explain: bool, verbose: bool, **said: object) -> None:
    """Train a classifier on samples and a picture.

    What is left open is chosen on folds of whole polygons or blocks of land: the simple way stays
    unless another is better by more than chance. The model is one file that `classify` takes. The
    same samples, options and seed give the same model.
    """
    from automap_tiles.cli.show.training import show_training
    from automap_tiles.workflows import run
    from automap_tiles.workflows.train import TrainOrder

    order = TrainOrder.from_json({**said, "learn": learn})
    show_training(order, run(order), explain=explain, verbose=verbose)
