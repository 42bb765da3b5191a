"""`automap samples`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.telling import show_note, telling
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from automap_tiles.analysis.recipe import Recipe


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
@click.option("--bands", metavar="NAMES", help="Such as red,nir.  [default: all of the picture]")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N")
@click.option("-w", "--workers", type=click.IntRange(min=1), metavar="N")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="One point per pixel with its features, as .csv, .geojson or .fgb.",
)
def command(  # noqa: PLR0913 - the options
    *,
    samples: str,
    picture: str,
    class_field: str | None,
    year: int | None,
    classes: str | None,
    per_class: int | None,
    per_polygon: int | None,
    erode: int,
    recipe: str | None,
    bands: str | None,
    seed: int,
    workers: int | None,
    out: Path | None,
) -> None:
    """Which pixels are samples of which class, and what the picture shows there.

    SAMPLES are points or polygons of known class: any vector file, or a CSV with X, Y and years.
    PICTURE is a raster file or a tile directory. What was dropped is told by class and reason.
    """
    from automap_tiles.workflows.samples import (
        Extraction,
        extract,
        look_at,
        read_classes,
        read_samples,
    )
    from automap_tiles.workflows.samples.export import check_name, write_table
    from automap_tiles.workflows.train.results import of_samples

    if recipe is not None and bands is not None:
        raise click.UsageError("Give either --recipe or --bands.")
    if out is not None:
        check_name(out)
    looked = look_at(picture)
    found = read_samples(
        samples,
        class_field=class_field,
        year=year,
        classes=None if classes is None else read_classes(classes),
    )
    wanted = Extraction(per_class=per_class, per_polygon=per_polygon, erode=erode, seed=seed)
    with telling(show_note("text")):
        table = extract(
            found, looked, _recipe(recipe, bands, looked.bands), wanted, workers=workers
        )
    for line in of_samples(table):
        click.echo(line)
    if out is not None:
        write_table(table, out)
        click.echo(f"{len(table)} samples: {out}")


_COMPONENTS = Note(
    fate=Fate.IGNORED,
    subject=Subject.OPTIONS,
    reason="the table holds the features themselves",
    examples=("components",),
    remedy="automap train --recipe takes the components of them",
)


def _recipe(path: str | None, names: str | None, bands: tuple[str, ...]) -> Recipe:
    """Of a file, of the bands that are named, or of all that the picture has."""
    from automap_tiles.workflows.train import RecipeWish, make_recipe, read_recipe

    if path is not None:
        recipe, components = read_recipe(path)
        if components is not None:
            tell(_COMPONENTS)
        return recipe
    wanted = None
    if names is not None:
        wanted = tuple(name.strip() for name in names.split(",") if name.strip())
    return make_recipe(RecipeWish(bands=wanted, indices=(), radii=()), bands).recipe
