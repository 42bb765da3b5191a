"""Runners that leave by themselves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from automap_tiles.jobs import Status
from automap_tiles.jobs.runner import Pace, Runner
from tests.jobs.parts import make, new_job


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_runner_leaves_after_its_jobs(tmp_path: Path, jobs: int) -> None:
    parts = make(tmp_path)
    for number in range(3):
        parts.store.add(new_job(workspace=f"w{number}"))
    runner = Runner(parts.queue, parts.place, Pace(slots=2, poll=0.05, jobs=jobs))
    runner.run()
    assert runner.over.is_set()
    states = [job.status for job in parts.store.page(None).jobs]
    assert states.count(Status.FAILED) == jobs
    assert states.count(Status.ACCEPTED) == 3 - jobs


def test_a_runner_leaves_when_it_has_had_nothing_to_do_for_long_enough(tmp_path: Path) -> None:
    parts = make(tmp_path)
    begun = time.monotonic()
    Runner(parts.queue, parts.place, Pace(poll=0.05, idle=0.5)).run()
    assert 0.5 <= time.monotonic() - begun < 10
    parts.store.add(new_job())
    Runner(parts.queue, parts.place, Pace(poll=0.05, idle=0.0, jobs=1)).run()
    # it has looked at least once before it finds that there is nothing
    assert parts.store.page(None).jobs[0].status in (Status.ACCEPTED, Status.FAILED)
