"""`automap series`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.telling import show_note, telling

if TYPE_CHECKING:
    from automap_tiles.scenes.found import Found


@click.command()
@click.option(
    "-i",
    "--input",
    "source",
    required=True,
    metavar="FOLDER|STAC",
    help="Folder or archive of products, or of prepared scenes; STAC file or API.",
)
@click.option("-p", "--point", type=(float, float), metavar="LON LAT", help="One pixel.")
@click.option(
    "-a", "--area", metavar="FILE", help="The mean over all shapes of a vector file instead."
)
@click.option("--satellites", help="As in automap run.  [default: all that are there]")
@click.option("--time", "period", metavar="FROM/TO", help="Days, months or years.  [default: all]")
@click.option(
    "--values",
    default="ndvi",
    show_default=True,
    metavar="NAMES",
    help="Bands and indices: blue, green, red, nir, swir1, swir2, ndvi, ndwi, nbr …",
)
@click.option(
    "--mask",
    default="cloud,cirrus,shadow",
    show_default=True,
    metavar="FLAGS",
    help="What rules a pixel out.",
)
@click.option("--max-cloud-cover", type=click.FloatRange(0, 100), help="Per cent of a scene.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV to write.  [default: to standard output]",
)
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="PNG to write (needs Pillow)."
)
def command(  # noqa: PLR0913 - the options
    *,
    source: str,
    point: tuple[float, float] | None,
    area: str | None,
    satellites: str | None,
    period: str | None,
    values: str,
    mask: str,
    max_cloud_cover: float | None,
    output: Path | None,
    plot: Path | None,
) -> None:
    """The values of a point or an area over time, as CSV and as a plot.

    One line for every date that a satellite had the place in sight.
    """
    if (point is None) == (area is None):
        raise click.UsageError("Give either --point or --area.")

    from shapely import Point

    from automap_tiles.notes import tell
    from automap_tiles.scenes.masks import MaskRule, parse_flags
    from automap_tiles.scenes.select import Period, Selection, one_level, parse_period
    from automap_tiles.scenes.unmasked import notes_of
    from automap_tiles.workflows.automap.discover import scenes_of
    from automap_tiles.workflows.automap.parameters import boundary_area, satellites_of
    from automap_tiles.workflows.series.moments import needed_bands, series, to_csv

    names = tuple(dict.fromkeys(name.strip() for name in values.split(",") if name.strip()))
    bands = needed_bands(names)
    flags = parse_flags([name.strip() for name in mask.split(",") if name.strip()])
    place = Point(point) if point is not None else boundary_area(area or "", "area")
    selection = Selection(
        period=Period() if period is None else parse_period(period),
        satellites=None if satellites is None else satellites_of(satellites),
        max_cloud_cover=max_cloud_cover,
        area=place,
    )
    found = one_level(scenes_of(source, selection, bands))
    show_funnel(found)
    with telling(show_note("text")):
        for note in notes_of(found.scenes, flags):
            tell(note)
        moments = series(found.scenes, place, names, MaskRule(flags=flags))
    _write(to_csv(moments, names).encode(), output)
    if plot is not None:
        from automap_tiles.workflows.series.plot import to_png

        title = f"{point[0]:.5g} {point[1]:.5g}" if point is not None else str(area)
        _write(to_png(moments, names, title), plot)


def show_funnel(found: Found) -> None:
    """From found to used, what was set aside, and what needs a word more."""
    click.echo(f"Scenes: {found.funnel}", err=True)
    for name, reason in found.rejected:
        click.echo(f"Set aside: {name}: {reason}", err=True)
    for out in found.funnel.out:
        if out.note.remedy is not None:
            click.echo(str(out.note), err=True)


def _write(content: bytes, path: Path | None) -> None:
    if path is None:
        click.echo(content.decode(), nl=False)
        return
    from automap_tiles.storage import open_storage

    open_storage(str(path.absolute().parent)).put(path.name, content)
