"""`automap export`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.export import export_options


@click.command()
@click.argument("source")
@export_options
@click.option("--progress/--no-progress", default=True, help="A bar on a terminal.  [default: yes]")
def command(progress: bool, **said: object) -> None:
    """Write tiles for web maps without a server: XYZ, PMTiles, MBTiles.

    SOURCE is a raster, a folder of tiles, or a .mapchete file, whose output is meant. Tiles without
    a picture are left out. The same command goes on where it was stopped, and paints anew what has
    changed.
    """
    from automap_tiles.cli.show.counting import counted
    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.export import ExportOrder, ExportOutcome

    order = ExportOrder.from_json(said)
    outcome = counted(showing_notes_of(run(order)), ExportOutcome, wanted=progress)
    if not outcome.is_new:
        click.echo(f"{order.output} is of the same source and look already; left as it is.")
    else:
        low, high = min(outcome.pictures), max(outcome.pictures)
        click.echo(
            f"{sum(outcome.pictures.values())} tiles of zooms {low} to {high}: "
            f"{outcome.painted} painted, {outcome.unchanged} there already, "
            f"{outcome.empty} empty and left out"
        )
    style = " ".join(f"{key}={value}" for key, values in outcome.style.items() for value in values)
    click.echo(f"Style: {style}")
    for path in outcome.files:
        click.echo(str(path))
