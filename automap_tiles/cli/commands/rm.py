"""`automap rm`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import area_options
from automap_tiles.cli.show import numbers
from automap_tiles.workflows.where import Where


@click.command()
@click.argument("tile_directory")
@area_options
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
def command(tile_directory: str, where: Where, force: bool) -> None:
    """Delete tiles of a tile directory.

    TILE_DIRECTORY is the output folder of a process, or its .mapchete file. Without --zoom,
    --bounds, --area or --point all tiles are meant. What the journal knows of them is forgotten,
    so the next run makes them again.
    """
    from automap_tiles.cli.show.counting import counted
    from automap_tiles.workflows.tiles.remove import RemoveOrder, RemoveOutcome, check, run

    order = RemoveOrder(tiles=tile_directory, where=where)
    if not force:
        found = check(order)
        question = f"Delete {numbers.tiles(found.tiles)} of {found.path}?"
        if found.tiles and not click.confirm(question, err=True):
            click.echo("Nothing was deleted.")
            return
    outcome = counted(run(order), RemoveOutcome)
    rows = f", {numbers.plural(outcome.rows, 'journal row')} forgotten" if outcome.rows else ""
    click.echo(f"{numbers.tiles(outcome.removed)} deleted{rows}.")
