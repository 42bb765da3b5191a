"""Run a process: stream tiles through a pool of workers into the journal and the events.

The parent never handles pixels. Work in flight is bounded; a tile's error, a dead worker or an
unreadable input fails the tile, not the run.
"""

from __future__ import annotations

from collections.abc import Generator

from automap_tiles.engine._active_run import GRACE_SECONDS, STOPPED
from automap_tiles.engine._process_run import execute_process, selection_hash
from automap_tiles.engine._run_options import RunOptions
from automap_tiles.engine._steps import execute_steps, reading_what_is_there
from automap_tiles.engine._update import Outdated, Update, expected, manifest_of
from automap_tiles.engine.events import Event
from automap_tiles.runtime import Process
from automap_tiles.runtime.steps import stages
from automap_tiles.stopping import NEVER, StopToken

__all__ = [
    "GRACE_SECONDS",
    "STOPPED",
    "Outdated",
    "RunOptions",
    "Update",
    "execute",
    "expected",
    "manifest_of",
    "reading_what_is_there",
    "selection_hash",
]


def execute(
    process: Process, options: RunOptions | None = None, *, stop: StopToken = NEVER
) -> Generator[Event]:
    """Run a process, its stored steps first; stream its events.

    Closing the stream early, or an interrupt, ends the run in an orderly way: tiles in flight get
    `GRACE_SECONDS`, the journal is whole, no child process stays behind. So does `stop`, after
    which the summary still comes; where tiles are worked on in this process itself
    (`Concurrency.NONE`) it is asked between them. Raises `OutputBusy`,
    `OutputMismatch`, `ProcessChanged` or `OutputError` before the first tile.
    """
    run = execute_steps if stages(process) else execute_process
    yield from run(process, options or RunOptions(), stop=stop)
