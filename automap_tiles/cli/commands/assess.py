"""`automap assess`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.telling import show_note, telling

if TYPE_CHECKING:
    from automap_tiles.workflows.assess import DesignWish, ReferenceWish


@click.command()
@click.argument("map_", metavar="MAP")
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
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
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
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Of a design: the points, as .csv or .geojson.",
)
def command(  # noqa: PLR0913 - the options
    *,
    map_: str,
    reference: str | None,
    band: int,
    class_field: str | None,
    year: int | None,
    classes: str | None,
    training: str | None,
    drop_training: bool,
    report: Path | None,
    design: bool,
    target_se: float,
    size: int | None,
    expect: tuple[str, ...],
    allocation: str,
    minimum: int | None,
    seed: int,
    out: Path | None,
) -> None:
    """How good a map of classes is, or the points that are needed to find out.

    MAP is a class map (file or tile directory), REFERENCE points or polygons of true classes: any
    vector file, or a CSV with X, Y. The estimates are those of Olofsson et al. 2014 for a sample
    drawn by chance within each class of the map, which --design draws:

    \b
    automap assess map.tif --design --target-se 0.02 --out points.csv
    (fill in the column class)
    automap assess map.tif points.csv --class-field class --training model.zip
    """  # noqa: D301
    if design == (reference is not None):
        raise click.UsageError("Give either a REFERENCE or --design.")
    if not design and out is not None:
        raise click.UsageError("--out is for the points of --design; an assessment has --report.")
    if drop_training and training is None:
        raise click.UsageError("--drop-training needs --training.")
    if design:
        if out is None:
            raise click.UsageError("--design needs --out.")
        if report is not None:
            raise click.UsageError("--report is for an assessment, not for --design.")
        from automap_tiles.analysis.design import Allocation
        from automap_tiles.workflows.assess import DesignWish

        wish = DesignWish(
            target=target_se,
            size=size,
            expected=dict(map(_expected, expect)),
            allocation=Allocation(allocation),
            minimum=minimum,
            model=training,
            seed=seed,
        )
        _design(map_, wish, band, out)
        return
    from automap_tiles.workflows.assess import ReferenceWish

    _assess(
        map_,
        ReferenceWish(
            path=reference or "",
            class_field=class_field,
            year=year,
            classes=classes,
            model=training,
            drop_training=drop_training,
        ),
        band,
        report,
    )


def _assess(map_: str, wish: ReferenceWish, band: int, report: Path | None) -> None:
    from automap_tiles.workflows.assess import assess
    from automap_tiles.workflows.assess.results import summary
    from automap_tiles.workflows.report import check_name, write_assessment

    if report is not None:
        check_name(report)
    with telling(show_note("text")):
        found = assess(map_, wish, band)
    for line in summary(found):
        click.echo(line)
    if report is not None:
        write_assessment(found.to_dict(), report)
        click.echo(f"Report: {report}")


def _design(map_: str, wish: DesignWish, band: int, out: Path) -> None:
    from automap_tiles.workflows.assess import draw, write_points
    from automap_tiles.workflows.assess.drawing import check_output
    from automap_tiles.workflows.assess.results import design_summary

    check_output(out)
    with telling(show_note("text")):
        drawn = draw(map_, wish, band)
    for line in design_summary(drawn):
        click.echo(line)
    write_points(drawn, out)
    click.echo(f"Points: {out} (fill in the column class, then: automap assess {map_} {out})")


def _expected(text: str) -> tuple[int, float]:
    value, equals, accuracy = text.partition("=")
    try:
        pair = int(value), float(accuracy)
    except ValueError:
        equals = ""
    if not equals or not 0 <= pair[1] <= 1:
        raise click.BadParameter(f"{text!r} is not like 3=0.7", param_hint="--expect")
    return pair
