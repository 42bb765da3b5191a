"""`automap serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import bounds_option, input_options, zooms_option
from automap_tiles.cli.options.mapchete import WithWords, log_words, without_effect

if TYPE_CHECKING:
    from automap_tiles.workflows.execute import Inputs


@click.command(cls=WithWords)
@click.argument("paths", metavar="PROCESS_OR_OUTPUT...", nargs=-1, required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "-p",
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0: any free one.",
)
@click.option("--open", "open_browser", is_flag=True, help="Show it in the browser.")
@click.option(
    "-mo", "--memory", "keep", flag_value="memory", help="Compute tiles and keep none of them."
)
@click.option("-q", "--quick", "keep", flag_value="memory", hidden=True)
@click.option("-ro", "--readonly", "keep", flag_value="readonly", help="Compute nothing.")
@click.option(
    "-o", "--overwrite", "keep", flag_value="overwrite", help="Compute every tile anew and keep it."
)
@click.option(
    "--tile-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="A tile that takes longer to compute has failed; its worker is ended and replaced.",
)
@click.option(
    "--base-map",
    metavar="ADDRESS",
    help="Tiles to show below the layers, such as https://…/{z}/{x}/{y}.png; none by default.",
)
@click.option("--attribution", default="", metavar="TEXT", help="Whose base map it is.")
@zooms_option("Of processes: one zoom, or the first and the last.")
@bounds_option("Of processes: only this box, in the CRS of the pyramid.")
@input_options
@without_effect(
    "-c", "--internal-cache", kind=int, reason="what is kept in memory is bounded by itself"
)
@log_words
def command(  # noqa: PLR0913, PLR0917 - the options
    paths: tuple[str, ...],
    host: str,
    port: int,
    open_browser: bool,
    keep: str | None,
    tile_timeout: float,
    base_map: str | None,
    attribution: str,
    zooms: tuple[int, ...] | None,
    bounds: tuple[float, float, float, float] | None,
    inputs: Inputs,
) -> None:
    """Show processes, outputs, scenes and dated rasters on a map.

    A process is computed where one looks, and the tiles are kept as a run would keep them, so that
    `automap execute` goes on with them. The server answers this machine only, unless --host says
    otherwise.

    A folder of scenes (products of a satellite, or prepared ones), a STAC file, and a folder of
    rasters with dates in their names are one layer each, with a slider for the date.
    """
    from automap_tiles.cli._serving import ServeOptions, serve
    from automap_tiles.workflows.subset import Subset

    serve(
        ServeOptions(
            paths=paths,
            host=host,
            port=port,
            open_browser=open_browser,
            keep=keep or "continue",
            tile_timeout=tile_timeout,
            base_map=base_map,
            attribution=attribution,
            where=Subset(zooms=zooms, bounds=bounds),
            inputs=inputs,
        )
    )
