"""The job store, as owners of jobs use it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from automap_tiles.jobs import _log
from automap_tiles.jobs._database import Database
from automap_tiles.jobs._finish import Ending, OnFinal, end
from automap_tiles.jobs._phases import BEGINS
from automap_tiles.jobs.job import (
    ACTIVE,
    FINAL,
    Entry,
    Job,
    Level,
    NewJob,
    Phase,
    Result,
    SceneFate,
    Status,
)
from automap_tiles.jobs.rows import entry_of, job_of, result_of, scene_of
from automap_tiles.jobs.tables import JOBS, LOG, RESULTS, RUNNERS, SCENES


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a list, newest first."""

    jobs: tuple[Job, ...]
    next: int | None
    """`before` of the next page; None: last page."""


class JobStore:
    """Jobs of one database."""

    def __init__(self, database: Database, on_final: Sequence[OnFinal] = ()) -> None:
        self.database = database
        self._on_final = tuple(on_final)

    def add(self, new: NewJob, connection: Connection | None = None) -> Job:
        """Queue a job; it is on disk when this returns, or when `connection` commits."""
        if connection is None:
            with self.database.writing() as own:
                return self.add(new, own)
        now = self.database.clock()
        name = str(uuid.uuid4())
        values: dict[str, Any] = {
            "id": name,
            "user": new.user,
            "order": dict(new.order),
            "parameters": dict(new.parameters),
            "workspace": new.workspace,
            "description": new.description,
            "digest": new.digest,
            "previous": new.previous,
            "recipients": list(new.recipients),
            "uses": list(new.uses),
            "status": Status.ACCEPTED,
            "phase": Phase.QUEUED,
            "progress": 0,
            "message": "waits for a runner",
            "attempt": 0,
            "losses": 0,
            "cancel": False,
            "created": now,
            "updated": now,
            "warnings": [],
            "usage": {},
            "budget": new.budget,
            "estimate": None if new.estimate is None else dict(new.estimate),
            "cost": None,
            "stopped": False,
            "logged": 0,
            "log_bytes": 0,
        }
        row = connection.execute(insert(JOBS).values(values).returning(*JOBS.c)).mappings().one()
        _log.append(
            connection, values["id"], [(Level.INFO, "accepted, waits for a runner")], now=now
        )
        return job_of(row)

    def get(self, user: str | None, job: str) -> Job | None:
        """A job of a user, or of anyone for None; None if it does not exist."""
        with self.database.reading() as connection:
            row = connection.execute(select(JOBS).where(*_of(user, job))).mappings().first()
        return None if row is None else job_of(row)

    def page(
        self,
        user: str | None,
        *,
        limit: int = 100,
        before: int | None = None,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Page:
        """Jobs of a user, newest first; new jobs do not shift the pages."""
        query = select(JOBS).where(*where).order_by(JOBS.c.number.desc()).limit(limit + 1)
        if user is not None:
            query = query.where(JOBS.c.user == user)
        if before is not None:
            query = query.where(JOBS.c.number < before)
        with self.database.reading() as connection:
            found = [job_of(row) for row in connection.execute(query).mappings()]
        more = len(found) > limit
        return Page(jobs=tuple(found[:limit]), next=found[limit - 1].number if more else None)

    def same_active(self, user: str, digest: str, connection: Connection) -> str | None:
        """Id of an unfinished job with the same request."""
        found: str | None = connection.execute(
            select(JOBS.c.id).where(
                JOBS.c.user == user, JOBS.c.digest == digest, JOBS.c.status.in_(ACTIVE)
            )
        ).scalar()
        return found

    def count(self, user: str, statuses: frozenset[Status], connection: Connection) -> int:
        """Number of a user's jobs in any of some states."""
        return connection.execute(
            select(func.count())
            .select_from(JOBS)
            .where(JOBS.c.user == user, JOBS.c.status.in_(statuses))
        ).scalar_one()

    def using(self, file: str, connection: Connection) -> str | None:
        """Id of an active job that reads an uploaded file."""
        rows = connection.execute(select(JOBS.c.id, JOBS.c.uses).where(JOBS.c.status.in_(ACTIVE)))
        return next((job for job, uses in rows if file in uses), None)

    def describe(self, user: str, job: str, description: str) -> Job | None:
        """Change the description of a job."""
        with self.database.writing() as connection:
            row = (
                connection.execute(
                    update(JOBS)
                    .where(*_of(user, job))
                    .values(description=description, updated=self.database.clock())
                    .returning(*JOBS.c)
                )
                .mappings()
                .first()
            )
        return None if row is None else job_of(row)

    def cancel(self, user: str | None, job: str) -> Job | None:
        """Cancel a job: a waiting one ends now, a running one when its child has stopped.

        A finished job stays unchanged.
        """
        now = self.database.clock()
        with self.database.writing() as connection:
            asked = select(JOBS).where(*_of(user, job)).with_for_update()
            row = connection.execute(asked).mappings().first()
            if row is None:
                return None
            found = job_of(row)
            if found.status is Status.ACCEPTED:
                ending = Ending(status=Status.DISMISSED, message="cancelled before it began")
                return end(connection, found, ending, now=now, on_final=self._on_final)
            if found.status is Status.RUNNING and not found.cancel:
                connection.execute(
                    update(JOBS)
                    .where(JOBS.c.id == job)
                    .values(cancel=True, phase=Phase.STOPPING, message="is stopping", updated=now)
                )
                _log.append(connection, job, [(Level.INFO, "cancelled by its owner")], now=now)
        return self.get(user, job)

    def remove(self, user: str, job: str, also: Callable[[Connection], None] | None = None) -> bool:
        """Delete a finished job; returns whether it existed.

        If so, `also` is called in the same transaction.
        """
        with self.database.writing() as connection:
            gone = connection.execute(delete(JOBS).where(*_of(user, job), JOBS.c.status.in_(FINAL)))
            if gone.rowcount and also is not None:
                also(connection)
        return gone.rowcount > 0

    def entries(
        self, job: str, *, after: int = 0, levels: Sequence[Level] = tuple(Level), limit: int = 1000
    ) -> list[Entry]:
        """Lines of a job's log, in order."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(LOG)
                .where(LOG.c.job == job, LOG.c.number > after, LOG.c.level.in_(levels))
                .order_by(LOG.c.number)
                .limit(limit)
            ).mappings()
            return [entry_of(row) for row in rows]

    def beginnings(self, job: str) -> list[Entry]:
        """The lines of a job's log that mark the start of a phase (`_phases.stretches`)."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(LOG)
                .where(LOG.c.job == job, LOG.c.message.startswith(BEGINS, autoescape=True))
                .order_by(LOG.c.number)
            ).mappings()
            return [entry_of(row) for row in rows]

    def scenes(self, job: str) -> list[SceneFate]:
        """Outcome of each scene, by name."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(SCENES).where(SCENES.c.job == job).order_by(SCENES.c.scene)
            ).mappings()
            return [scene_of(row) for row in rows]

    def result(self, job: str) -> Result | None:
        """The archive of a job; None if it has none."""
        with self.database.reading() as connection:
            row = connection.execute(select(RESULTS).where(RESULTS.c.job == job)).mappings().first()
        return None if row is None else result_of(row)

    def results(self, jobs: Sequence[str]) -> dict[str, Result]:
        """The archives of several jobs, as far as they exist."""
        with self.database.reading() as connection:
            rows = connection.execute(select(RESULTS).where(RESULTS.c.job.in_(jobs))).mappings()
            return {row["job"]: result_of(row) for row in rows}

    def tail(self, job: str, count: int) -> tuple[list[Entry], int]:
        """(last lines of a log, number of lines before them)."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(LOG).where(LOG.c.job == job).order_by(LOG.c.number.desc()).limit(count)
            ).mappings()
            found = [entry_of(row) for row in rows][::-1]
        return found, (found[0].number - 1 if found else 0)

    def runner_seen(self) -> float | None:
        """Last sign of life of any runner."""
        with self.database.reading() as connection:
            return connection.execute(select(func.max(RUNNERS.c.seen))).scalar()


def _of(user: str | None, job: str) -> list[ColumnElement[bool]]:
    return [JOBS.c.id == job, *([] if user is None else [JOBS.c.user == user])]
