"""A Dask cluster whose workers come and go and whose scheduler may be restarted.

Work that was asked for ends once, whatever becomes of the cluster meanwhile. What was under way
when the connection to the scheduler was lost is sent again when one answers at the same address.
Work that takes far longer than its fellows, when there is nothing else left to do, is given to an
idle worker as well, and the first result counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, InvalidStateError, wait
from dataclasses import dataclass, field
from typing import Any

from automap_tiles.engine.pools._dask_client import (
    Client,
    DaskFuture,
    connect,
    distributed_package,
    local_cluster,
    share_environment,
)
from automap_tiles.errors import ConfigError, ProcessError
from automap_tiles.notes import Fate, Note, Subject

AWAY_SECONDS = 300.0
"""Seconds a scheduler or all workers may be away: cloud machines take minutes to start."""

# Polling interval for the connection and the workers.
_TICK_SECONDS, _LOOK_SECONDS = 0.25, 1.0

# Work is late that takes so many times the median of what is done, and so many seconds at least;
# MapReduce's backup tasks (Dean, Ghemawat: MapReduce, OSDI 2004, 3.6) begin near the end as well.
_FAR_LONGER, _LEAST_SECONDS = 4.0, 3.0
# A median of fewer values means little.
_FELLOWS = 3
_COPIES = 3
"""Most concurrent copies of one job."""

# For what a cluster is told and need not answer.
_ASIDE_SECONDS = 5.0

QUEUE_DEPTH = 2
"""Jobs per worker at a time: one running, one queued."""

# Errors of a client whose scheduler goes away; its status distinguishes them.
_TROUBLE = (OSError, CancelledError, RuntimeError, TimeoutError, ConfigError)


@dataclass(eq=False)
class _Job:
    """A job submitted to the cluster."""

    work: Callable[..., Any]
    given: tuple[Any, ...]
    name: str
    """Name for messages; empty: none."""
    future: Future[Any] = field(default_factory=Future)
    copies: list[DaskFuture] = field(default_factory=list)
    """Futures of the running copies; empty: waiting for a scheduler."""
    sent: float = 0.0
    """When the last copy was submitted."""


class Cluster:
    """Workers behind a scheduler at an address, or begun on this machine for the time of use."""

    def __init__(
        self, scheduler: str | None, workers: int | None, *, tries_again: bool, copies: bool
    ) -> None:
        """`tries_again`: work whose worker died, without a word; `copies`: work that is late.

        Raises `ConfigError` when no scheduler answers, or none with a worker; `MissingExtra`.
        """
        self.lost_worker: tuple[type[BaseException], ...] = (
            distributed_package().scheduler.KilledWorker,
        )
        self._address = scheduler
        self._own = None if scheduler else local_cluster(workers, tries_again=tries_again)
        self._client: Client = connect(scheduler or self._own)
        if self._own is not None:
            share_environment(self._client)
        self._makes_copies = copies
        self.threads = max(self._client.nthreads().values())
        """Of the worker that has most of them."""
        self._present: int = sum(self._client.nthreads().values())
        self._jobs: dict[_Job, None] = {}
        self._lock = threading.RLock()
        self._stale: deque[DaskFuture] = deque()
        self._took: deque[float] = deque(maxlen=200)
        self._news: deque[Note] = deque()
        self._away_since: float | None = None
        self._gone: ProcessError | None = None
        self._is_over = threading.Event()
        self._looked = 0.0
        self._watch = threading.Thread(target=self._look_after, name="cluster", daemon=True)
        self._watch.start()

    @property
    def workers(self) -> int:
        """Number of jobs that run in parallel, as last polled; at least 1."""
        return max(1, self._present)

    def submit(self, work: Callable[..., Any], *given: Any, name: str = "") -> Future[Any]:
        """Submit a job; the future raises `ProcessError` when the cluster stays away."""
        job = _Job(work, given, name)
        with self._lock:
            self._jobs[job] = None
        job.future.add_done_callback(lambda _: self._forget(job))
        if self._gone is not None:
            _end(job, self._gone)
        elif self._is_up():
            self._send(job)
        return job.future

    def everywhere(self, work: Callable[..., Any], *given: Any) -> Mapping[str, Any]:
        """Responses of all present workers by address; errors are responses too."""
        answers: Mapping[str, Any] = self._client.run(work, *given, on_error="return")
        return answers

    def news(self) -> list[Note]:
        """Events of the cluster since the last call."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def close(self, *, grace: float | None, last: Callable[[], object] | None = None) -> None:
        """Wait for what is under way (None), or for so many seconds at most after cancelling it.

        `last` is done by each worker in the end, if it answers soon.
        """
        futures = [job.future for job in list(self._jobs)]
        if grace is not None:
            for future in futures:
                future.cancel()
        wait(futures, timeout=grace)
        self._is_over.set()
        self._watch.join(_ASIDE_SECONDS)
        _aside(self._drop_stale)
        if last is not None and self._own is None and self._is_up():
            # A frozen worker never responds.
            _aside(lambda: self._client.run(last, on_error="ignore"))
        _aside(self._client.close)
        if self._own is not None:
            self._own.close()

    def _is_up(self) -> bool:
        return bool(self._client.status == "running")

    def _send(self, job: _Job, to: list[str] | None = None) -> None:
        """Submit to any worker, or to one of the given ones if still present."""
        job.sent = time.monotonic()
        copy = self._client.submit(
            job.work, *job.given, pure=False, workers=to, allow_other_workers=to is not None
        )
        with self._lock:
            job.copies.append(copy)
        self._client.loop.add_callback(self._follow, self._client, job, copy)

    async def _follow(self, client: Client, job: _Job, copy: DaskFuture) -> None:
        """Wait for a copy to end, in the client's own thread."""
        is_lost = False
        try:
            result = await client.gather(copy, asynchronous=True)
            self._took.append(time.monotonic() - job.sent)
        except asyncio.CancelledError as error:
            result, is_lost = error, True
        except Exception as error:  # noqa: BLE001 - belongs to the one who asked for the work
            result = error
            is_lost = _went_away(client, copy, error)
        with self._lock:
            job.copies.remove(copy)
            is_last = not job.copies
        # What was lost with the connection is resubmitted.
        if not is_lost and (is_last or not isinstance(result, self.lost_worker)):
            _end(job, result)

    def _forget(self, job: _Job) -> None:
        """The job has ended: cancel its other copies."""
        with self._lock:
            self._jobs.pop(job, None)
            self._stale.extend(job.copies)

    def _drop_stale(self) -> None:
        stale = [self._stale.popleft() for _ in range(len(self._stale))]
        if stale:
            self._client.cancel(stale)

    def _look_after(self) -> None:
        """The thread that monitors the cluster until it is closed."""
        while not self._is_over.wait(_TICK_SECONDS):
            with contextlib.suppress(*_TROUBLE):
                if self._is_up():
                    self._drop_stale()
                    self._send_waiting()
                    self._look()
                elif self._address is not None and self._client.status == "closed":
                    self._client = connect(self._address, seconds=_ASIDE_SECONDS, workers=0)
            self._count_away()

    def _send_waiting(self) -> None:
        for job in self._waiting():
            self._send(job)

    def _waiting(self) -> list[_Job]:
        with self._lock:
            return [job for job in self._jobs if not job.copies and not job.future.done()]

    def _look(self) -> None:
        """Count the workers and find late jobs."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._present = sum(self._client.nthreads().values())
        with self._lock:
            flying = list(self._jobs)
        has_more = len(flying) >= self._present * QUEUE_DEPTH
        if not self._makes_copies or has_more or len(self._took) < _FELLOWS:
            return
        limit = max(_LEAST_SECONDS, _FAR_LONGER * statistics.median(self._took))
        late = [job for job in flying if self._looked - job.sent > limit]
        idle = [each for each, keys in self._client.processing().items() if not keys]
        for job, worker in zip(sorted(late, key=lambda job: job.sent), idle, strict=False):
            if len(job.copies) < _COPIES:
                self._tell("it takes far longer than the others; another worker does it too", job)
                self._send(job, [worker])

    def _count_away(self) -> None:
        """Report that the cluster is away, and give it up after a while."""
        lacks = None if self._is_up() and self._present else self._lacks()
        if lacks is None or not self._jobs:
            self._away_since = None
            return
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self._tell(f"{lacks}; the run waits and sends them again", *self._jobs)
        elif now - self._away_since > AWAY_SECONDS:
            self._gone = ProcessError(
                f"{lacks} for {AWAY_SECONDS:.0f} s; what is done is kept: start it, and run again"
            )
            for job in list(self._jobs):
                _end(job, self._gone)

    def _lacks(self) -> str:
        where = self._address or "this machine"
        what = "has no workers" if self._is_up() else "is away"
        return f"the Dask scheduler at {where} {what}"

    def _tell(self, reason: str, *jobs: _Job) -> None:
        names = tuple(job.name for job in jobs if job.name)[:3]
        self._news.append(
            Note(
                fate=Fate.REPEATED,
                subject=Subject.TASKS,
                reason=reason,
                count=len(jobs),
                examples=names,
            )
        )


def _went_away(client: Client, copy: DaskFuture, error: Exception) -> bool:
    """Whether it is the connection that failed, not the work."""
    if copy.status == "error":
        return False
    is_cut = copy.status == "cancelled" or client.status != "running"
    return is_cut or isinstance(error, OSError)


def _end(job: _Job, result: object) -> None:
    """Set the result or error of a future, unless it is already done or cancelled."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(result, BaseException):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)


def _aside(work: Callable[[], object]) -> None:
    """Run something with a short timeout."""

    def done() -> None:
        with contextlib.suppress(*_TROUBLE):
            work()

    thread = threading.Thread(target=done, daemon=True)
    thread.start()
    thread.join(_ASIDE_SECONDS)
