"""`automap timelapse`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.options.scenes import cloud_cover_option, time_option, words

if TYPE_CHECKING:
    from automap_tiles.workflows.timelapse import TimelapseOutcome


@click.command()
@click.option(
    "-i",
    "--input",
    required=True,
    metavar="FOLDER|STAC|PATTERN",
    help="Folder or archive of products, or of prepared scenes; STAC file or API; or rasters with "
    "dates in their names, such as 'out/*/composite.tif'.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    help="File to write: .gif, .webp or .avif.",
)
@click.option(
    "--boundary",
    metavar="FILE",
    help="Show the box around the shapes of a vector file.  [default: all that the dates reach]",
)
@click.option(
    "--bands",
    callback=parsed_by(words),
    default="red,green,blue",
    show_default=True,
    metavar="NAMES",
    help="Three bands, or one in grey; of rasters their descriptions or numbers.",
)
@click.option(
    "--satellites",
    callback=parsed_by(words),
    help="As in automap run; one satellite only.  [default: what is there]",
)
@time_option
@click.option(
    "--mask",
    callback=parsed_by(words),
    default="cloud,cirrus,shadow",
    show_default=True,
    help="What counts as hidden.",
)
@click.option(
    "--dilation",
    type=click.FloatRange(0, 10000),
    default=50.0,
    show_default=True,
    metavar="METRES",
    help="Widen what is hidden: the rims of clouds are bright as well.",
)
@cloud_cover_option
@click.option(
    "--clouds",
    type=click.Choice(["drop", "fill", "keep"]),
    default="drop",
    show_default=True,
    help="Leave out dates that are hidden; and show in place of clouds what the date before "
    "showed; or show all as it was.",
)
@click.option(
    "--hidden",
    type=click.FloatRange(0, 100),
    default=40.0,
    show_default=True,
    help="Per cent of the picture: dates of which more is hidden or without data are left out.",
)
@click.option("--coregister", is_flag=True, help="Bring the dates onto each other.")
@click.option("--brdf", is_flag=True, help="Reflectance as seen from straight above.")
@click.option(
    "--stretch",
    nargs=2,
    type=float,
    metavar="LOW HIGH",
    help="What is black and white, in reflectance.  [default: 2 and 98 per cent of all dates]",
)
@click.option(
    "--size",
    type=click.IntRange(64, 4096),
    default=600,
    show_default=True,
    help="Pixels along the longer side, at most.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.02, 60),
    default=0.5,
    show_default=True,
    help="That each date is shown for.",
)
@click.option(
    "--caption/--no-caption",
    default=True,
    show_default=True,
    help="Draw the date, a scale bar and whose data it is.",
)
@click.option(
    "--attribution",
    metavar="TEXT",
    help="Whose data it is.  [default: what the satellite's agency asks for]",
)
def command(**said: object) -> None:
    """Show a place over time: an animation as GIF, WebP or AVIF.

    All dates have the same stretch. However many there are, a few are in memory at a time.
    """
    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.events import Done, Finished
    from automap_tiles.workflows.timelapse import FrameMade, TimelapseOrder, TimelapseOutcome

    for event in showing_notes_of(run(TimelapseOrder.from_json(said))):
        match event:
            case Done(item=FrameMade() as frame):
                what = "shown" if frame.shown else "left out"
                click.echo(f"{frame.date}: {what}, {frame.hidden:.0f} % hidden")
            case Finished(outcome=TimelapseOutcome() as outcome):
                _show(outcome)
            case _:
                pass


def _show(outcome: TimelapseOutcome) -> None:
    if outcome.output is not None:
        height, width = outcome.shape
        said = f"{len(outcome.frames)} dates, {width} x {height} px"
        click.echo(f"Written: {outcome.output} ({said})", err=True)
