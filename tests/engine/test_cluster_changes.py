"""What becomes of a run when its cluster changes: real schedulers and workers, as processes.

Workers join, are frozen, retire and die; a scheduler is killed and started again, or is not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.engine.events import Event, Noted, RunFinished, Summary, TileDone, TileStatus
from automap_tiles.engine.pools import Concurrency, _cluster
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ProcessError
from automap_tiles.runtime import open_process
from tests import starts
from tests.engine.projects import Project, make_project

pytest.importorskip("distributed")

PAUSE = 0.15


@dataclass
class Machines:
    """A scheduler and workers without nannies, which can be ended one by one."""

    folder: Path
    port: int
    scheduler: subprocess.Popen[str] | None = None
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, workers: int) -> None:
        """Until the workers are there; a scheduler only where none lives."""
        if self.scheduler is None:
            self.scheduler = self._begin(
                "dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port)
            )
        self.workers += [self.worker() for _ in range(workers)]
        self.wait_for(len([each for each in self.workers if each.poll() is None]))

    def worker(self) -> subprocess.Popen[str]:
        return self._begin("dask_worker", self.address, "--nthreads", "1", "--no-nanny")

    def wait_for(self, count: int) -> None:
        distributed: Any = pytest.importorskip("distributed")
        deadline = time.monotonic() + 60
        while True:
            with (
                contextlib.suppress(OSError),
                distributed.Client(self.address, timeout=5, set_as_default=False) as client,
            ):
                client.wait_for_workers(count, timeout=max(1.0, deadline - time.monotonic()))
                return
            assert time.monotonic() < deadline

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait(20)

    def kill_scheduler(self) -> None:
        """And the workers, which do nothing without it."""
        assert self.scheduler is not None
        for each in (self.scheduler, *self.workers):
            self.kill(each)
        self.scheduler = None
        self.workers.clear()

    def close(self) -> None:
        for each in (*self.workers, self.scheduler):
            if each is not None and each.poll() is None:
                self.kill(each)

    def _begin(self, module: str, *words: str) -> subprocess.Popen[str]:
        return starts.start(
            [*words, "--no-dashboard"],
            starts.DASK,
            entry=f"distributed.cli.{module}:main",
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Machines(tmp_path_factory.mktemp("machines"), port)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tiles of the project as one process makes them."""
    project = _project(tmp_path_factory.mktemp("alone"), pause=0.0)
    list(execute(open_process(project.config), RunOptions(concurrency=Concurrency.NONE)))
    return project.tiles()


def _project(folder: Path, pause: float = PAUSE) -> Project:
    return make_project(folder / "p", zooms=(12, 13), pause=pause)


@dataclass
class RunLog:
    """A run, and what happens to its cluster in the middle of it."""

    project: Project
    machines: Machines
    seen: list[TileDone] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    summary: Summary | None = None

    def run(self, meanwhile: Callable[[Event, int], None]) -> None:
        """`meanwhile` is called with each event and how many tiles are done."""
        options = RunOptions(concurrency=Concurrency.DASK, dask_scheduler=self.machines.address)
        for event in execute(open_process(self.project.config), options):
            if isinstance(event, TileDone):
                self.seen.append(event)
            elif isinstance(event, Noted):
                self.told.append(str(event.note))
            elif isinstance(event, RunFinished):
                self.summary = event.summary
            meanwhile(event, len(self.seen))

    def check(self, alone: dict[str, bytes]) -> None:
        """All is there, each tile once."""
        assert self.summary is not None
        assert (self.summary.failed, self.summary.stopped_by) == (0, None)
        indexes = [event.result.index for event in self.seen]
        assert len(indexes) == len(set(indexes)) == self.summary.computed
        assert self.project.tiles() == alone
        counts = self.project.counts()
        assert counts[TileStatus.WRITTEN] == len(alone)
        assert sum(counts.values()) == len(indexes)


@pytest.mark.timeout(200)
def test_a_worker_joins_and_one_retires(
    machines: Machines, alone: dict[str, bytes], tmp_path: Path
) -> None:
    machines.start(1)
    story = RunLog(_project(tmp_path), machines)

    def meanwhile(event: Event, done: int) -> None:
        if isinstance(event, TileDone) and done == 2:
            machines.start(1)
        if isinstance(event, TileDone) and done == 12:
            machines.workers[0].send_signal(signal.SIGTERM)

    story.run(meanwhile)
    machines.workers.pop(0).wait(20)
    story.check(alone)
    pids = {int(event.result.worker.rpartition(":")[2]) for event in story.seen}
    assert len(pids) == 2
    late = {event.result.worker for event in story.seen[-5:]}
    assert late == {f"{socket.gethostname()}:{machines.workers[0].pid}"}


@pytest.mark.timeout(200)
def test_what_a_frozen_worker_holds_is_done_by_another(
    machines: Machines, alone: dict[str, bytes], tmp_path: Path
) -> None:
    """It wakes up after the run, and writes nothing more."""
    machines.start(2 - len(machines.workers))
    frozen = machines.workers[0]
    story = RunLog(_project(tmp_path), machines)

    def meanwhile(event: Event, done: int) -> None:
        if isinstance(event, TileDone) and done == 6:
            os.kill(frozen.pid, signal.SIGSTOP)

    started = time.monotonic()
    try:
        story.run(meanwhile)
        assert time.monotonic() - started < 60
        story.check(alone)
        assert "another worker does it too" in "".join(story.told)
        before = _stamps(story.project)
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
    machines.wait_for(2)
    time.sleep(4 * PAUSE)
    assert _stamps(story.project) == before
    assert not list(story.project.output.rglob("*.part"))


def _stamps(project: Project) -> dict[Path, int]:
    """Of every file: one that is replaced has another number."""
    files = [path for path in project.output.rglob("*.*") if path.suffix != ".part"]
    return {path: path.stat().st_ino for path in files}


@pytest.mark.timeout(200)
def test_a_scheduler_that_is_started_again(
    machines: Machines, alone: dict[str, bytes], tmp_path: Path
) -> None:
    machines.start(2 - len(machines.workers))
    story = RunLog(_project(tmp_path), machines)

    def meanwhile(event: Event, done: int) -> None:
        if isinstance(event, TileDone) and done == 6:
            machines.kill_scheduler()
        if isinstance(event, Noted) and "is away" in str(event.note):
            machines.start(2)

    story.run(meanwhile)
    story.check(alone)
    (said,) = story.told
    assert f"the Dask scheduler at {machines.address} is away; the run waits" in said


@pytest.mark.timeout(200)
def test_a_scheduler_that_stays_away_ends_the_run_in_words_and_nothing_is_lost(
    machines: Machines,
    alone: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machines.start(2 - len(machines.workers))
    monkeypatch.setattr(_cluster, "AWAY_SECONDS", 2.0)
    story = RunLog(_project(tmp_path), machines)

    def meanwhile(event: Event, done: int) -> None:
        if isinstance(event, TileDone) and done == 6:
            machines.kill_scheduler()

    with pytest.raises(ProcessError, match=r"is away for 2 s; what is done is kept: start it"):
        story.run(meanwhile)
    done = len(story.seen)
    assert done >= 6
    again = RunLog(story.project, machines)
    list(execute(open_process(story.project.config), RunOptions(concurrency=Concurrency.NONE)))
    assert again.project.tiles() == alone
    counts = story.project.counts()
    assert counts[TileStatus.WRITTEN] == len(alone)
