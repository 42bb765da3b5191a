"""A runner: claims jobs and runs several of them at a time until it is stopped."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from automap_tiles.jobs._finish import Ending
from automap_tiles.jobs._queue import LeaseLost, Queue
from automap_tiles.jobs.job import Job, Status
from automap_tiles.jobs.supervisor import JobSupervisor, RunnerEnvironment
from automap_tiles.stopping import StopToken

_log = logging.getLogger(__name__)

_BEAT_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a runner paces its work."""

    slots: int = 2
    """Concurrent jobs."""
    poll: float = 1.0
    """Seconds between polls of the queue."""
    keeper: float = 30.0
    """Seconds between housekeeping rounds."""
    jobs: int | None = None
    """Number of jobs after which it exits; None: unlimited."""
    idle: float | None = None
    """Seconds of idleness after which it exits; None: never."""


class Runner:
    """Claims jobs of a queue; `besides` is called periodically, in its own thread.

    It receives an event that tells that the runner is leaving.
    """

    def __init__(
        self,
        queue: Queue,
        place: RunnerEnvironment,
        pace: Pace | None = None,
        besides: Callable[[StopToken], None] | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        """Unique, also after a restart."""
        self._queue = queue
        self._place = place
        self._pace = pace or Pace()
        self._besides = besides
        self._leave = threading.Event()
        self.over = threading.Event()
        """Set when it has left."""
        self._begun = 0
        self._busy_at = time.monotonic()
        self._running: dict[str, threading.Thread] = {}
        self._idle_for = ""
        """Why it starts no job, if that is the case."""

    def leave(self) -> None:
        """Shut down: running jobs are stopped and requeued for another runner."""
        self._leave.set()

    def run(self) -> None:
        """Work until told to leave, or until a limit of its pace is reached."""
        try:
            self._run()
        finally:
            self.over.set()

    def _run(self) -> None:
        keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        keeper.start()
        beaten = float("-inf")
        while not (self._leave.is_set() or self._is_done()):
            try:
                if time.monotonic() - beaten > _BEAT_SECONDS:
                    self._queue.beat(self.name)
                    beaten = time.monotonic()
                self._queue.take_back_lost(self.name, self._working())
                began = self._begin_one()
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", error)
                began = False
            if not began:
                self._leave.wait(self._pace.poll)
        for thread in list(self._running.values()):
            thread.join()
        self._leave.set()
        keeper.join()

    def _is_done(self) -> bool:
        """Whether it has had its number of jobs, or has been idle for long enough."""
        if self._working():
            self._busy_at = time.monotonic()
            return False
        if self._pace.jobs is not None and self._begun >= self._pace.jobs:
            return True
        return self._pace.idle is not None and time.monotonic() - self._busy_at > self._pace.idle

    def _working(self) -> list[str]:
        """Ids of the jobs it is working on."""
        for name, thread in list(self._running.items()):
            if not thread.is_alive():
                del self._running[name]
        return list(self._running)

    def _has_room(self) -> bool:
        """Whether a job can be started: on a full disk, every job of the queue would fail."""
        try:
            self._place.workspaces.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = shutil.disk_usage(self._place.workspaces).free
        except OSError as error:
            reason = f"the folder of the workspaces cannot be used: {error}"
        else:
            reason = "" if free >= self._place.free else f"only {free} bytes of its disk are free"
        if reason and not self._idle_for:
            _log.error("no job is begun: %s", reason)
        elif self._idle_for and not reason:
            _log.warning("jobs are begun again")
        self._idle_for = reason
        return not reason

    def _begin_one(self) -> bool:
        if self._pace.jobs is not None and self._begun >= self._pace.jobs:
            return False
        if len(self._working()) >= self._pace.slots or not self._has_room():
            return False
        job = self._queue.claim(self.name)
        if job is None:
            return False
        about = {"job": job.id, "attempt": job.attempt, "runner": self.name, "user": job.user}
        _log.info("job %s, attempt %s", job.id, job.attempt, extra=about)
        thread = threading.Thread(target=self._tend, args=(job,), name=f"job {job.id}")
        self._running[job.id] = thread
        self._begun += 1
        thread.start()
        return True

    def _tend(self, job: Job) -> None:
        try:
            JobSupervisor(self._queue, job, self._place, self._leave).run()
        except SQLAlchemyError as error:  # its lease expires, another attempt follows
            said = "job %s is let go, the database does not answer: %s"
            _log.error(said, job.id, error, extra={"job": job.id})
        except Exception:  # noqa: BLE001 - else it would seem to run, and then begin again
            reference = secrets.token_hex(6)
            _log.exception("reference %s: job %s", reference, job.id, extra={"job": job.id})
            self._fail(job, reference)

    def _fail(self, job: Job, reference: str) -> None:
        reason = f"an error that was not foreseen; whoever runs the service finds it: {reference}"
        try:
            self._queue.finish(job, Ending(status=Status.FAILED, message="failed", reason=reason))
        except (LeaseLost, SQLAlchemyError) as late:
            _log.warning("job %s could not be ended: %s", job.id, late, extra={"job": job.id})

    def _keep(self) -> None:
        while self._besides is not None and not self._leave.wait(self._pace.keeper):
            try:
                self._besides(self._leave)
            except (SQLAlchemyError, OSError) as error:
                _log.error("upkeep is tried again later: %s", error)
