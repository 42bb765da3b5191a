"""Choose the next job, and recover jobs whose runner was lost.

Fair between users: who has fewest running jobs goes first, nobody more than allowed. A workspace
has one job at a time: two runs there would wait for, or refuse, each other.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    exists,
    func,
    or_,
    select,
    update,
)

from automap_tiles.jobs._log import append
from automap_tiles.jobs.job import Job, Level, Phase, Status
from automap_tiles.jobs.rows import job_of
from automap_tiles.jobs.tables import JOBS

CLAIMING = 0x6175746F6D6170
"""PostgreSQL advisory lock that serialises claims."""
_OTHERS = JOBS.alias("others")


def claim(
    connection: Connection, runner: str, *, now: float, lease: float, per_user: int
) -> Job | None:
    """Give the next job to a runner; None if no job may run."""
    chosen = connection.execute(
        select(JOBS.c.id)
        .where(
            JOBS.c.status == Status.ACCEPTED,
            JOBS.c.cancel.is_(False),
            ~_is_workspace_busy(),
            _running_of_user() < per_user,
        )
        .order_by(_running_of_user(), JOBS.c.number)
        .limit(1)
        .with_for_update(of=JOBS)
    ).scalar()
    if chosen is None:
        return None
    row = (
        connection.execute(
            update(JOBS)
            .where(JOBS.c.id == chosen)
            .values(
                status=Status.RUNNING,
                phase=Phase.SEARCHING,
                runner=runner,
                lease=now + lease,
                attempt=JOBS.c.attempt + 1,
                started=func.coalesce(JOBS.c.started, now),
                updated=now,
            )
            .returning(*JOBS.c)
        )
        .mappings()
        .one()
    )
    job = job_of(row)
    append(
        connection,
        job.id,
        [(Level.INFO, f"attempt {job.attempt}: taken by runner {runner}")],
        now=now,
        attempt=job.attempt,
    )
    return job


def lost(connection: Connection, now: float, lease: float) -> list[Job]:
    """Jobs whose runner has stopped renewing its lease.

    A lease that ends later than any lease given now dates from before the clock was set back.
    """
    over = or_(JOBS.c.lease < now, JOBS.c.lease > now + 2 * lease)
    rows = connection.execute(
        select(JOBS).where(JOBS.c.status == Status.RUNNING, over).with_for_update()
    ).mappings()
    return [job_of(row) for row in rows]


def owned(job: str, runner: str, attempt: int) -> ColumnElement[bool]:
    """Whether a job still belongs to a runner: the fencing check before each of its writes."""
    return and_(
        JOBS.c.id == job,
        JOBS.c.runner == runner,
        JOBS.c.attempt == attempt,
        JOBS.c.status == Status.RUNNING,
    )


def _is_workspace_busy() -> ColumnElement[bool]:
    return exists(
        select(_OTHERS.c.id).where(
            _OTHERS.c.workspace == JOBS.c.workspace,
            _OTHERS.c.status == Status.RUNNING,
        )
    )


def _running_of_user() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(_OTHERS)
        .where(_OTHERS.c.user == JOBS.c.user, _OTHERS.c.status == Status.RUNNING)
        .scalar_subquery()
    )
