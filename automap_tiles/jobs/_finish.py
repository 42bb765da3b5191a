"""Finish a job: state, result, last log line and follow-up actions in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert, update

from automap_tiles.jobs import _log
from automap_tiles.jobs.job import Job, Level, Result, Status
from automap_tiles.jobs.rows import job_of
from automap_tiles.jobs.tables import JOBS, RESULTS

_WARNINGS = 100
"""Largest number of warnings kept with a job."""

OnFinal: TypeAlias = Callable[[Connection, Job, Result | None], None]
"""Called in the transaction that ends a job, for example to queue a mail in the outbox."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ended."""

    status: Status
    message: str
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    result: Result | None = None
    usage: dict[str, Any] | None = None
    stopped: bool = False
    """Whether it was stopped by a limit."""


def end(
    connection: Connection,
    job: Job,
    ending: Ending,
    *,
    now: float,
    on_final: Sequence[OnFinal],
) -> Job:
    """Write the end of a job and everything that depends on it, in a write transaction."""
    values: dict[str, Any] = {
        "status": ending.status,
        "message": _log.plain(ending.message),
        "reason": None if ending.reason is None else _log.plain(ending.reason),
        "warnings": _bounded(ending.warnings),
        "runner": None,
        "lease": None,
        "stopped": ending.stopped,
        "finished": now,
        "updated": now,
    }
    if ending.status is Status.SUCCESSFUL:
        values["progress"] = 100
    if ending.usage is not None:
        values["usage"] = ending.usage
    row = connection.execute(
        update(JOBS).where(JOBS.c.id == job.id).values(values).returning(*JOBS.c)
    )
    ended = job_of(row.mappings().one())
    if ending.result is not None:
        connection.execute(insert(RESULTS).values(_written(ended.id, ending.result)))
    level = Level.ERROR if ending.status is Status.FAILED else Level.INFO
    said = f"{ending.status}: {ending.reason or ending.message}"
    _log.append(connection, job.id, [(level, said)], now=now, attempt=job.attempt)
    for call in on_final:
        call(connection, ended, ending.result)
    return ended


def _bounded(warnings: Sequence[str]) -> list[str]:
    """Truncated, since every list of jobs contains them; the log has all of them."""
    told = [_log.plain(each) for each in warnings[:_WARNINGS]]
    more = len(warnings) - len(told)
    return [*told, f"{more} more, see the log"] if more else told


def _written(job: str, result: Result) -> dict[str, Any]:
    return {
        "job": job,
        "key": result.key,
        "size": result.size,
        "sha256": result.sha256,
        "files": [dict(each) for each in result.files],
        "expires": result.expires,
        "partial": result.partial,
        "deleted": result.deleted,
    }
