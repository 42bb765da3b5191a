"""`automap samples`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import workers_option
from automap_tiles.cli.options.pixels import bands_option, recipe_option, seed_option

_OF_SUGGESTIONS = ("suggest", "number", "apart", "candidates")
_OF_BOTH = ("samples", "picture", "seed", "workers", "out")


@click.command()
@click.argument("samples")
@click.argument("picture", required=False)
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
@recipe_option("Features as YAML, instead of:")
@bands_option
@seed_option
@workers_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="One point per pixel with its features, as .csv, .geojson or .fgb.",
)
@click.option(
    "--suggest",
    metavar="MODEL",
    help="Points where the next samples would help this model most, instead; needs --out.",
)
@click.option(
    "--number",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    metavar="N",
    help="Of suggestions.",
)
@click.option(
    "--apart",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DISTANCE",
    help="Of suggestions from each other and from samples, in units of the picture's CRS.  "
    "[default: half of what evenly spread ones are apart]",
)
@click.option(
    "--candidates",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Pixels among which suggestions are chosen.",
)
@click.pass_context
def command(context: click.Context, /, **said: object) -> None:
    """Which pixels are samples of which class, and what the picture shows there.

    SAMPLES are points or polygons of known class: any vector file, or a CSV with X, Y and years.
    PICTURE is a raster file or a tile directory. What was dropped is told by class and reason.

    Where to look next: automap samples PICTURE --suggest model.zip --out points.csv, where the
    model is unsure or the picture is like none of its samples. Fill in the column class and learn
    from them; automap assess refuses them.
    """
    _check_given(context)
    if said["suggest"] is not None:
        _suggest(said)
        return
    said = {name: value for name, value in said.items() if name not in _OF_SUGGESTIONS}
    if said["recipe"] is not None and said["bands"] is not None:
        raise click.UsageError("Give either --recipe or --bands.")

    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.samples.workflow import SamplesOrder, SamplesOutcome
    from automap_tiles.workflows.train.results import of_samples

    for event in showing_notes_of(run(SamplesOrder.from_json(said))):
        if not isinstance(event, Finished) or not isinstance(event.outcome, SamplesOutcome):
            continue
        table, out = event.outcome.table, event.outcome.out
        for line in () if table is None else of_samples(table):
            click.echo(line)
        if table is not None and out is not None:
            click.echo(f"{len(table)} samples: {out}")


def _check_given(context: click.Context) -> None:
    """Refuse what the other of the two deeds asks for."""
    from click.core import ParameterSource

    given = [
        name
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        and context.params[name] is not None
    ]
    suggests = context.params["suggest"] is not None
    for name in given:
        if name in _OF_BOTH or (name in _OF_SUGGESTIONS) is suggests:
            continue
        other = "is not for suggestions" if suggests else "needs --suggest"
        raise click.UsageError(f"--{name.replace('_', '-')} {other}.")
    if suggests and context.params["picture"] is not None:
        raise click.UsageError("--suggest takes a PICTURE only: its model knows its samples.")
    if suggests and context.params["out"] is None:
        raise click.UsageError("--suggest needs --out.")
    if not suggests and context.params["picture"] is None:
        raise click.UsageError("Missing argument 'PICTURE'.")


def _suggest(said: dict[str, object]) -> None:
    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.samples.suggesting import SuggestOrder, SuggestOutcome

    names = ("number", "apart", "candidates", "seed", "workers", "out")
    order = {name: said[name] for name in names}
    order |= {"picture": said["samples"], "model": said["suggest"]}
    for event in showing_notes_of(run(SuggestOrder.from_json(order))):
        if not isinstance(event, Finished) or not isinstance(event.outcome, SuggestOutcome):
            continue
        found = event.outcome
        if found.out is not None:
            click.echo(
                f"{found.unsure + found.unlike} places of {found.candidates}: the model is unsure "
                f"of {found.unsure}, {found.unlike} are unlike all samples; {found.apart:g} apart "
                f"at least: {found.out}"
            )
