"""Supervise one job from its claim to its end: run its child process and pack its results."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from automap_tiles.errors import AutomapError, OutputError
from automap_tiles.jobs._finish import Ending
from automap_tiles.jobs._lease import Lease
from automap_tiles.jobs._progress import Progress
from automap_tiles.jobs._queue import LeaseLost, News, Queue
from automap_tiles.jobs.job import Job, Level, Phase, Result, Status
from automap_tiles.jobs.packing import content_of, hide, is_there, pack
from automap_tiles.jobs.process import Child, Task
from automap_tiles.jobs.resource_usage import Usage, core_seconds, memory_bytes, total
from automap_tiles.jobs.results import ResultStore

_log = logging.getLogger(__name__)

_ASK_SECONDS = 0.5
_TELL_SECONDS = 2.0
"""Shortest interval between progress updates."""
_LOOK_SECONDS = 10.0
"""Interval at which limits and disk space are checked."""
_STORE_SECONDS = 60.0
"""Pause after which an unavailable store is tried again."""
_WITH_PICTURE = ("written", "there")
_CODE = f"{Path(__file__).parents[2]}/"
"""Tracebacks in a log show paths within the package, not on the machine."""


Limit: TypeAlias = Callable[[Job, Usage], str | None]
"""Why a job has to end, given the usage of all its attempts so far; None: it may continue."""


@dataclass(frozen=True, kw_only=True)
class RunnerEnvironment:
    """Where and how a runner executes its jobs."""

    results: ResultStore
    workspaces: Path
    """Parent folder of the workspaces."""
    workers: int | None = None
    """Workers per job; None: one per core."""
    memory: int | None = None
    """Address space limit per process of a job, bytes; None: unlimited."""
    environment: tuple[str, ...] = ()
    """Names of variables that jobs get in addition to the default ones."""
    grace: float = 30.0
    """Seconds that a job gets to stop by itself."""
    seconds: float = 86400.0
    """Time limit of a job."""
    free: int = 1 << 30
    """Bytes that must stay free on the disk of the workspaces."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Local paths → what users see in their place."""
    limit: Limit | None = None
    """Called periodically."""


class _TooLong(Exception):
    """A cancelled job takes too long to be packed."""


class _Patience:
    """How long a cancelled job may continue to be packed."""

    def __init__(self, lease: Lease, seconds: float) -> None:
        self._lease = lease
        self._seconds = seconds
        self._end: float | None = None

    def going(self) -> None:
        """Raise `LeaseLost`, `_TooLong`."""
        self._lease.going()
        if not self._lease.cancelled.is_set():
            return
        if self._end is None:
            self._end = time.monotonic() + self._seconds
        if time.monotonic() > self._end:
            raise _TooLong


