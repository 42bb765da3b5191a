"""The options of `automap export`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from automap_tiles.cli.options.common import RESAMPLINGS, parse_zooms, parsed_by

_CONTAINERS = ("xyz", "pmtiles", "mbtiles")
_IMAGES = ("png", "jpg", "webp")


def _pair(text: str) -> tuple[str, str]:
    """`rescale=0,3000`; raises `click.BadParameter`."""
    key, _, value = text.partition("=")
    if not (key and value):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    return key, value


_OPTIONS = (
    click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(),
        help="Folder, or a file that ends with .pmtiles or .mbtiles.",
    ),
    click.option(
        "--format",
        type=click.Choice(_CONTAINERS),
        help="xyz: a folder of pictures.  [default: by the ending of the output, else xyz]",
    ),
    click.option(
        "--image",
        type=click.Choice(_IMAGES),
        default="png",
        show_default=True,
        help="What a tile is; jpg is white where there is no data.",
    ),
    click.option(
        "--style",
        metavar="NAME=VALUE",
        multiple=True,
        callback=parsed_by(_pair),
        help="bidx=3,2,1, rescale=0,3000, expression=(b4-b3)/(b4+b3), colormap_name=viridis, "
        "colormap={…}, gamma=1.2; can be given several times.  [default: as in automap serve]",
    ),
    click.option(
        "--style-name", metavar="NAME", help="A style that the process file names (output.styles)."
    ),
    click.option(
        "-z",
        "--zoom",
        "zooms",
        callback=parsed_by(parse_zooms),
        metavar="ZOOM|MIN,MAX",
        help="Zooms of the web map.  [default: 0 to that of the source]",
    ),
    click.option(
        "-r",
        "--resampling",
        type=click.Choice(tuple(name for name in RESAMPLINGS if name != "gauss")),
        default="nearest",
        show_default=True,
        help="How tiles are read; coarser zooms than the source has are means of four pixels, "
        "of classes the most frequent one.",
    ),
    click.option("--title", help="Of the map.  [default: name of the source]"),
    click.option("--attribution", default="", metavar="TEXT", help="Whose map it is."),
    click.option("--html", "page", is_flag=True, help="A page that shows the map."),
    click.option(
        "--base-map",
        metavar="ADDRESS",
        help="Tiles below the map on that page, such as https://…/{z}/{x}/{y}.png; none by "
        "default.",
    ),
    click.option(
        "--georeference",
        is_flag=True,
        help="Say beside each picture of a folder where it lies: a world file, and an .aux.xml "
        "with the CRS, for GDAL and GIS programs.",
    ),
    click.option("--stac", is_flag=True, help="A STAC item and catalogue."),
    click.option(
        "--time",
        metavar="TIME[/TIME]",
        help="Of the STAC item, such as 2026-07-01/2026-08-31.  [default: of the scenes]",
    ),
    click.option(
        "-w",
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of processes.  [default: number of cores]",
    ),
    click.option("--overwrite", is_flag=True, help="Replace an export that looks otherwise."),
)


def export_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, which are called as the values of an `ExportOrder` are."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
