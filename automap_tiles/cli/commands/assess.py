"""`automap assess`."""

from __future__ import annotations

from collections.abc import Collection

import click

from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.show.notes import showing_notes_of


def _expected(text: str) -> tuple[int, float]:
    value, equals, accuracy = text.partition("=")
    try:
        pair = int(value), float(accuracy)
    except ValueError:
        equals = ""
    if not equals or not 0 <= pair[1] <= 1:
        raise click.BadParameter(f"{text!r} is not like 3=0.7", param_hint="--expect")
    return pair


@click.command()
@click.argument("map")
@click.argument("reference", required=False, metavar="[REFERENCE]")
@click.option(
    "--band", type=int, default=1, show_default=True, help="Of the map, with the classes."
)
@click.option("--class-field", metavar="FIELD", help="Field of the reference that holds the class.")
@click.option("--year", type=int, help="Of a CSV: the column of the nearest year.")
@click.option(
    "--classes", metavar="FILE", help="Numbers of the reference's classes in the map: CSV or YAML."
)
@click.option(
    "--training",
    type=click.Path(dir_okay=False),
    metavar="MODEL",
    help="The model that made the map: none of its training samples may be a reference.",
)
@click.option("--drop-training", is_flag=True, help="Leave training samples out instead.")
@click.option(
    "--strata",
    metavar="FILE",
    help="The map that the reference was drawn from, where it is another one, or the record of its "
    "design.  [default: the record beside the reference, otherwise MAP]",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="What was found, as .html or .json.",
)
@click.option("--design", is_flag=True, help="Draw the points of a reference sample for the map.")
@click.option(
    "--target-se",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    metavar="ERROR",
    help="Of a design: standard error of the overall accuracy to reach.",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of a design: so many points, instead of as many as the error asks for.",
)
@click.option(
    "--expect",
    callback=parsed_by(_expected),
    multiple=True,
    metavar="CLASS=ACCURACY",
    help="Of a design: user's accuracy to reckon with, such as 3=0.7.  [default: 0.8]",
)
@click.option(
    "--allocation",
    type=click.Choice(("compromise", "proportional", "equal")),
    default="compromise",
    show_default=True,
    help="Of a design: how points are shared out; compromise: a minimum for rare classes.",
)
@click.option(
    "--minimum",
    type=click.IntRange(min=0),
    metavar="N",
    help="Of a design: points of each class at least.  [default: 50 for compromise, else 2]",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of a design.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Of a design: the points, as .csv or .geojson.",
)
def command(design: bool, **said: object) -> None:
    """How good a map of classes is, or the points that are needed to find out.

    MAP is a class map (file or tile directory), REFERENCE points or polygons of true classes: any
    vector file, or a CSV with X, Y. The estimates are those of Olofsson et al. 2014 for a sample
    drawn by chance within each class of the map, which --design draws:

    \b
    automap assess map.tif --design --target-se 0.02 --out points.csv
    (fill in the column class)
    automap assess map.tif points.csv --class-field class --training model.zip
    """  # noqa: D301
    if design == (said["reference"] is not None):
        raise click.UsageError("Give either a REFERENCE or --design.")
    if not design and said["out"] is not None:
        raise click.UsageError("--out is for the points of --design; an assessment has --report.")
    if design and said["strata"] is not None:
        raise click.UsageError("--strata is for an assessment, not for --design.")
    if said["drop_training"] and said["training"] is None:
        raise click.UsageError("--drop-training needs --training.")
    _check_given(design=design)
    if not design:
        _assess(said)
        return
    if said["out"] is None:
        raise click.UsageError("--design needs --out.")
    if said["report"] is not None:
        raise click.UsageError("--report is for an assessment, not for --design.")
    _design(said)


def _check_given(*, design: bool) -> None:
    """Refuse what is of the other of the two deeds, which would say nothing."""
    from click.core import ParameterSource

    from automap_tiles.workflows.assess import AssessOrder, DesignOrder
    from automap_tiles.workflows.keywords import keywords_of

    own, others = keywords_of(AssessOrder), keywords_of(DesignOrder)
    if design:
        own, others = others, own
    context = click.get_current_context()
    for name in context.params:
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name in others and name not in own:
            other = "is for an assessment, not for --design" if design else "needs --design"
            raise click.UsageError(f"--{name.replace('_', '-')} {other}.")


def _assess(said: dict[str, object]) -> None:
    from automap_tiles.workflows import run
    from automap_tiles.workflows.assess import Assessment, AssessOrder, AssessOutcome
    from automap_tiles.workflows.assess.results import summary
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.keywords import keywords_of

    order = AssessOrder.from_json(_of(said, keywords_of(AssessOrder)))
    for event in showing_notes_of(run(order)):
        match event:
            case Finished(outcome=AssessOutcome(assessment=Assessment() as found)):
                for line in summary(found):
                    click.echo(line)
                if order.report is not None:
                    click.echo(f"Report: {order.report}")
            case _:
                pass


def _design(said: dict[str, object]) -> None:
    from automap_tiles.workflows import run
    from automap_tiles.workflows.assess import DesignOrder, DesignOutcome, Drawn
    from automap_tiles.workflows.assess.design_record import record_beside
    from automap_tiles.workflows.assess.results import design_summary
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.keywords import keywords_of

    order = DesignOrder.from_json(_of(said, keywords_of(DesignOrder)))
    again = f"automap assess {order.map} {order.out}"
    for event in showing_notes_of(run(order)):
        match event:
            case Finished(outcome=DesignOutcome(drawn=Drawn() as drawn)):
                for line in design_summary(drawn):
                    click.echo(line)
                click.echo(f"Points: {order.out} (fill in the column class, then: {again})")
                click.echo(
                    f"Design: {record_beside(order.out)} (keep it beside the points: by it they "
                    "tell of any map of the place)"
                )
            case _:
                pass


def _of(said: dict[str, object], words: Collection[str]) -> dict[str, object]:
    return {word: value for word, value in said.items() if word in words}
