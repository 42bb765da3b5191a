"""`automap run`."""

from __future__ import annotations

import click

from automap_tiles.analysis.methods import (
    PROVENANCE,
    VALID_COUNT,
    choosing_methods,
    known_methods,
)
from automap_tiles.cli.map_options import MapChoices, map_options
from automap_tiles.cli.scene_options import SceneOptions, scene_options


@click.command()
@click.option(
    "--mode",
    type=click.Choice(("download", "composite", "classification")),
    required=True,
    help="Where to end; each makes first what the one before it makes.",
)
@scene_options
@click.option(
    "--statistics",
    default="median",
    show_default=True,
    metavar="NAMES",
    help=f"Of a composite: {known_methods()}.",
)
@click.option(
    "--mask",
    default="cloud,cirrus,shadow",
    show_default=True,
    metavar="FLAGS",
    help="What rules a pixel out of a composite; also snow, water, dilated, saturated …",
)
@click.option(
    "--provenance",
    default="valid_count",
    show_default=True,
    metavar="NAMES",
    help=f"Bands of a composite that say where its pixels are from: {VALID_COUNT}, and with one "
    f"of {', '.join(choosing_methods())} also {', '.join(PROVENANCE[1:])}.",
)
@map_options
def command(
    mode: str,
    statistics: str,
    mask: str,
    provenance: str,
    what: SceneOptions,
    choices: MapChoices,
) -> None:
    """From satellite products to scenes, composites and maps of classes.

    Every satellite has a folder of its own below the output: scenes/ with a picture and a STAC item
    of each scene, composite_START_END_STATISTICS.tif with what each scene gave to it, and of a
    classification the model, the report of its training, and classes_START_END_STATISTICS.tif.

    What is done already is not made again: a run that was killed goes on, a composite takes what a
    download left, and one of other days or statistics lies beside those that are there. A
    composite of another area, mask or cloud cover needs --overwrite or another output.
    """
    choices.check(mode)
    wanted = what.parameters(mode, statistics, mask, provenance)

    from automap_tiles.cli.scene_run import carry_out

    carry_out(what, wanted, choices.classification(what.workers))
