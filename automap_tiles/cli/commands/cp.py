"""`automap cp`."""

from __future__ import annotations

import click

from automap_tiles.cli import words
from automap_tiles.cli.options import AreaOptions, area_options


@click.command()
@click.argument("source")
@click.argument("target")
@area_options
@click.option("-o", "--overwrite", is_flag=True, help="Copy also tiles that the target has.")
def command(source: str, target: str, where: AreaOptions, overwrite: bool) -> None:
    """Copy tiles from one tile directory to another.

    SOURCE is the output folder of a process, or its .mapchete file; TARGET is a folder. What the
    journal knows of the tiles goes along, so that a run on the target goes on from there.
    """
    from automap_tiles.cli.counting import counting
    from automap_tiles.cli.processes import selection_of
    from automap_tiles.commands.copy import copy_tiles
    from automap_tiles.commands.tiledir import open_tile_directory

    directory = open_tile_directory(source)
    selection = selection_of(where, directory.process_pyramid)
    tiles = directory.existing(selection)
    with counting(len(tiles)) as advance:
        report = copy_tiles(
            directory, target, tiles, selection, overwrite=overwrite, advance=advance
        )
    there = f", {words.number(report.skipped)} were there already" if report.skipped else ""
    click.echo(f"{words.tiles(report.copied)} copied to {target}{there}.")
