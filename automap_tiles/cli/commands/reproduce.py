"""`automap reproduce`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.common import CONCURRENCIES, workers_option
from automap_tiles.workflows.execution import Concurrency


@click.command()
@click.argument("record")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Where the results go.")
@click.option("-i", "--input", metavar="FOLDER|STAC", help="Where the products are by now.")
@click.option("--samples", metavar="FILE", help="Where the samples are by now.")
@click.option("--anyway", is_flag=True, help="Go on although something is not as it was.")
@click.option("--check", is_flag=True, help="List what is missing or has changed, and stop.")
@workers_option
@click.option(
    "--concurrency",
    type=click.Choice(CONCURRENCIES),
    default="processes",
    show_default=True,
    help="What the workers are.",
)
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="json: one JSON object per line on stderr.",
)
@click.option("--progress/--no-progress", default=True, help="Show progress.  [default: yes]")
@click.option("-v", "--verbose", is_flag=True, help="One line per scene and tile.")
def command(
    *,
    workers: int | None,
    concurrency: Concurrency,
    log_format: str,
    progress: bool,
    verbose: bool,
    check: bool,
    **said: object,
) -> None:
    """Make the run of a record again, to the same bytes.

    Before it starts it lists what is missing or has changed: scenes that are gone or have
    other checksums, samples, versions of AutoMap, of packages and of processes; in the end the
    results are compared with the checksums of the record. A record of an earlier version says less,
    and what it does not say is named.
    """
    from automap_tiles.cli.show.automap import Showing
    from automap_tiles.cli.show.reproduce import check_order, run_order
    from automap_tiles.workflows.reproduce import ReproduceOrder

    order = ReproduceOrder.from_json({**said, "workers": workers, "concurrency": concurrency})
    how = Showing(
        concurrency=concurrency,
        workers=workers,
        log_format=log_format,
        progress=progress,
        verbose=verbose,
    )
    if check:
        check_order(order, how)
    else:
        run_order(order, how)
