"""`automap index`."""

from __future__ import annotations

from pathlib import Path

import click

from automap_tiles.cli.options.common import area_options
from automap_tiles.workflows.where import Where


@click.command()
@click.argument("tile_directory")
@click.option("--geojson", is_flag=True, help="Footprints as GeoJSON.")
@click.option("--gpkg", is_flag=True, help="Footprints as GeoPackage.")
@click.option("--fgb", is_flag=True, help="Footprints as FlatGeobuf.")
@click.option("--vrt", is_flag=True, help="All tiles as one raster, for GDAL.")
@click.option("--txt", is_flag=True, help="Paths, one per line.")
@click.option(
    "--idx-out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write.  [default: into the tile directory]",
)
@click.option("--fieldname", default="location", show_default=True, help="Field of the path.")
@click.option("--basepath", help="Write this before the tile's own part of the path.")
@click.option("--for-gdal", is_flag=True, help="Remote paths as GDAL opens them.")
@area_options
def command(
    tile_directory: str,
    where: Where,
    idx_out_dir: Path | None,
    fieldname: str,
    basepath: str | None,
    for_gdal: bool,
    **chosen: bool,
) -> None:
    """Write an index of the tiles that exist.

    One file per zoom and kind, such as 12.vrt; one that is there is written anew.
    """
    from automap_tiles.workflows.events import Done
    from automap_tiles.workflows.tiles.index import IndexFile, IndexKind, IndexOrder, run

    kinds = tuple(kind for kind in IndexKind if chosen[kind.value])
    if not kinds:
        names = ", ".join(f"--{kind.value}" for kind in IndexKind)
        raise click.UsageError(f"Say what to write: {names}.")
    order = IndexOrder(
        tiles=tile_directory,
        kinds=kinds,
        folder=None if idx_out_dir is None else str(idx_out_dir),
        fieldname=fieldname,
        basepath=basepath,
        for_gdal=for_gdal,
        where=where,
    )
    written = 0
    for event in run(order):
        if isinstance(event, Done) and isinstance(event.item, IndexFile):
            click.echo(str(event.item.path))
            written += 1
    if not written:
        click.echo("There are no tiles; nothing was written.", err=True)
