"""`automap create`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from automap_tiles.runtime.template import Template


@click.command()
@click.argument("mapchete_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--mapchete-file", "named", hidden=True, type=click.Path(dir_okay=False, path_type=Path)
)
@click.option(
    "--process-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the function.  [default: beside MAPCHETE_FILE, same name with .py]",
)
@click.option(
    "--from",
    "source",
    metavar="PATH",
    help="What it shall read: a raster, a folder of scenes or of rasters with dates, features, "
    "tiles. Bounds, zooms, bands, type and nodata are filled in.",
)
@click.option(
    "--out-format",
    metavar="FORMAT",
    help="Any that `automap formats` writes.  [default: GTiff, and GeoJSON of features]",
)
@click.option("--out-path", metavar="FOLDER", help="Output folder.  [default: <name>_tiles]")
@click.option(
    "--pyramid-type",
    "-pt",
    "grid",
    type=click.Choice(("geodetic", "mercator")),
    default="mercator",
    show_default=True,
    help="Grid of the tiles.",
)
@click.option("-f", "--force", is_flag=True, help="Replace files that are there.")
def command(
    mapchete_file: Path | None,
    named: Path | None,
    process_file: Path | None,
    source: str | None,
    out_format: str | None,
    out_path: str | None,
    grid: str,
    force: bool,
) -> None:
    """Write a template process that runs as it is.

    MAPCHETE_FILE says what to run where; the Python file beside it holds the function. Neither
    needs any input data, unless --from names some: then it is the process of these.
    """
    from automap_tiles.runtime.template import Template

    if (mapchete_file is None) == (named is None):
        raise click.UsageError("Say once which file to write: automap create mine.mapchete")
    mapchete_file = mapchete_file or named
    assert mapchete_file is not None
    template = Template(
        config=mapchete_file,
        module=process_file or mapchete_file.with_suffix(".py"),
        output_format=out_format or _usual_format(source),
        output_path=out_path or f"{mapchete_file.stem}_tiles",
        grid=grid,
    )
    files = _written(template, source, force=force)
    click.echo(f"Wrote {' and '.join(map(str, files))}.")
    click.echo(f"Run it with: automap execute {template.config}")


def _usual_format(source: str | None) -> str:
    """Of tiles that nobody names a format for."""
    if source is None:
        return "GTiff"
    from automap_tiles.workflows.create import usual_format

    return usual_format(source)


def _written(template: Template, source: str | None, *, force: bool) -> tuple[Path, ...]:
    """The files that were written."""
    if source is None:
        from automap_tiles.runtime.template import write_template

        write_template(template, force=force)
        return template.config, template.module
    from automap_tiles.cli.show.notes import show_note, showing_notes
    from automap_tiles.workflows.create import draft_from, write_draft

    with showing_notes(show_note("text")):
        draft = draft_from(source, template)
    return write_draft(draft, template, force=force)