class JobSupervisor:
    """A runner's work on one job."""

    def __init__(
        self, queue: Queue, job: Job, place: RunnerEnvironment, leave: threading.Event
    ) -> None:
        """`leave` is set when the runner shuts down: the job is then requeued."""
        self._queue = queue
        self._job = job
        self._place = place
        self._leave = leave
        self._workspace = place.workspaces / job.workspace
        self._hidden = {str(self._workspace): ".", _CODE: "", **place.hidden}
        self._progress = Progress(job.workflow)
        self._pictures: set[str] = set()
        self._told = 0.0
        self._stopped_for: str | None = None
        """Why the runner stopped it early, if it did."""
        self._limited = False
        """Whether it was for a limit of its owner."""

    def run(self) -> None:
        """Run the job to its end.

        Failures of the job become its result, a lost lease is dropped.
        """
        with Lease(self._queue, self._job) as lease:
            try:
                self._work(lease)
            except LeaseLost as error:
                _log.warning("%s", error, extra={"job": self._job.id})
                self._clear_away(keep=self._kept())
            except (AutomapError, OSError) as error:
                self._fail(str(error))

    def _work(self, lease: Lease) -> None:
        exit_code, killed = self._carry_out(lease)
        if self._leave.is_set() and not self._is_settled(lease):
            self._queue.give_back(self._job)
            return
        if exit_code < 0 and not killed and not self._is_settled(lease):
            self._queue.break_off(self._job, _killed(exit_code))
            return
        try:
            self._end(lease, exit_code, killed=killed)
        except _TooLong:
            said = "cancelled; its results were too large to be put away in time"
            self._finish(Ending(status=Status.DISMISSED, message=said, usage=self._usage))
        except OutputError as error:
            self._put_off(lease, f"the results could not be put away: {error}")

    def _put_off(self, lease: Lease, reason: str) -> None:
        """Requeue a job whose store is unavailable; what it computed stays in the workspace.

        After a pause: a store is seldom back within a second.
        """
        reason = hide(reason, self._hidden)
        self._queue.tell(self._job, News(lines=((Level.WARNING, reason),)))
        end = time.monotonic() + _STORE_SECONDS
        while time.monotonic() < end and not (self._leave.is_set() or lease.cancelled.is_set()):
            lease.going()
            self._leave.wait(_ASK_SECONDS)
        if self._leave.is_set():
            self._queue.give_back(self._job)
        else:
            self._queue.break_off(self._job, reason)

    # -- the child ------------------------------------------------------------------------------

    def _carry_out(self, lease: Lease) -> tuple[int, bool]:
        """(exit code, whether it had to be killed after it was asked to stop)."""
        order = dict(self._job.order)
        order |= {"output": str(self._workspace), "workers": self._place.workers}
        self._workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        task = Task(
            order=order,
            workspace=self._workspace,
            memory=self._place.memory,
            environment=self._place.environment,
        )
        begun = time.monotonic()
        looked, killed = begun - _LOOK_SECONDS, False  # a budget may already be used up
        with Child(task) as child:
            for line in child.lines(_ASK_SECONDS):
                lease.going()
                if line is not None:
                    self._hear(line)
                now = time.monotonic()
                if now - looked > _LOOK_SECONDS:
                    looked = now
                    self._look(now - begun, child.pid)
                if self._is_to_end(lease):
                    child.ask_to_end()
                if child.is_overdue(self._place.grace) and not killed:
                    killed = True
                    child.end()
                self._tell()
            child.end()
            code = child.exit_code
        self._progress.usage["seconds"] = round(time.monotonic() - begun, 2)
        self._tell(now=True)
        return (0 if code is None else code), killed

    def _hear(self, line: Mapping[str, Any]) -> None:
        self._progress.hear(line)
        if line.get("event") == "done" and line.get("status") in _WITH_PICTURE and "scene" in line:
            self._pictures.add(str(line["scene"]))

    def _is_to_end(self, lease: Lease) -> bool:
        asked = lease.cancelled.is_set() or self._leave.is_set()
        return asked or self._stopped_for is not None

    def _look(self, seconds: float, session: int) -> None:
        """Stop a job that exceeds its time or usage, or fills the disk."""
        self._progress.computed(core_seconds(session))
        self._progress.held(memory_bytes(session))
        self._progress.usage["seconds"] = round(seconds, 2)
        reason = None if self._place.limit is None else self._place.limit(self._job, self._usage)
        if seconds > self._place.seconds:
            reason = f"it took longer than {self._place.seconds / 3600:g} hours"
        if reason is not None and self._stopped_for is None:
            self._stopped_for, self._limited = reason, True
        if self._stopped_for is None and shutil.disk_usage(self._workspace).free < self._place.free:
            self._stopped_for = "the disk of the machine that carries it out is full"

    def _tell(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._told < _TELL_SECONDS:
            return
        self._told = time.monotonic()
        news = self._progress.news()
        lines = tuple((level, hide(said, self._hidden)) for level, said in news.lines)
        scenes = tuple(
            each if each.reason is None else replace(each, reason=hide(each.reason, self._hidden))
            for each in news.scenes
        )
        news = replace(news, lines=lines, scenes=scenes, usage=self._usage)
        self._queue.tell(self._job, news)

    @property
    def _usage(self) -> dict[str, Any]:
        """Usage of this attempt and all before it."""
        return total(self._job.usage, self._progress.usage)

    # -- the end --------------------------------------------------------------------------------

    def _is_settled(self, lease: Lease) -> bool:
        """Whether the child ended by itself, or the job was cancelled or stopped."""
        outcome = self._progress.outcome
        done = outcome is not None and not outcome.get("stopped")
        ended = done or self._progress.error is not None or self._stopped_for is not None
        return ended or lease.cancelled.is_set()

    def _end(self, lease: Lease, exit_code: int, *, killed: bool) -> None:
        outcome = self._progress.outcome
        result = None if outcome is None else self._packed(lease, outcome)
        ending = self._ending(lease, exit_code, result, killed=killed)
        self._finish(ending)

    def _finish(self, ending: Ending) -> None:
        self._queue.finish(self._job, ending)
        about = {"job": self._job.id, "attempt": self._job.attempt, "runner": self._job.runner}
        _log.info("job %s: %s", self._job.id, ending.status, extra=about)
        self._clear_away(keep=None if ending.result is None else ending.result.key)

    def _packed(self, lease: Lease, outcome: Mapping[str, Any]) -> Result | None:
        content = content_of(self._job, outcome, self._pictures, self._hidden)
        if not content.files:
            return None
        self._progress.pack("the results are packed")
        self._tell(now=True)
        return pack(  # even if it is cancelled now: what was made stays downloadable
            self._job,
            content,
            self._place.results,
            going=_Patience(lease, self._place.grace).going,
            expires=self._queue.database.clock() + self._queue.limits.keep,
            partial=bool(outcome.get("stopped")),
        )

    def _ending(
        self, lease: Lease, exit_code: int, result: Result | None, *, killed: bool
    ) -> Ending:
        outcome, usage = self._progress.outcome, self._usage
        failures = tuple(hide(each, self._hidden) for each in self._progress.failures)
        is_whole = outcome is not None and not outcome.get("stopped")
        if lease.cancelled.is_set() and (result is None or not is_whole):
            said = "cancelled" + (", ended by force" if killed else "")
            return Ending(status=Status.DISMISSED, message=said, result=result, usage=usage)
        is_made = result is not None and outcome is not None and is_there(self._job, outcome)
        if is_whole and is_made and self._progress.error is None:
            return Ending(
                status=Status.SUCCESSFUL,
                message="successful" + (", before the cancel" if lease.cancelled.is_set() else ""),
                warnings=failures,
                result=result,
                usage=usage,
            )
        reason = self._reason(exit_code, failures)
        return Ending(
            status=Status.FAILED,
            message="stopped by a limit" if self._limited else "failed",
            reason=hide(reason, self._hidden),
            warnings=failures,
            result=None if result is None else replace(result, partial=True),
            usage=usage,
            stopped=self._limited,
        )

    def _reason(self, exit_code: int, failures: tuple[str, ...]) -> str:
        if self._stopped_for is not None:
            return self._stopped_for
        if (error := self._progress.error) is not None:
            key = f"{error['key']}: " if error.get("key") else ""
            remedy = f"; {error['remedy']}" if error.get("remedy") else ""
            return f"{key}{error['message']}{remedy}"
        if self._progress.outcome is not None:
            return failures[0] if failures else "nothing could be made of the scenes"
        if exit_code < 0:
            return _killed(exit_code)
        said = self._progress.last_said or "see its log"
        return f"its process ended with exit code {exit_code}: {said}"

    def _fail(self, reason: str) -> None:
        """End a job whose results could not be stored, or whose child could not be started."""
        reason = hide(reason, self._hidden)
        try:
            self._queue.tell(self._job, News(phase=Phase.STOPPING, lines=((Level.ERROR, reason),)))
            ending = Ending(status=Status.FAILED, message="failed", reason=reason)
            self._queue.finish(self._job, ending)
        except LeaseLost as error:
            _log.warning("%s", error, extra={"job": self._job.id})

    def _kept(self) -> str | None:
        """Key of the archive in the table, which may belong to another attempt."""
        from automap_tiles.jobs._store import JobStore

        found = JobStore(self._queue.database).result(self._job.id)
        return None if found is None else found.key

    def _clear_away(self, keep: str | None) -> None:
        """Remove archives of abandoned attempts up to this one."""
        attempts = {str(each) for each in range(1, self._job.attempt + 1)}
        try:
            for key in self._place.results.archives(self._job.id):
                if key != keep and key.split("/")[2] in attempts:
                    self._place.results.delete(key)
        except AutomapError as error:
            _log.warning("an archive that is not needed stays: %s", error)


def _killed(exit_code: int) -> str:
    return f"its process was ended by signal {-exit_code}; memory may have run out"
