"""`automap convert`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import (
    RESAMPLINGS,
    area_options,
    check_vrt,
    parse_bands,
    parse_key_value,
    parsed_by,
    vrt_options,
)
from automap_tiles.cli.options.mapchete import FROM_ENVIRONMENT, WithWords, refused
from automap_tiles.cli.options.running import RunChoices, run_options
from automap_tiles.workflows.subset import Subset, Value

_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@click.command(cls=WithWords)
@click.argument("source")
@click.argument("target")
@area_options
@click.option("-c", "--clip-geometry", "clip", metavar="FILE", help="Keep only what is inside.")
@click.option(
    "--bidx",
    "bands",
    metavar="N,N,…",
    callback=parsed_by(parse_bands),
    help="Bands to keep, such as 3,2,1.",
)
@click.option(
    "--output-pyramid", "pyramid", metavar="GRID|FILE", help="mercator, geodetic or a JSON file."
)
@click.option(
    "--output-metatiling",
    "metatiling",
    type=int,
    metavar="N",
    help="Blocks of N × N tiles are one file.",
)
@click.option(
    "--output-tile-size", "tile_size", type=int, metavar="PIXELS", help="Side of a single tile."
)
@click.option("--output-format", "format_", metavar="NAME", help="See: automap formats -o")
@click.option(
    "--output-dtype",
    "dtype",
    type=click.Choice(_DTYPES),
    help="Type of the numbers.  [default: that of the source]",
)
@click.option(
    "--output-nodata",
    "nodata",
    type=float,
    metavar="VALUE",
    help="What stands for no data.  [default: as in the source]",
)
@click.option(
    "--output-geometry-type",
    "geometry_type",
    metavar="TYPE",
    help="Of features, such as Polygon.  [default: that of the source]",
)
@click.option(
    "--co",
    "--profile",
    "creation_options",
    metavar="NAME=VALUE",
    callback=parsed_by(parse_key_value),
    multiple=True,
    help="Creation option of the output's driver; can be given several times.",
)
@click.option(
    "--scale-ratio", type=float, default=1.0, show_default=True, help="Values times this."
)
@click.option("--scale-offset", type=float, default=0.0, show_default=True, help="Then plus this.")
@click.option(
    "-r",
    "--resampling-method",
    "resampling",
    type=click.Choice(tuple(name for name in RESAMPLINGS if name != "gauss")),
    default="nearest",
    show_default=True,
    help="How pixels get onto the new grid.",
)
@click.option("--overviews", is_flag=True, help="Overviews inside a single GeoTIFF.")
@click.option(
    "--overviews-resampling-method",
    "overviews_resampling",
    type=click.Choice(RESAMPLINGS),
    default="cubic_spline",
    show_default=True,
    help="How overviews are made.",
)
@click.option("--cog", is_flag=True, help="A cloud optimised GeoTIFF; TARGET ends with .tif.")
@vrt_options
@refused("--src-fs-opts", remedy=FROM_ENVIRONMENT)
@refused("--dst-fs-opts", remedy=FROM_ENVIRONMENT)
@run_options
def command(
    where: Subset,
    how: RunChoices,
    creation_options: tuple[tuple[str, Value], ...],
    format_: str | None,
    overviews: bool,
    overviews_resampling: str,
    vrt: bool,
    idx_out_dir: str | None,
    **wanted: object,
) -> None:
    """Turn a file or tile directory into tiles or a single file.

    SOURCE is a raster or vector file, a tile directory or a .mapchete file. TARGET is a folder for
    tiles, or a path that ends with .tif for one GeoTIFF.
    """
    check_vrt(vrt, idx_out_dir)
    context = click.get_current_context()
    how_overviews = context.get_parameter_source("overviews_resampling")
    is_said = how_overviews is not click.core.ParameterSource.DEFAULT
    if is_said and not (overviews or wanted["cog"]):
        raise click.UsageError("--overviews-resampling-method is for --overviews and --cog.")

    from automap_tiles.cli._run import conclude, follow, shown, write_vrt
    from automap_tiles.workflows.tiles.convert import ConvertOrder, run

    order = ConvertOrder(
        where=where,
        how=how.how,
        format=format_,
        creation_options=creation_options,
        overviews=overviews_resampling if overviews or is_said else None,
        **wanted,  # type: ignore[arg-type]  # click has checked each
    )
    with shown(how) as show:
        tally = follow(run(order), show)
    if vrt:
        write_vrt(tally, idx_out_dir)
    conclude(tally, how)
