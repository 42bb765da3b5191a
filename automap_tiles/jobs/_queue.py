"""The job queue, as runners use it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, case, delete, insert, select, update

from automap_tiles.errors import AutomapError
from automap_tiles.jobs import _log, claims
from automap_tiles.jobs._database import Database
from automap_tiles.jobs._finish import Ending, OnFinal, end
from automap_tiles.jobs.job import Job, Level, Phase, SceneFate, Status
from automap_tiles.jobs.resource_usage import Usage
from automap_tiles.jobs.rows import job_of
from automap_tiles.jobs.tables import JOBS, RUNNERS, SCENES

_AT_A_TIME = 10_000
"""Values per statement; SQLite takes 32 766, PostgreSQL 65 535."""
_CANCELLED = Ending(status=Status.DISMISSED, message="cancelled")


class LeaseLost(AutomapError):
    """The job no longer belongs to this runner: its writes are discarded."""


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """Limits that runners obey."""

    lease: float = 60.0
    """Seconds without a sign of life after which a runner counts as lost."""
    per_user: int = 2
    """Concurrent jobs per user."""
    losses: int = 3
    """A job fails after losing its runner this often."""
    keep: float = 14 * 86400.0
    """Seconds until the data of a result are deleted."""


@dataclass(frozen=True, kw_only=True)
class News:
    """Updates about a job since the runner's last write."""

    phase: Phase | None = None
    progress: int | None = None
    message: str | None = None
    lines: tuple[tuple[Level, str], ...] = ()
    scenes: tuple[SceneFate, ...] = ()
    usage: Usage | None = None
    """Over all attempts."""


