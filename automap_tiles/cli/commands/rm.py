"""`automap rm`."""

from __future__ import annotations

import click

from automap_tiles.cli import words
from automap_tiles.cli.options import AreaOptions, area_options


@click.command()
@click.argument("tile_directory")
@area_options
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
def command(tile_directory: str, where: AreaOptions, force: bool) -> None:
    """Delete tiles of a tile directory.

    TILE_DIRECTORY is the output folder of a process, or its .mapchete file. Without --zoom,
    --bounds, --area or --point all tiles are meant. What the journal knows of them is forgotten,
    so the next run makes them again.
    """
    from automap_tiles.cli.counting import counting
    from automap_tiles.cli.processes import selection_of
    from automap_tiles.commands.remove import remove_tiles
    from automap_tiles.commands.tiledir import open_tile_directory

    directory = open_tile_directory(tile_directory)
    selection = selection_of(where, directory.process_pyramid)
    tiles = directory.existing(selection)
    question = f"Delete {words.tiles(len(tiles))} of {directory.path}?"
    if tiles and not force and not click.confirm(question, err=True):
        click.echo("Nothing was deleted.")
        return
    with counting(len(tiles)) as advance:
        forgotten = remove_tiles(directory, tiles, selection, advance=advance)
    rows = f", {words.plural(forgotten, 'journal row')} forgotten" if forgotten else ""
    click.echo(f"{words.tiles(len(tiles))} deleted{rows}.")
