"""`automap series`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.options.scenes import (
    cloud_cover_option,
    satellites_option,
    time_option,
    words,
)

if TYPE_CHECKING:
    from automap_tiles.scenes.report import SearchReport


@click.command()
@click.option(
    "-i",
    "--input",
    required=True,
    metavar="FOLDER|STAC",
    help="Folder or archive of products, or of prepared scenes; STAC file or API.",
)
@click.option("-p", "--point", type=(float, float), metavar="LON LAT", help="One pixel.")
@click.option(
    "-a", "--area", metavar="FILE", help="The mean over all shapes of a vector file instead."
)
@satellites_option
@time_option
@click.option(
    "--values",
    callback=parsed_by(words),
    default="ndvi",
    show_default=True,
    metavar="NAMES",
    help="Bands and indices: blue, green, red, nir, swir1, swir2, ndvi, ndwi, nbr …",
)
@click.option(
    "--mask",
    callback=parsed_by(words),
    default="cloud,cirrus,shadow",
    show_default=True,
    metavar="FLAGS",
    help="What rules a pixel out.",
)
@cloud_cover_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="CSV to write.  [default: to standard output]",
)
@click.option("--plot", type=click.Path(dir_okay=False), help="PNG to write (needs Pillow).")
def command(**said: object) -> None:
    """The values of a point or an area over time, as CSV and as a plot.

    One line for every date that a satellite had the place in sight.
    """
    if (said["point"] is None) == (said["area"] is None):
        raise click.UsageError("Give either --point or --area.")

    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.events import Finished, PhaseFinished
    from automap_tiles.workflows.series import SeriesOrder, SeriesOutcome
    from automap_tiles.workflows.series.workflow import ScenesFound

    for event in showing_notes_of(run(SeriesOrder.from_json(said))):
        match event:
            case PhaseFinished(outcome=ScenesFound(found=found)):
                show_funnel(found)
            case Finished(outcome=SeriesOutcome(output=None) as outcome):
                click.echo(outcome.csv, nl=False)
            case _:
                pass


def show_funnel(found: SearchReport) -> None:
    """From found to used, what was set aside, and what needs a word more."""
    click.echo(f"Scenes: {found.funnel}", err=True)
    for name, reason in found.rejected:
        click.echo(f"Set aside: {name}: {reason}", err=True)
    for out in found.funnel.out:
        if out.note.remedy is not None:
            click.echo(str(out.note), err=True)
