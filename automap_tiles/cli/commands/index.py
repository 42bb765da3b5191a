"""`automap index`."""

from __future__ import annotations

from pathlib import Path

import click

from automap_tiles.cli.options import area_options
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
    from automap_tiles.commands.index import IndexKind, IndexOptions, write_indexes
    from automap_tiles.commands.tiledir import open_tile_directory
    from automap_tiles.storage import is_remote
    from automap_tiles.workflows.places import selection_of

    kinds = [kind for kind in IndexKind if chosen[kind.value]]
    if not kinds:
        names = ", ".join(f"--{kind.value}" for kind in IndexKind)
        raise click.UsageError(f"Say what to write: {names}.")
    directory = open_tile_directory(tile_directory)
    if idx_out_dir is None and is_remote(directory.path):
        raise click.UsageError("A remote tile directory needs --idx-out-dir.")
    folder = Path(directory.path) if idx_out_dir is None else idx_out_dir
    options = IndexOptions(fieldname=fieldname, basepath=basepath, for_gdal=for_gdal)
    selection = selection_of(where, directory.process_pyramid)
    written = write_indexes(directory, folder, kinds, selection, options)
    for path in written:
        click.echo(str(path))
    if not written:
        click.echo("There are no tiles; nothing was written.", err=True)
