"""The log of a job: lines with growing numbers, bounded in bytes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from automap_tiles.errors import writable
from automap_tiles.jobs.job import Level
from automap_tiles.jobs.tables import JOBS, LOG

MOST_BYTES = 10 << 20
"""Size limit per job; then one line says that the rest is omitted, and only errors are added."""
_LONGEST = 4000
"""Longest line, in characters."""


def append(
    connection: Connection,
    job: str,
    lines: Sequence[tuple[Level, str]],
    *,
    now: float,
    attempt: int = 0,
) -> None:
    """Append lines to a job's log, in a write transaction."""
    if not lines:
        return
    of_job = JOBS.c.id == job
    number, size = connection.execute(select(JOBS.c.logged, JOBS.c.log_bytes).where(of_job)).one()
    rows = []
    for level, said in lines:
        message = plain(said)
        if size > MOST_BYTES and level is not Level.ERROR:
            continue
        size += len(message)
        if size > MOST_BYTES and level is not Level.ERROR:
            level, message = Level.WARNING, "the log is full; only errors follow"  # noqa: PLW2901
        number += 1
        rows.append(
            {
                "job": job,
                "number": number,
                "time": now,
                "level": str(level),
                "attempt": attempt,
                "message": message,
            }
        )
    if rows:
        connection.execute(insert(LOG), rows)
    connection.execute(update(JOBS).where(of_job).values(logged=number, log_bytes=size))


def plain(text: str) -> str:
    """Text that any database accepts, of limited length."""
    text = writable(text).replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
