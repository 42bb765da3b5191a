"""`automap rm`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import area_options
from automap_tiles.cli.options.mapchete import NO_WORKERS, WithWords, log_words, without_effect
from automap_tiles.cli.show import numbers
from automap_tiles.workflows.subset import Subset


@click.command(cls=WithWords)
@click.argument("tile_directory")
@area_options
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--check", "only", is_flag=True, help="Only say what would be deleted.")
@click.option("--no-pbar", is_flag=True, hidden=True)
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@without_effect("-w", "--workers", kind=click.IntRange(min=1), reason=NO_WORKERS)
@log_words
def command(
    tile_directory: str, where: Subset, force: bool, only: bool, no_pbar: bool, verbose: bool
) -> None:
    """Delete tiles of a tile directory.

    TILE_DIRECTORY is the output folder of a process, or its .mapchete file. Without --zoom,
    --bounds, --area or --point all tiles are meant. What the journal knows of them is forgotten,
    so the next run makes them again. Of a process of several steps the result is meant; other
    steps that are stored are named and stay.
    """
    from automap_tiles.cli.show.counting import counted, logged
    from automap_tiles.cli.show.notes import show_note, showing_notes
    from automap_tiles.workflows.tiles.remove import RemoveOrder, RemoveOutcome, check, run

    order = RemoveOrder(tiles=tile_directory, where=where)
    with showing_notes(show_note("text")):
        if only or not force:
            found = check(order)
            tiles = f"{numbers.tiles(found.tiles)} of {found.path}"
            if only:
                click.echo(f"{tiles} would be deleted.")
                return
            if found.tiles and not click.confirm(f"Delete {tiles}?", err=True):
                click.echo("Nothing was deleted.")
                return
        outcome = counted(logged(run(order), verbose=verbose), RemoveOutcome, wanted=not no_pbar)
    rows = f", {numbers.plural(outcome.rows, 'journal row')} forgotten" if outcome.rows else ""
    click.echo(f"{numbers.tiles(outcome.removed)} deleted{rows}.")
