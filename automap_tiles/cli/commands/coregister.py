"""`automap coregister`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.scenes import (
    cloud_cover_option,
    satellites_option,
    time_option,
)

if TYPE_CHECKING:
    from automap_tiles.workflows.coregister import CoregisterOutcome


@click.command()
@click.option(
    "-i",
    "--input",
    required=True,
    metavar="FOLDER|STAC",
    help="Folder or archive of products, or of prepared scenes; STAC file or API.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    help="Table to write (JSON); coregister of a scenes input takes it.",
)
@click.option(
    "--reference",
    metavar="FILE",
    help="Raster that all shall lie on.  [default: where most of the dates lie]",
)
@click.option("--band", default="nir", show_default=True, help="What is compared.")
@satellites_option
@time_option
@cloud_cover_option
def command(**said: object) -> None:
    """By how much each scene is to be moved to lie on the others of its tile.

    Shifts are found to less than a tenth of a pixel, under clouds as well. One line for every
    scene: aligned, moved by so many pixels, or refused and why.
    """
    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.coregister import CoregisterOrder, CoregisterOutcome
    from automap_tiles.workflows.events import Finished, SetAside

    for event in showing_notes_of(run(CoregisterOrder.from_json(said))):
        match event:
            case SetAside(item=item):
                click.echo(f"Set aside: {item}", err=True)
            case Finished(outcome=CoregisterOutcome() as outcome):
                _show(outcome)
            case _:
                pass


def _show(outcome: CoregisterOutcome) -> None:
    for each in outcome.placed:
        said = each.to_json()
        if said["status"] == "refused":
            click.echo(f"{each.id}: refused, {said['reason']}")
            continue
        where = f"{said['rows']:+.2f} rows, {said['columns']:+.2f} columns"
        click.echo(f"{each.id}: {said['status']}, {where} ({said['inliers']} places)")
    if outcome.output is not None:
        click.echo(f"Written: {outcome.output}", err=True)
