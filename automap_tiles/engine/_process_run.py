"""Run a single process, from acquiring its lock to its summary."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator

from automap_tiles.engine._active_run import ActiveRun
from automap_tiles.engine._run_options import RunOptions
from automap_tiles.engine._start import begin
from automap_tiles.engine.events import Event
from automap_tiles.engine.journal import Hold, Journal, hold, place_of
from automap_tiles.formats import Recut
from automap_tiles.runtime import Process
from automap_tiles.stopping import NEVER, StopToken


def execute_process(
    process: Process, options: RunOptions, *, stop: StopToken = NEVER
) -> Generator[Event]:
    """Run a process whose stored steps exist; stream its events.

    Closing the stream early, or an interrupt, ends the run in an orderly way: tiles in flight get
    `GRACE_SECONDS`, the journal is whole, no child process stays behind. So does `stop`, after
    which the summary still comes; where tiles are worked on in this process itself
    (`Concurrency.NONE`) it is asked between them. Raises `OutputBusy`,
    `OutputMismatch`, `ProcessChanged` or `OutputError` before the first tile.
    """
    with contextlib.ExitStack() as stack:
        # First of all: leave alone what another run is writing.
        held = stack.enter_context(hold(place_of(process.writer.path, process.config_path)))
        area = process.area_at(max(process.zooms))
        if options.update is not None and isinstance(process.writer, Recut):
            process.writer.end_with_area()
        process.writer.prepare(area=area, overwrite=options.overwrite)
        journal = stack.enter_context(Journal.under(held))
        last = journal.last_run()
        died = last is None or last.finished is None or held.left_behind
        if died or options.overwrite:
            _clean(process, held)
        state = begin(
            process,
            journal,
            selection=selection_hash(process),
            overwrite=options.overwrite,
            retry_failed=options.retry_failed,
            update=options.update,
        )
        yield from ActiveRun(process, options, journal, state, stop).events()


def _clean(process: Process, held: Hold) -> None:
    """Delete leftovers of dead writers; those that may belong to a live one are checked later."""
    if process.writer.clean().left:
        held.keep_file()


def selection_hash(process: Process) -> str:
    """Hash of the tile selection of a process."""
    digest = hashlib.sha256(repr(process.zooms).encode())
    for zoom in process.zooms:
        digest.update(process.area_at(zoom).wkb)
    return digest.hexdigest()[:16]
