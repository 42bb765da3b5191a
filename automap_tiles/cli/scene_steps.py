"""The processes that a run of AutoMap is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_tiles.cli.options import RunOptions
from automap_tiles.cli.run import conclude, run, shown
from automap_tiles.cli.scene_options import SceneOptions
from automap_tiles.cli.telling import telling
from automap_tiles.notes import Note, Notes
from automap_tiles.runtime.open import open_process


def execute_config(
    what: SceneOptions, config: Mapping[str, Any], *, overwrite: bool
) -> tuple[Note, ...]:
    """Run a process and show how it goes; what it told, which has been shown.

    Raises `TilesFailed`.
    """
    how = RunOptions(
        concurrency="processes",
        workers=what.workers,
        dask_scheduler=None,
        overwrite=overwrite,
        fail_fast=False,
        log_format=what.log_format,
        progress=what.progress,
        verbose=what.verbose,
    )
    with shown(how) as show, telling(show.note) as told:
        process = open_process(config)
        tally = run(process, how, show)
    if tally.summary is None or tally.summary.failed or tally.summary.stopped_by:
        conclude(tally, how)
        return told.grouped()
    return Notes((*told, *tally.summary.notes)).grouped()
