"""`automap index`."""

from __future__ import annotations

from pathlib import Path

import click

from automap_tiles.cli.options.common import area_options
from automap_tiles.cli.options.mapchete import (
    FROM_ENVIRONMENT,
    WithWords,
    log_words,
    refused,
    without_effect,
)
from automap_tiles.workflows.subset import Subset


@click.command(cls=WithWords)
@click.argument("tile_directory")
@click.option("--geojson", is_flag=True, help="Footprints as GeoJSON.")
@click.option("--gpkg", is_flag=True, help="Footprints as GeoPackage.")
@click.option("--shp", is_flag=True, help="Footprints as a Shapefile.")
@click.option("--fgb", is_flag=True, help="Footprints as FlatGeobuf.")
@click.option("--vrt", is_flag=True, help="All tiles as one raster, for GDAL.")
@click.option("--tif", is_flag=True, help="A raster with a pixel for each tile: 1 where it exists.")
@click.option("--txt", is_flag=True, help="Paths, one per line.")
@click.option(
    "--qml",
    is_flag=True,
    help="The look of the output for QGIS, which takes it by itself: beside the VRT of each zoom, "
    "or beside a single file, there with statistics.",
)
@click.option(
    "--qgis",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.qgz",
    help="A project of QGIS with all layers of a process file, an output or a raster.",
)
@click.option(
    "--live",
    metavar="ADDRESS",
    help="With --qgis: of a running automap serve, such as http://127.0.0.1:8080; its layers come "
    "as WMTS.",
)
@click.option(
    "--idx-out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write.  [default: into the tile directory]",
)
@click.option("--fieldname", default="location", show_default=True, help="Field of the path.")
@click.option("--basepath", help="Write this before the tile's own part of the path.")
@click.option("--for-gdal", is_flag=True, help="Remote paths as GDAL opens them.")
@area_options
@click.option(
    "-t",
    "--tile",
    type=(int, int, int),
    metavar="ZOOM ROW COL",
    help="Only this tile, counted in metatiles of the process.",
)
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@without_effect("--no-pbar", reason="there is no bar")
@refused("-u", "--username", remedy=FROM_ENVIRONMENT)
@refused("--password", remedy=FROM_ENVIRONMENT)
@refused("--fs-opts", remedy=FROM_ENVIRONMENT)
@log_words
def command(  # noqa: PLR0913 - the options
    *,
    tile_directory: str,
    where: Subset,
    idx_out_dir: Path | None,
    fieldname: str,
    basepath: str | None,
    for_gdal: bool,
    qml: bool,
    qgis: Path | None,
    live: str | None,
    tile: tuple[int, int, int] | None,
    verbose: bool,
    **chosen: bool,
) -> None:
    """Write an index of the tiles that exist.

    One file per zoom and kind, such as 12.vrt; one that is there is written anew.
    """
    from automap_tiles.cli.show.counting import logged
    from automap_tiles.workflows.events import Done
    from automap_tiles.workflows.tiles.index import IndexFile, IndexKind, IndexOrder, run

    kinds = tuple(kind for kind in IndexKind if chosen[kind.value])
    if live is not None and qgis is None:
        raise click.UsageError("--live needs --qgis.")
    if not kinds and not qml and qgis is None:
        names = ", ".join(f"--{kind.value}" for kind in IndexKind)
        raise click.UsageError(f"Say what to write: {names}, --qml, --qgis.")
    _for_qgis(tile_directory, idx_out_dir, qgis, live, qml=qml)
    if not kinds:
        return
    if tile is not None and not where.is_everywhere:
        raise click.UsageError("--tile goes with none of --zoom, --bounds, --area, --point.")
    order = IndexOrder(
        tiles=tile_directory,
        kinds=kinds,
        folder=None if idx_out_dir is None else str(idx_out_dir),
        fieldname=fieldname,
        basepath=basepath,
        for_gdal=for_gdal,
        where=where,
        tile=tile,
    )
    written = 0
    for event in logged(run(order), verbose=verbose):
        if isinstance(event, Done) and isinstance(event.item, IndexFile):
            click.echo(str(event.item.path))
            written += 1
    if not written:
        click.echo("There are no tiles; nothing was written.", err=True)


def _for_qgis(
    path: str, folder: Path | None, project: Path | None, live: str | None, *, qml: bool
) -> None:
    """Write styles and a project, where they are wanted."""
    if not qml and project is None:
        return
    from automap_tiles.cli.show.notes import show_note, showing_notes
    from automap_tiles.workflows.qgis import write_project, write_qml

    with showing_notes(show_note("text")):
        if qml:
            for file in write_qml(path, None if folder is None else str(folder)):
                click.echo(str(file))
        if project is not None:
            layers = write_project(path, project, live)
            click.echo(f"{project}: {', '.join(layers)}")
