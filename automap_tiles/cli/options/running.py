"""Options of commands that run tiles: workers, pools and progress output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.cli.options.common import (
    CONCURRENCIES,
    dask_scheduler_option,
    workers_option,
)
from automap_tiles.cli.options.mapchete import (
    NO_GRAPH,
    debug_option,
    logfile_option,
    without_effect,
)
from automap_tiles.workflows.execution import Concurrency, ExecutionOptions


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """How: as given at the command line."""

    concurrency: Concurrency
    """What the workers are."""
    workers: int | None
    """How many at a time; as many as there are cores when None."""
    dask_scheduler: str | None
    """Address of a running scheduler; a cluster on this machine when None."""
    overwrite: bool
    """Compute also what is done already."""
    fail_fast: bool
    """Stop at the first failed tile."""
    tile_timeout: float | None = None
    """Seconds that a tile may take."""
    log_format: str
    """`text` or `json`."""
    progress: bool
    """Whether to show progress."""
    verbose: bool
    """One line per tile, and the log's INFO lines."""
    debug: bool = False
    """Every event and all of the log on stderr, and no progress."""

    @property
    def how(self) -> ExecutionOptions:
        """The part of an order."""
        return ExecutionOptions(
            concurrency=self.concurrency,
            workers=self.workers,
            dask_scheduler=self.dask_scheduler,
            overwrite=self.overwrite,
            fail_fast=self.fail_fast,
            tile_timeout=self.tile_timeout,
        )


_RUN_OPTIONS = (
    click.option(
        "-o", "--overwrite", is_flag=True, help="Compute also the tiles that are done already."
    ),
    click.option(
        "--fail-fast", is_flag=True, help="Stop at the first failed tile (default: go on)."
    ),
    click.option(
        "--tile-timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="A tile that takes longer has failed; its worker is ended and replaced. Not with "
        "--concurrency threads or none.  [default: no limit]",
    ),
    click.option(
        "--concurrency",
        type=click.Choice(CONCURRENCIES),
        default="processes",
        show_default=True,
        help="What the workers are.",
    ),
    workers_option,
    dask_scheduler_option,
    click.option(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="json: one JSON object per line on stderr, no progress bar.",
    ),
    click.option(
        "--progress/--no-progress",
        " /--no-pbar",
        default=True,
        help="Show progress: a bar on a terminal, else a line every few seconds.  [default: yes]",
    ),
    click.option("-v", "--verbose", is_flag=True, help="One line per tile."),
    debug_option(),
    logfile_option(),
    without_effect("--dask-no-task-graph", "--no-task-graph", reason=NO_GRAPH),
)


def _check_run(how: RunChoices) -> None:
    if how.dask_scheduler is not None and how.concurrency != "dask":
        raise click.UsageError("--dask-scheduler needs --concurrency dask.")
    if how.tile_timeout is not None and how.concurrency in ("threads", "none"):
        raise click.UsageError(
            "--tile-timeout needs --concurrency processes or dask: a tile that hangs can only be "
            "ended with the process that it runs in."
        )


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run; the command receives one `how: RunOptions`."""
    return collecting(function, _RUN_OPTIONS, "how", RunChoices, _check_run)
