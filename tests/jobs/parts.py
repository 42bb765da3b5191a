"""Queues, jobs and runners for the tests: the real ones, with leases of seconds."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from automap_tiles.jobs import Database, Job, JobStore, NewJob, OnFinal, Queue, QueueLimits
from automap_tiles.jobs.results import ResultStore
from automap_tiles.jobs.runner import Pace, Runner
from automap_tiles.jobs.supervisor import RunnerEnvironment
from automap_tiles.jobs.tables import METADATA

SCENES = "landsat/gdalcubes_L8NY18"
AREA = Path(__file__).with_name("area.geojson")
"""Six kilometres of New York: what a job does there takes less than to begin one."""


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Parts:
    """A queue and what belongs to it."""

    folder: Path
    url: str
    limits: QueueLimits = field(default_factory=lambda: QueueLimits(lease=2.0))
    on_final: tuple[OnFinal, ...] = ()
    clock: Callable[[], float] = time.time
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "database", Database(self.url, self.clock))

    @property
    def store(self) -> JobStore:
        return JobStore(self.database, self.on_final)

    @property
    def queue(self) -> Queue:
        return Queue(self.database, self.limits, self.on_final)

    @property
    def place(self) -> RunnerEnvironment:
        return RunnerEnvironment(
            results=ResultStore(str(self.folder / "store")),
            workspaces=self.folder / "workspaces",
            workers=2,
            grace=20.0,
            free=0,
        )

    def runner(self, **place: Any) -> Runner:
        pace = Pace(slots=2, poll=0.1)
        return Runner(self.queue, replace(self.place, **place), pace)

    def wait(self, job: str, seconds: float = 120.0) -> Job:
        """Until it is at its end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.store.get(None, job)
            assert found is not None
            if found.is_final:
                return found
            time.sleep(0.05)
        lines = [each.message for each in self.store.entries(job)]
        raise AssertionError(f"{job} is not at its end: {lines}")


def make(folder: Path, url: str | None = None, **more: Any) -> Parts:
    """With its tables."""
    parts = Parts(folder, url or f"sqlite:///{folder}/jobs.sqlite", **more)
    METADATA.create_all(parts.database.engine)
    return parts


def new_job(shared: Path | None = None, *, user: str = "ann", **said: Any) -> NewJob:
    """A composite of five scenes, or an order that nobody carries out."""
    data = Path("/nowhere") if shared is None else shared / "data"
    order = {
        "workflow": "composite",
        "satellites": ["8"],
        "start": "2018-04-01",
        "end": "2018-05-31",
        "boundary": str(AREA),
        "input": str(data / SCENES),
        "output": "",
        **said.pop("order", {}),
    }
    values = {"workspace": "w1", "parameters": {"mode": "composite", "catalogue": "demo"}, **said}
    return NewJob(user=user, order=order, **values)


@contextlib.contextmanager
def running(runner: Runner) -> Iterator[Runner]:
    """A runner at work in a thread; it leaves at the end of the block."""
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield runner
    finally:
        runner.leave()
        thread.join(60)
        assert not thread.is_alive()


def session_of(pid: int) -> list[int]:
    """Processes that live in a session; ended ones that nobody has reaped do not."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == pid and state not in "ZX":
                    found.append(int(entry.name))
    return found


def children_of(pid: int) -> list[int]:
    """Processes that a process has started and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == pid and state not in "ZX":
                    found.append(int(entry.name))
    return found


def mine() -> int:
    """This process."""
    return os.getpid()
