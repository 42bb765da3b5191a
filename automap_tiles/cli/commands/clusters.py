"""`automap clusters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import workers_option
from automap_tiles.cli.options.pixels import bands_option, recipe_option, seed_option

if TYPE_CHECKING:
    from automap_tiles.analysis.objects.cluster_file import ClusterFile


@click.command()
@click.argument("picture")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The clusters, as JSON.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 255),
    default=10,
    show_default=True,
    metavar="N",
    help="How many clusters.",
)
@click.option(
    "--way",
    type=click.Choice(["k-means", "mini-batch", "ward"]),
    default="k-means",
    show_default=True,
    help="How they are found; ward joins 500 clusters of k-means.",
)
@bands_option
@recipe_option("Features as YAML, instead of --bands.")
@click.option(
    "--standardise",
    is_flag=True,
    help="Count each feature by its standard deviation: for features of other units.",
)
@click.option(
    "--pixels",
    type=click.IntRange(min=1),
    default=50_000,
    show_default=True,
    metavar="N",
    help="That they are fitted on, from all over the picture.",
)
@seed_option
@workers_option
def command(**said: object) -> None:
    """Which kinds of pixels a picture has, without samples.

    They are fitted once; the process `clusters` makes a map of them, every tile by the same
    centres. Numbers begin with the darkest.
    """
    from automap_tiles.cli.show.notes import showing_notes_of
    from automap_tiles.workflows import run
    from automap_tiles.workflows.clusters import ClustersOrder, ClustersOutcome
    from automap_tiles.workflows.events import Finished

    for event in showing_notes_of(run(ClustersOrder.from_json(said))):
        if not isinstance(event, Finished) or not isinstance(event.outcome, ClustersOutcome):
            continue
        found, out = event.outcome.clusters, event.outcome.out
        if found is not None:
            _show(found)
            click.echo(f"{len(found.shares)} clusters of {found.samples} pixels: {out}")


def _show(found: ClusterFile) -> None:
    names = found.recipe.names
    click.echo(f"{'':>4} {'share':>6}  {', '.join(names)}")
    for number, (share, centre) in enumerate(zip(found.shares, found.centres, strict=True), 1):
        click.echo(f"{number:>4} {share:>6.1%}  {', '.join(f'{value:.4g}' for value in centre)}")
