"""`automap execute`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import area_options, check_vrt, input_options, vrt_options
from automap_tiles.cli.options.mapchete import WithWords
from automap_tiles.cli.options.running import RunChoices, run_options
from automap_tiles.workflows.subset import Subset

if TYPE_CHECKING:
    from collections.abc import Generator

    from automap_tiles.workflows.events import Event
    from automap_tiles.workflows.execute import Inputs
    from automap_tiles.workflows.profiling import RunProfile


@click.command(cls=WithWords)
@click.argument("mapchete_files", metavar="MAPCHETE_FILE...", nargs=-1, required=True)
@area_options
@click.option(
    "-t",
    "--tile",
    type=(int, int, int),
    metavar="ZOOM ROW COL",
    help="Only this tile, counted in metatiles of the process.",
)
@click.option(
    "--check",
    "is_check",
    is_flag=True,
    help="Check everything, print what would run, and stop.",
)
@click.option("--retry-failed", is_flag=True, help="Only the tiles that failed before.")
@input_options
@click.option("--output", metavar="PATH", help="Write there instead of the path in the file.")
@click.option(
    "--report",
    metavar="FILE.html",
    help="Write a page about the run: tiles on a map, time and memory by worker, what failed and "
    "why, what was lost or guessed.",
)
@click.option(
    "--profiling",
    is_flag=True,
    help="Write time and memory of each tile as a table and a picture, into this folder. Peaks of "
    "single tiles are known on Linux, where a worker is a process of its own.",
)
@click.option(
    "--observe",
    "observers",
    multiple=True,
    metavar="NAME[=TEXT]",
    help="Have somebody told of the run: log=FILE (lines of JSON), webhook (begin and end, to the "
    "address in AUTOMAP_WEBHOOK), or an observer of another package; repeatable.",
)
@vrt_options
@run_options
def command(  # noqa: PLR0913 - the options
    *,
    mapchete_files: tuple[str, ...],
    where: Subset,
    tile: tuple[int, int, int] | None,
    is_check: bool,
    retry_failed: bool,
    inputs: Inputs,
    output: str | None,
    report: str | None,
    profiling: bool,
    observers: tuple[str, ...],
    vrt: bool,
    idx_out_dir: str | None,
    how: RunChoices,
) -> None:
    """Run a process on its tiles.

    Tiles that are done, or were found empty, are not computed again. A tile that fails does not
    stop the others; the exit code is 1 then.
    """
    from automap_tiles.cli._run import conclude, follow, shown, write_vrt
    from automap_tiles.cli.show.check import show_check
    from automap_tiles.cli.show.profile import show_profile
    from automap_tiles.workflows.execute import ExecuteOrder, check, run
    from automap_tiles.workflows.profiling import RunProfile

    check_vrt(vrt, idx_out_dir)
    if retry_failed and how.overwrite:
        raise click.UsageError("--retry-failed and --overwrite exclude each other.")
    if tile is not None and not where.is_everywhere:
        raise click.UsageError("--tile goes with none of --zoom, --bounds, --area, --point.")
    if report is not None and len(mapchete_files) > 1:
        raise click.UsageError("--report goes with one file: each run has a page of its own.")
    for path in mapchete_files:
        # One after the other: a file may read what the one before it writes.
        order = ExecuteOrder(
            process=path,
            where=where,
            how=how.how,
            measures_memory=profiling,
            tile=tile,
            retry_failed=retry_failed,
            inputs=inputs,
            output=output,
            report=report,
        )
        with shown(how) as show:
            if is_check:
                found = check(order)
            else:
                profile = RunProfile()
                events = _measured(run(order), profile, path, wanted=profiling)
                if observers:
                    from automap_tiles.workflows.observers import observed

                    events = observed(events, observers)
                tally = follow(events, show)
        if is_check:
            show_check(found, how.log_format)
        else:
            if profiling:
                show_profile(profile)
            if vrt:
                write_vrt(tally, idx_out_dir)
            conclude(tally, how)


def _measured(
    events: Generator[Event], profile: RunProfile, config: str, *, wanted: bool
) -> Generator[Event]:
    """The events of a run, with `<name>_profiling.csv` and `.svg` written beside if wanted."""
    if not wanted:
        return events
    from automap_tiles.workflows.profiling import profiled

    table = Path(f"{Path(config).stem}_profiling.csv")
    return profiled(events, profile, table, table.with_suffix(".svg"))
