"""The lease by which a runner holds a job."""

from __future__ import annotations

import threading
import time
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from automap_tiles.jobs._queue import LeaseLost, Queue
from automap_tiles.jobs.job import Job

_PART = 0.25
"""Of a lease, until it is renewed."""


class Lease:
    """Renews the lease of a job in a thread of its own, until the end of the block.

    So that no slow store or disk costs the job. A database that does not answer is asked again for
    as long as the lease may still hold.
    """

    def __init__(self, queue: Queue, job: Job) -> None:
        self._queue = queue
        self._job = job
        self._end = threading.Event()
        self._until = time.monotonic() + queue.limits.lease
        self.lost = threading.Event()
        """Set when the job is somebody else's: write nothing for it."""
        self.cancelled = threading.Event()
        """Set when its owner wants it ended."""
        self._thread = threading.Thread(target=self._keep, name=f"lease {job.id}", daemon=True)

    def going(self) -> None:
        """Raise `LeaseLost` when the job is no longer ours."""
        if self.lost.is_set() or time.monotonic() > self._until:
            self.lost.set()
            raise LeaseLost(f"job {self._job.id}: attempt {self._job.attempt} is over")

    def _keep(self) -> None:
        pause = min(self._queue.limits.lease * _PART, 2.0)  # a cancel shall be heard soon
        while not self._end.wait(pause):
            begun = time.monotonic()
            try:
                if self._queue.renew(self._job):
                    self.cancelled.set()
            except LeaseLost:
                self.lost.set()
                return
            except SQLAlchemyError:
                if time.monotonic() > self._until:
                    self.lost.set()
                    return
            else:
                self._until = begun + self._queue.limits.lease

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
