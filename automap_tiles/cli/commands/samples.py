"""`automap samples`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.options.scenes import words


@click.command()
@click.argument("samples")
@click.argument("picture")
@click.option("--class-field", metavar="FIELD", help="Field that holds the class.")
@click.option("--year", type=int, help="Of a CSV: the column of the nearest year.")
@click.option(
    "--classes", metavar="FILE", help="Numbers, names and colours of classes, as CSV or YAML."
)
@click.option(
    "--per-class",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many pixels of a class.",
)
@click.option(
    "--per-polygon",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many pixels of a polygon.",
)
@click.option(
    "--erode",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="PIXELS",
    help="Left out along the edge of polygons, where they are wide enough.",
)
@click.option("--recipe", metavar="FILE", help="Features as YAML, instead of:")
@click.option(
    "--bands",
    callback=parsed_by(words),
    metavar="NAMES",
    help="Such as red,nir.  [default: all of the picture]",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Of the pixels that are drawn by chance.",
)
@click.option(
    "-w",
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many at a time.  [default: number of cores]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="One point per pixel with its features, as .csv, .geojson or .fgb.",
)
def command(**said: object) -> None:
    """Which pixels are samples of which class, and what the picture shows there.

    SAMPLES are points or polygons of known class: any vector file, or a CSV with X, Y and years.
    PICTURE is a raster file or a tile directory. What was dropped is told by class and reason.
    """
    if said["recipe"] is not None and said["bands"] is not None:
        raise click.UsageError("Give either --recipe or --bands.")

    from automap_tiles.cli.show.telling import following
    from automap_tiles.workflows import run
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.samples.workflow import SamplesOrder, SamplesOutcome
    from automap_tiles.workflows.train.results import of_samples

    for event in following(run(SamplesOrder.from_json(said))):
        if not isinstance(event, Finished) or not isinstance(event.outcome, SamplesOutcome):
            continue
        table, out = event.outcome.table, event.outcome.out
        for line in () if table is None else of_samples(table):
            click.echo(line)
        if table is not None and out is not None:
            click.echo(f"{len(table)} samples: {out}")
