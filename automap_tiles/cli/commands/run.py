"""`automap run`."""

from __future__ import annotations

import click

from automap_tiles.cli.scene_options import SceneOptions, scene_options


@click.command()
@click.option(
    "--mode",
    type=click.Choice(("download", "composite")),
    required=True,
    help="Where to end; composite makes first what download makes.",
)
@scene_options
@click.option(
    "--statistics",
    default="median",
    show_default=True,
    metavar="NAMES",
    help="Of a composite: median, mean, std, min, max, count, p0 to p100, geomedian, emad, smad, "
    "bcmad, medoid, medoid_approx, max_ndvi, max_ndwi, best_pixel, trimmed_mean.",
)
@click.option(
    "--mask",
    default="cloud,cirrus,shadow",
    show_default=True,
    metavar="FLAGS",
    help="What rules a pixel out of a composite; also snow, water, dilated, saturated …",
)
def command(mode: str, statistics: str, mask: str, what: SceneOptions) -> None:
    """From satellite products to prepared scenes and composites.

    Every satellite has a folder of its own below the output. What is done already is not made
    again: a run that was killed goes on, and a composite takes what a download left.
    """
    wanted = what.parameters(mode, statistics, mask)

    from automap_tiles.cli.scene_run import carry_out

    carry_out(what, wanted)
