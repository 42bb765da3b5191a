"""Runner and child are killed at any moment: nothing is lost, nothing is there twice.

`AUTOMAP_JOB_KILLS` says how many kills; each job is killed a few times before it may end.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from automap_tiles.jobs import NewJob, Status
from tests import starts
from tests.jobs.parts import Parts, children_of, make, new_job, session_of
from tests.jobs.runner_process import ENDINGS, parts_of

KILLS = int(os.environ.get("AUTOMAP_JOB_KILLS", "6"))
SEED = int(os.environ.get("AUTOMAP_SEED", "1"))
PER_JOB = 3

pytestmark = pytest.mark.timeout(120 + 25 * KILLS)


@dataclass
class Runners:
    """Runner processes, all of them seen with their children."""

    parts: Parts
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)

    def keep(self, count: int) -> None:
        """Have so many at work."""
        self.running = [each for each in self.running if each.poll() is None]
        while len(self.running) < count:
            folder, url = str(self.parts.folder), self.parts.url
            self.running.append(
                starts.start([folder, url], starts.RUNNER, entry="tests.jobs.runner_process:begin")
            )

    def look(self) -> list[int]:
        """Children that live now."""
        found = [child for each in self.running for child in children_of(each.pid)]
        self.sessions |= set(found)
        return found

    def kill(self, what: str) -> None:
        children = self.look()
        runners = [each.pid for each in self.running]
        chosen = {"child": children, "runner": runners, "all": [*children, *runners]}[what]
        for pid in chosen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if what != "child":
            for each in self.running:
                each.wait(10)

    def leave(self) -> None:
        for each in self.running:
            each.terminate()
        for each in self.running:
            each.wait(30)


@contextlib.contextmanager
def runners_of(parts: Parts) -> Iterator[Runners]:
    runners = Runners(parts)
    try:
        yield runners
    finally:
        runners.leave()


def pictures(parts: Parts, job: str) -> dict[str, bytes]:
    """Content of the archive, without what names the job."""
    result = parts.store.result(job)
    assert result is not None
    path = parts.place.results.path(result.key)
    assert path is not None
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".tif")}


def is_gone(session: int, seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not session_of(session):
            return True
        time.sleep(0.1)
    return False


def prepared(tmp_path: Path) -> Parts:
    make(tmp_path)
    parts = parts_of(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite")
    ENDINGS.create(parts.database.engine)
    return parts


def under_way(runners: Runners, job: str) -> None:
    """Wait until it is carried out, by a child that was seen."""
    end = time.monotonic() + 60
    while (found := runners.parts.store.get(None, job)) and not found.is_final:
        if runners.look():
            return
        assert time.monotonic() < end
        time.sleep(0.02)


def anew(shared: Path, number: int) -> NewJob:
    return new_job(shared, workspace=f"w{number}")


def test_a_killed_job_has_one_result_with_the_same_bytes(shared: Path, tmp_path: Path) -> None:
    parts = prepared(tmp_path)
    chance = random.Random(SEED)
    with runners_of(parts) as runners:
        runners.keep(2)
        undisturbed = parts.store.add(anew(shared, 0))
        begun = time.monotonic()
        assert parts.wait(undisturbed.id).status is Status.SUCCESSFUL
        whole = time.monotonic() - begun
        expected = pictures(parts, undisturbed.id)
        jobs = [undisturbed.id]
        for number in range(1, KILLS // PER_JOB + 1):
            job = parts.store.add(anew(shared, number))
            jobs.append(job.id)
            for _ in range(PER_JOB):
                time.sleep(chance.uniform(0.2, whole))
                runners.kill(chance.choice(("child", "runner", "all")))
                runners.keep(2)
            runners.look()
            done = parts.wait(job.id)
            assert (done.status, done.reason) == (Status.SUCCESSFUL, None)
            assert pictures(parts, job.id) == expected
    assert all(is_gone(session) for session in runners.sessions)
    with parts.database.reading() as connection:
        ended = [row.job for row in connection.execute(select(ENDINGS))]
    assert sorted(ended) == sorted(jobs)  # each once
    for name in jobs:
        result = parts.store.result(name)
        assert result is not None
        assert parts.place.results.archives(name) == [result.key]


def test_a_runner_that_ends_in_order_gives_its_job_back(shared: Path, tmp_path: Path) -> None:
    parts = prepared(tmp_path)
    job = parts.store.add(anew(shared, 0))
    with runners_of(parts) as runners:
        runners.keep(1)
        under_way(runners, job.id)
        begun = time.monotonic()
        runners.leave()
        assert time.monotonic() - begun < 20
        found = parts.store.get(None, job.id)
        assert found is not None
        if found.status is not Status.SUCCESSFUL:  # it may have been quicker
            assert (found.status, found.losses) == (Status.ACCEPTED, 0)
        assert all(is_gone(session) for session in runners.sessions)
        runners.keep(1)
        assert parts.wait(job.id).status is Status.SUCCESSFUL


@pytest.mark.parametrize("after", [0.1, 0.7, 1.3, 2.0])
def test_a_cancelled_job_is_gone_soon_with_all_its_processes(
    shared: Path, tmp_path: Path, after: float
) -> None:
    parts = prepared(tmp_path)
    job = parts.store.add(anew(shared, 0))
    with runners_of(parts) as runners:
        runners.keep(1)
        under_way(runners, job.id)
        time.sleep(after)
        runners.look()
        parts.store.cancel("ann", job.id)
        found = parts.wait(job.id, 30)
        assert found.status in (Status.DISMISSED, Status.SUCCESSFUL)
        assert all(is_gone(session) for session in runners.sessions)


def test_a_runner_that_was_frozen_finds_its_job_gone_and_leaves_it(
    shared: Path, tmp_path: Path
) -> None:
    parts = prepared(tmp_path)
    job = parts.store.add(anew(shared, 0))
    with runners_of(parts) as runners:
        runners.keep(1)
        under_way(runners, job.id)
        (frozen,) = runners.running
        frozen.send_signal(signal.SIGSTOP)
        runners.running.clear()
        try:
            runners.keep(1)
            end = time.monotonic() + 60
            while (found := parts.store.get(None, job.id)) and found.attempt < 2:
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            frozen.send_signal(signal.SIGCONT)
        ended = parts.wait(job.id)
        assert ended.status is Status.SUCCESSFUL, ended.reason
        runners.running.append(frozen)
    with parts.database.reading() as connection:
        assert [row.job for row in connection.execute(select(ENDINGS))] == [job.id]
    result = parts.store.result(job.id)
    assert result is not None
    assert parts.place.results.archives(job.id) == [result.key]
    assert all(is_gone(session) for session in runners.sessions)
