"""The lease by which a runner holds a job."""

from __future__ import annotations

import threading
import time
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from automap_tiles.jobs._queue import LeaseLost, Queue
from automap_tiles.jobs.job import Job

_PART = 0.25
"""Fraction of a lease after which it is renewed."""


class Lease:
    """Renews the lease of a job in a separate thread until the end of the block.

    So a slow store or disk does not cost the job. If the database does not respond, renewal is
    retried for as long as the lease may still be valid.
    """

    def __init__(self, queue: Queue, job: Job) -> None:
        self._queue = queue
        self._job = job
        self._end = threading.Event()
        self._until = time.monotonic() + queue.limits.lease
        self.lost = threading.Event()
        """Set when the job belongs to another runner: write nothing for it."""
        self.cancelled = threading.Event()
        """Set when its owner has cancelled it."""
        self._thread = threading.Thread(target=self._keep, name=f"lease {job.id}", daemon=True)

    def going(self) -> None:
        """Raise `LeaseLost` if the job no longer belongs to this runner."""
        if self.lost.is_set() or time.monotonic() > self._until:
            self.lost.set()
            raise LeaseLost(f"job {self._job.id}: attempt {self._job.attempt} is over")

    def _keep(self) -> None:
        pause = min(self._queue.limits.lease * _PART, 2.0)  # so that a cancellation is noticed soon
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
