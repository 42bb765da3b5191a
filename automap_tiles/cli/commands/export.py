"""`automap export`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import click

from automap_tiles.cli.export_options import ExportChoices, export_options
from automap_tiles.cli.telling import show_note, telling


@click.command()
@click.argument("source")
@export_options
@click.option("--progress/--no-progress", default=True, help="A bar on a terminal.  [default: yes]")
def command(source: str, choices: ExportChoices, progress: bool) -> None:
    """Write tiles for web maps without a server: XYZ, PMTiles, MBTiles.

    SOURCE is a raster, a folder of tiles, or a .mapchete file, whose output is meant. Tiles without
    a picture are left out. The same command goes on where it was stopped, and paints anew what has
    changed.
    """
    from automap_tiles.workflows.export import Listeners, export

    with telling(show_note("text")), _Bar(progress) as bar:
        outcome = export(choices.order(source), Listeners(total=bar.begin, done=bar.step))
    if not outcome.is_new:
        click.echo(f"{choices.output} is of the same source and look already; left as it is.")
    else:
        low, high = min(outcome.pictures), max(outcome.pictures)
        click.echo(
            f"{sum(outcome.pictures.values())} tiles of zooms {low} to {high}: "
            f"{outcome.painted} painted, {outcome.unchanged} there already, "
            f"{outcome.empty} empty and left out"
        )
    style = " ".join(f"{key}={value}" for key, values in outcome.style.items() for value in values)
    click.echo(f"Style: {style}")
    for path in outcome.files:
        click.echo(str(path))


class _Bar(contextlib.ExitStack):
    """A bar on standard error, if that is a terminal, from the moment that the length is known."""

    def __init__(self, wanted: bool) -> None:
        super().__init__()
        self._wanted = wanted
        self._forward: Callable[[int], None] | None = None

    def begin(self, total: int) -> None:
        from automap_tiles.cli.counting import counting

        if self._wanted:
            self._forward = self.enter_context(counting(total))

    def step(self, number: int) -> None:
        if self._forward is not None:
            self._forward(number)
