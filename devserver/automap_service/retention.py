"""What is done besides, now and then: mails out, what is over removed.

Each step takes hold of what it works on in the database, so that any number of runners may do it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, select, update

from automap_service.service import Service
from automap_service.tables import IDEMPOTENCY
from automap_tiles.errors import AutomapError
from automap_tiles.jobs import FINAL
from automap_tiles.jobs.child import LOCK
from automap_tiles.jobs.claims import CLAIMING
from automap_tiles.jobs.job import ACTIVE
from automap_tiles.jobs.results import job_of
from automap_tiles.jobs.tables import JOBS, RESULTS
from automap_tiles.stopping import NEVER, StopToken

_log = logging.getLogger(__name__)

_WORKSPACE_DAYS = 14
"""After which a workspace that no job used is removed."""
_AT_A_TIME = 500
"""Ids in a question; databases have a limit."""
_GONE = ".gone-"
_KEY_DAYS = 2
"""For which an `Idempotency-Key` is known."""


def keep(service: Service, stop: StopToken = NEVER) -> None:
    """One round; mails wait for the next one when `stop` is set."""
    service.outbox.send_due(stop)
    expire(service)
    clear_results(service)
    clear_workspaces(service)
    service.links.forget()
    with service.database.writing() as connection:
        over = service.database.clock() - _KEY_DAYS * 86400
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created < over))


def expire(service: Service) -> int:
    """Delete data that are over; the row says so once they are gone. How many there were.

    A store that is away is asked again in the next round.
    """
    now = service.database.clock()
    with service.database.reading() as connection:
        over = RESULTS.c.expires < now, RESULTS.c.deleted.is_(False)
        keys = list(connection.execute(select(RESULTS.c.key).where(*over)).scalars())
    gone = [key for key in keys if _delete(service, key)]
    with service.database.writing() as connection:
        for key in gone:
            connection.execute(update(RESULTS).where(RESULTS.c.key == key).values(deleted=True))
    return len(gone)


def clear_results(service: Service) -> list[str]:
    """Delete archives that no result names, of jobs at their end; their keys.

    Those of runners that were killed between writing an archive and saying so. What else is in the
    store, such as archives of another service, is left alone.
    """
    try:
        service.results.clean_parts()
        keys = {key: job for key in service.results.archives() if (job := job_of(key))}
    except AutomapError as error:
        _log.error("the store is not looked through: %s", error)
        return []
    named = _named(service, sorted(set(keys.values())))  # after the listing: what comes later stays
    idle = [key for key, job in keys.items() if job in named and named[job] != key]
    return [key for key in idle if _delete(service, key)]


def _named(service: Service, jobs: Sequence[str]) -> dict[str, str | None]:
    """Of some jobs those at their end, each with the key of its result."""
    there = RESULTS.c.deleted.is_(False) & (RESULTS.c.job == JOBS.c.id)
    query = select(JOBS.c.id, RESULTS.c.key).outerjoin(RESULTS, there)  # one look at both
    found: dict[str, str | None] = {}
    with service.database.reading() as connection:
        for start in range(0, len(jobs), _AT_A_TIME):
            some = JOBS.c.id.in_(jobs[start : start + _AT_A_TIME])
            rows = connection.execute(query.where(some, JOBS.c.status.in_(FINAL)))
            found |= {row.id: row.key for row in rows}
    return found


def _delete(service: Service, key: str) -> bool:
    try:
        service.results.delete(key)
    except AutomapError as error:
        _log.error("data that are over stay for now: %s", error)
        return False
    return True


def clear_workspaces(service: Service) -> list[str]:
    """Remove workspaces that no job needs; their names."""
    root = service.settings.root / "workspaces"
    if not root.is_dir():
        return []
    before = service.database.clock() - _WORKSPACE_DAYS * 86400
    for left in root.glob(f"{_GONE}*"):  # of a keeper that was killed
        shutil.rmtree(left, ignore_errors=True)
    with service.database.writing() as connection:
        service.database.alone(connection, CLAIMING)  # no job begins in one of them meanwhile
        busy = set(
            connection.execute(select(JOBS.c.workspace).where(JOBS.c.status.in_(ACTIVE))).scalars()
        )
        old = [each for each in root.iterdir() if each.name not in busy and _used(each) < before]
        for folder in old:
            folder.rename(root / f"{_GONE}{folder.name}")
    for folder in old:
        shutil.rmtree(root / f"{_GONE}{folder.name}", ignore_errors=True)
    return [folder.name for folder in old]


def _used(folder: Path) -> float:
    """When a job last began in a workspace."""
    lock = folder / LOCK
    return (lock if lock.exists() else folder).stat().st_mtime
