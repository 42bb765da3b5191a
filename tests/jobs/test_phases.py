"""Phases of a job, read from its log."""

from __future__ import annotations

from automap_tiles.jobs import Entry, Level, stretches
from automap_tiles.jobs._progress import Progress


def _entries(progress: Progress, times: list[float]) -> list[Entry]:
    lines = progress.news().lines
    return [
        Entry(number=number, time=time, level=level, message=said, attempt=1)
        for number, (time, (level, said)) in enumerate(zip(times, lines, strict=True), 1)
    ]


def test_what_the_progress_writes_is_read_as_phases() -> None:
    progress = Progress("composite")
    progress.hear({"event": "phase_started", "phase": "search"})
    progress.hear({"event": "phase_started", "phase": "scenes", "total": 5})
    progress.hear({"event": "done", "scene": "a", "status": "written"})
    progress.hear({"event": "phase_started", "phase": "composite", "satellite": "landsat-8"})
    progress.pack("the results are packed")
    found = stretches(_entries(progress, [10.0, 12.0, 15.0, 20.0, 26.0]), 27.0)
    assert [(each.name, each.start, each.end) for each in found] == [
        ("search", 10.0, 12.0),
        ("scenes: 5", 12.0, 20.0),
        ("composite of landsat-8", 20.0, 26.0),
        ("the results are packed", 26.0, 27.0),
    ]


def test_the_last_phase_of_a_job_that_runs_is_open() -> None:
    line = Entry(number=1, time=3.0, level=Level.INFO, message="begins: search", attempt=2)
    (found,) = stretches([line], None)
    assert (found.end, found.attempt) == (None, 2)
    assert stretches([], 5.0) == []
