"""What every job took and cost, kept for good: also of jobs that were removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from automap_service.costs.prices import Prices, Took, cost_of, took
from automap_service.costs.sizes import sizes_met
from automap_service.tables import RUNS, SCENE_COUNTS
from automap_tiles.jobs import Database, Job, Result, Status
from automap_tiles.jobs.tables import JOBS, SCENES

_COUNTING = 0x7363656E
"""Number of the lock of PostgreSQL: two jobs that end at a time count one after the other."""
_LONGEST_NAME = 40
_LEARNT_FROM = 200
"""The last jobs of a mode; what machines and archives were like before matters less."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A job at its end."""

    job: str
    mode: str
    time: float
    sizes: Mapping[str, float]
    estimate: Mapping[str, Any] | None
    """What was expected when it was launched."""
    seconds: float
    took: Took
    amount: float
    unit: str


class CostLedger:
    """The runs of a database."""

    def __init__(self, database: Database, prices: Prices) -> None:
        self._database = database
        self._prices = prices

    def on_final(self, connection: Connection, job: Job, result: Result | None) -> None:
        """Write down what a job took, and what that costs now, when it ends."""
        used = took(job.usage, result)
        cost = self._prices.cost(used)
        estimate = None if job.estimate is None else dict(job.estimate)
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(cost=cost))
        connection.execute(
            insert(RUNS).values(
                job=job.id,
                user=job.user,
                mode=str(job.parameters.get("mode", job.workflow)),
                status=job.status,
                is_whole=job.status is Status.SUCCESSFUL and job.attempt == 1,
                time=job.finished,
                sizes={**(estimate or {}).get("sizes", {}), **sizes_met(job.usage)},
                estimate=estimate,
                seconds=job.usage.get("seconds", 0.0),
                **used.to_json(),
                scenes=job.usage.get("scenes", 0),
                amount=cost["amount"],
                unit=cost["unit"],
            )
        )
        self._count_scenes(connection, job.id)

    def _count_scenes(self, connection: Connection, job: str) -> None:
        """Add a job's scenes to those of all jobs, which do not become fewer."""
        name = func.substr(func.coalesce(SCENES.c.satellite, ""), 1, _LONGEST_NAME)
        rows = connection.execute(
            select(name, SCENES.c.status, func.count())
            .where(SCENES.c.job == job)
            .group_by(name, SCENES.c.status)
        ).all()
        if not rows:
            return
        self._database.alone(connection, _COUNTING)
        for satellite, status, count in rows:
            one = (SCENE_COUNTS.c.satellite == satellite) & (SCENE_COUNTS.c.status == status)
            more = update(SCENE_COUNTS).where(one).values(count=SCENE_COUNTS.c.count + count)
            if not connection.execute(more).rowcount:
                values = {"satellite": satellite, "status": status, "count": count}
                connection.execute(insert(SCENE_COUNTS).values(values))

    def learnt_from(self, mode: str) -> list[Run]:
        """The last jobs of a mode that succeeded in one go, newest first."""
        return self._last(_LEARNT_FROM, RUNS.c.mode == mode)

    def last(self, count: int) -> list[Run]:
        """The last jobs of any mode that succeeded in one go, newest first."""
        return self._last(count)

    def _last(self, count: int, *where: Any) -> list[Run]:
        query = (
            select(RUNS)
            .where(RUNS.c.is_whole.is_(True), *where)
            .order_by(RUNS.c.number.desc())
            .limit(count)
        )
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def spent(self, user: str) -> float:
        """By a user in this month (UTC), with what running jobs took so far, at today's unit."""
        now = datetime.fromtimestamp(self._database.clock(), UTC)
        begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
        columns = (RUNS.c.amount, RUNS.c.core_seconds, RUNS.c.fetched_bytes, RUNS.c.stored_bytes)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(RUNS.c.unit, *map(func.sum, columns))
                .where(RUNS.c.user == user, RUNS.c.time >= begin)
                .group_by(RUNS.c.unit)
            ).all()
            running = connection.execute(
                select(JOBS.c.usage).where(JOBS.c.user == user, JOBS.c.finished.is_(None))
            ).scalars()
            usages = list(running)
        spent = sum(self._prices.amount(took(usage)) for usage in usages)
        for unit, amount, seconds, fetched, stored in rows:
            used = Took(
                core_seconds=float(seconds),
                fetched_bytes=float(fetched),
                stored_bytes=float(stored),
            )
            spent += float(amount) if unit == self._prices.unit else self._prices.amount(used)
        return spent

    def of(self, job: Job) -> dict[str, Any]:
        """What a job has cost so far, or in the end."""
        return cost_of(job, self._prices)


def _run(row: RowMapping) -> Run:
    return Run(
        job=row["job"],
        mode=row["mode"],
        time=row["time"],
        sizes=row["sizes"],
        estimate=row["estimate"],
        seconds=row["seconds"],
        took=Took(
            core_seconds=row["core_seconds"],
            fetched_bytes=row["fetched_bytes"],
            stored_bytes=row["stored_bytes"],
        ),
        amount=row["amount"],
        unit=row["unit"],
    )
