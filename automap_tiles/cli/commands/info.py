"""`automap info`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.show import numbers

if TYPE_CHECKING:
    from automap_tiles.engine.journal import FailedTile
    from automap_tiles.workflows.tiles.info import Info, JournalInfo

_LINES = 10
_ERRORS = 1000


@click.command()
@click.argument("path")
@click.option("--errors", is_flag=True, help="Failed tiles with their whole errors.")
def command(path: str, errors: bool) -> None:
    """Show a process, an output or a journal: what is done, empty, failed.

    PATH is a .mapchete file, the output folder or file of a process, or a journal.sqlite.
    """
    from automap_tiles.workflows.tiles.info import InfoOrder, check

    info = check(InfoOrder(path=path, failures=_ERRORS if errors else _LINES))
    _print_facts(info)
    if info.journal is None:
        click.echo("No journal: nothing was run yet, or not by automap.")
        return
    _print_journal(info.journal)
    if info.journal.failed:
        _print_failed(info.journal, errors=errors, path=path)


def _print_facts(info: Info) -> None:
    width = max(len(name) for name, _ in info.facts)
    for name, value in info.facts:
        click.echo(f"{click.style(f'{name:<{width}}', bold=True)}  {value}")
    for zoom, number in info.tiles:
        click.echo(f"  zoom {zoom:>2}  {numbers.tiles(number)} in the folder")


def _print_journal(journal: JournalInfo) -> None:
    click.echo(f"{'zoom':>6} {'written':>12} {'empty':>12} {'failed':>12}")
    for row in journal.zooms:
        counts = (row.written, row.empty, row.failed)
        again = f"  {numbers.number(row.stale)} to be made again" if row.stale else ""
        click.echo(f"{row.zoom:>6} " + " ".join(f"{numbers.number(n):>12}" for n in counts) + again)
    run = journal.last_run
    if run is not None:
        end = "not finished" if run.finished is None else f"finished {_time(run.finished)}"
        click.echo(f"Last run: started {_time(run.started)}, {end}.")
    for note in journal.notes:
        click.echo(str(note))


def _print_failed(journal: JournalInfo, *, errors: bool, path: str) -> None:
    from automap_tiles.formats.process_file import is_process_file

    total = sum(row.failed for row in journal.zooms)
    click.echo(click.style(f"{numbers.tiles(total)} failed:", fg="red", bold=True))
    for tile in journal.failed:
        _print_failure(tile, errors=errors)
    if total > len(journal.failed):
        click.echo(f"  … and {numbers.number(total - len(journal.failed))} more")
    if not errors:
        click.echo(f"Whole errors:  automap info --errors {path}")
    if is_process_file(path):
        click.echo(f"Try again:     automap execute --retry-failed {path}")


def _print_failure(tile: FailedTile, *, errors: bool) -> None:
    if not errors:
        click.echo(f"  {tile.index}  {numbers.last_line(tile.error)}")
        return
    click.echo(click.style(str(tile.index), bold=True))
    click.echo(tile.error.rstrip())


def _time(seconds: float) -> str:
    """Local time; `seconds` since 1970."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
