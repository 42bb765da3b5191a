"""`automap cp`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import CONCURRENCIES, area_options
from automap_tiles.cli.options.mapchete import (
    FROM_ENVIRONMENT,
    NO_WORKERS,
    WithWords,
    log_words,
    refused,
    without_effect,
)
from automap_tiles.cli.show import numbers
from automap_tiles.errors import TilesFailed
from automap_tiles.workflows.subset import Subset


@click.command(cls=WithWords)
@click.argument("source")
@click.argument("target")
@area_options
@click.option("-o", "--overwrite", is_flag=True, help="Copy also tiles that the target has.")
@click.option("--no-pbar", is_flag=True, hidden=True)
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@without_effect("-w", "--workers", kind=click.IntRange(min=1), reason=NO_WORKERS)
@without_effect("--concurrency", kind=click.Choice(CONCURRENCIES), reason=NO_WORKERS)
@without_effect("--dask-scheduler", kind=str, reason=NO_WORKERS)
@refused("-u", "--username", remedy=FROM_ENVIRONMENT)
@refused("--password", remedy=FROM_ENVIRONMENT)
@refused("--src-fs-opts", remedy=FROM_ENVIRONMENT)
@refused("--dst-fs-opts", remedy=FROM_ENVIRONMENT)
@log_words
def command(
    source: str, target: str, where: Subset, overwrite: bool, no_pbar: bool, verbose: bool
) -> None:
    """Copy tiles from one tile directory to another.

    SOURCE is the output folder of a process, or its .mapchete file; TARGET is a folder. What the
    journal knows of the tiles goes along, so that a run on the target goes on from there. Tiles
    that are not what it says was written, or that its last run did not make, are left out; then the
    exit code is 1.
    """
    from automap_tiles.cli.show.counting import counted, logged
    from automap_tiles.cli.show.notes import show_note, showing_notes
    from automap_tiles.workflows.tiles.copy import CopyOrder, CopyOutcome, run

    order = CopyOrder(source=source, target=target, where=where, overwrite=overwrite)
    with showing_notes(show_note("text")):
        outcome = counted(logged(run(order), verbose=verbose), CopyOutcome, wanted=not no_pbar)
    there = f", {numbers.number(outcome.skipped)} were there already" if outcome.skipped else ""
    click.echo(f"{numbers.tiles(outcome.copied)} copied to {target}{there}.")
    if outcome.damaged:
        said = f"{numbers.tiles(outcome.damaged)} of {source} could not be copied"
        click.echo(f"{said}.", err=True)
        raise TilesFailed(said)
