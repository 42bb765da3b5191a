"""`automap create`."""

from __future__ import annotations

from pathlib import Path

import click


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
    "--out-format",
    metavar="FORMAT",
    default="GTiff",
    show_default=True,
    help="Any that `automap formats` writes.",
)
@click.option("--out-path", metavar="FOLDER", help="Output folder.  [default: <name>_tiles]")
@click.option(
    "--pyramid-type",
    "-pt",
    "grid",
    type=click.Choice(("geodetic", "mercator")),
    default="mercator",
    show_default=True,
)
@click.option("-f", "--force", is_flag=True, help="Replace files that are there.")
def command(
    mapchete_file: Path | None,
    named: Path | None,
    process_file: Path | None,
    out_format: str,
    out_path: str | None,
    grid: str,
    force: bool,
) -> None:
    """Write a template process that runs as it is.

    MAPCHETE_FILE says what to run where; the Python file beside it holds the function. Neither
    needs any input data.
    """
    from automap_tiles.runtime.template import Template, write_template

    if (mapchete_file is None) == (named is None):
        raise click.UsageError("Say once which file to write: automap create mine.mapchete")
    mapchete_file = mapchete_file or named
    assert mapchete_file is not None
    template = Template(
        config=mapchete_file,
        module=process_file or mapchete_file.with_suffix(".py"),
        output_format=out_format,
        output_path=out_path or f"{mapchete_file.stem}_tiles",
        grid=grid,
    )
    write_template(template, force=force)
    click.echo(f"Wrote {template.config} and {template.module}.")
    click.echo(f"Run it with: automap execute {template.config}")