class Queue:
    """Waiting and running jobs."""

    def __init__(
        self,
        database: Database,
        limits: QueueLimits | None = None,
        on_final: Sequence[OnFinal] = (),
    ) -> None:
        self.database = database
        self.limits = limits or QueueLimits()
        self._on_final = tuple(on_final)

    def beat(self, runner: str) -> None:
        """Record that a runner is alive."""
        now = self.database.clock()
        with self.database.writing() as connection:
            there = connection.execute(
                update(RUNNERS).where(RUNNERS.c.name == runner).values(seen=now)
            )
            if not there.rowcount:
                connection.execute(insert(RUNNERS).values(name=runner, started=now, seen=now))
            connection.execute(delete(RUNNERS).where(RUNNERS.c.seen < now - 86400))

    def claim(self, runner: str) -> Job | None:
        """Claim the next job for this runner; None if no job may run."""
        now = self.database.clock()
        with self.database.reading() as connection:
            waiting = select(JOBS.c.id).where(JOBS.c.status == Status.ACCEPTED).limit(1)
            if connection.execute(waiting).first() is None:
                return None
        with self.database.writing() as connection:
            self.database.alone(connection, claims.CLAIMING)
            return claims.claim(
                connection,
                runner,
                now=now,
                lease=self.limits.lease,
                per_user=self.limits.per_user,
            )

    def take_back_lost(self, runner: str = "", working: Collection[str] = ()) -> list[Job]:
        """Requeue jobs whose runner was lost; jobs lost too often fail.

        `working`: ids of jobs that the calling `runner` is working on. They do not count as lost
        whatever the clock says, which may jump after a suspend before leases are renewed.
        """
        now, lease = self.database.clock(), self.limits.lease

        def lost(connection: Connection) -> list[Job]:
            found = claims.lost(connection, now, lease)
            return [each for each in found if each.runner != runner or each.id not in working]

        with self.database.reading() as connection:
            if not lost(connection):
                return []
        with self.database.writing() as connection:
            self.database.alone(connection, claims.CLAIMING)
            return [self._lost(connection, job, now) for job in lost(connection)]

    def _lost(self, connection: Connection, job: Job, now: float) -> Job:
        said = f"runner {job.runner} was lost in attempt {job.attempt}"
        return self._broken_off(
            connection, job, now, said, f"its runner was lost, {job.runner} the last time"
        )

    def _broken_off(
        self, connection: Connection, job: Job, now: float, said: str, reason: str
    ) -> Job:
        losses = job.losses + 1
        _log.append(connection, job.id, [(Level.WARNING, said)], now=now, attempt=job.attempt)
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(losses=losses))
        if job.cancel:
            return self._end(connection, job, _CANCELLED)
        if losses >= self.limits.losses:
            reason = f"it was broken off {losses} times: {reason}"
            ending = Ending(status=Status.FAILED, message="failed", reason=reason)
            return self._end(connection, job, ending)
        return self._wait_again(connection, job, now)

    def break_off(self, job: Job, reason: str) -> None:
        """Requeue a job whose child was killed externally; fails it if this happens too often.

        Raises `LeaseLost`.
        """
        now = self.database.clock()
        with self.database.writing() as connection:
            held = self._held(connection, job)
            if held is None:
                raise _lease_lost(job)
            self._broken_off(connection, held, now, f"broken off: {reason}", reason)

    def give_back(self, job: Job) -> None:
        """Requeue a job because its runner shuts down cleanly."""
        now = self.database.clock()
        with self.database.writing() as connection:
            held = self._held(connection, job)
            if held is None:
                return
            said = f"given back: runner {job.runner} ends"
            _log.append(connection, job.id, [(Level.INFO, said)], now=now, attempt=job.attempt)
            if held.cancel:  # otherwise nobody would claim it again
                self._end(connection, held, _CANCELLED)
            else:
                self._wait_again(connection, held, now)

    def _wait_again(self, connection: Connection, job: Job, now: float) -> Job:
        row = connection.execute(
            update(JOBS)
            .where(JOBS.c.id == job.id)
            .values(
                status=Status.ACCEPTED,
                phase=Phase.QUEUED,
                runner=None,
                lease=None,
                message="waits for a runner again",
                updated=now,
            )
            .returning(*JOBS.c)
        )
        return job_of(row.mappings().one())

    def renew(self, job: Job) -> bool:
        """Renew the lease of a job; returns whether its owner has cancelled it.

        Raises `LeaseLost`.
        """
        now = self.database.clock()
        with self.database.writing() as connection:
            row = connection.execute(
                update(JOBS)
                .where(_ours(job))
                .values(lease=now + self.limits.lease)
                .returning(JOBS.c.cancel)
            ).first()
        if row is None:
            raise _lease_lost(job)
        return bool(row[0])

    def tell(self, job: Job, news: News) -> None:
        """Record the progress of a job; raises `LeaseLost`."""
        now = self.database.clock()
        values: dict[str, Any] = {
            "phase": _unless_cancelled(JOBS.c.phase, news.phase),
            "progress": news.progress,
            "usage": None if news.usage is None else dict(news.usage),
            "message": _unless_cancelled(
                JOBS.c.message, None if news.message is None else _log.plain(news.message)
            ),
        }
        with self.database.writing() as connection:
            found = connection.execute(
                update(JOBS)
                .where(_ours(job))
                .values(
                    updated=now, **{key: said for key, said in values.items() if said is not None}
                )
            )
            if not found.rowcount:
                raise _lease_lost(job)
            _log.append(connection, job.id, news.lines, now=now, attempt=job.attempt)
            _write_scenes(connection, job.id, news.scenes)

    def finish(self, job: Job, ending: Ending) -> Job:
        """End a job, with its result and everything that depends on it; raises `LeaseLost`."""
        with self.database.writing() as connection:
            if self._held(connection, job) is None:
                raise _lease_lost(job)
            return self._end(connection, job, ending)

    def _held(self, connection: Connection, job: Job) -> Job | None:
        """The current job, with its row locked if the database supports it.

        None: not this runner's.
        """
        query = select(JOBS).where(_ours(job)).with_for_update()
        row = connection.execute(query).mappings().first()
        return None if row is None else job_of(row)

    def _end(self, connection: Connection, job: Job, ending: Ending) -> Job:
        now = self.database.clock()
        return end(connection, job, ending, now=now, on_final=self._on_final)


def _unless_cancelled(column: Column[str], said: str | None) -> ColumnElement[str] | None:
    """New value of a column; a cancelled job keeps the message that it is stopping."""
    return None if said is None else case((JOBS.c.cancel, column), else_=said)


def _ours(job: Job) -> ColumnElement[bool]:
    return claims.owned(job.id, job.runner or "", job.attempt)


def _lease_lost(job: Job) -> LeaseLost:
    return LeaseLost(f"job {job.id}: attempt {job.attempt} of runner {job.runner} is over")


def _write_scenes(connection: Connection, job: str, scenes: Sequence[SceneFate]) -> None:
    last = {_log.plain(each.scene): each for each in scenes}
    if not last:
        return
    names = list(last)
    for start in range(0, len(names), _AT_A_TIME):
        some = SCENES.c.scene.in_(names[start : start + _AT_A_TIME])
        connection.execute(delete(SCENES).where(SCENES.c.job == job, some))
    connection.execute(
        insert(SCENES),
        [
            {
                "job": job,
                "scene": name,
                "satellite": each.satellite,
                "status": each.status,
                "reason": None if each.reason is None else _log.plain(each.reason),
            }
            for name, each in last.items()
        ],
    )
