"""What is done besides, now and then: mails out, what is over removed.

Each step takes hold of what it works on in the database, so that any number of runners may do it.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from sqlalchemy import delete, select, update

from automap_service.service import Service
from automap_service.tables import IDEMPOTENCY
from automap_tiles.errors import AutomapError
from automap_tiles.jobs.child import LOCK
from automap_tiles.jobs.claims import CLAIMING
from automap_tiles.jobs.job import ACTIVE
from automap_tiles.jobs.tables import JOBS, RESULTS

_log = logging.getLogger(__name__)

_WORKSPACE_DAYS = 14
"""After which a workspace that no job used is removed."""
_GONE = ".gone-"
_KEY_DAYS = 2
"""For which an `Idempotency-Key` is known."""


def keep(service: Service) -> None:
    """One round."""
    service.outbox.send_due()
    expire(service)
    clear_workspaces(service)
    service.links.forget()
    with service.database.writing() as connection:
        over = service.database.clock() - _KEY_DAYS * 86400
        connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created < over))


def expire(service: Service) -> int:
    """Delete data that are over; the row says so first. How many there were."""
    now = service.database.clock()
    with service.database.writing() as connection:
        gone = connection.execute(
            update(RESULTS)
            .where(RESULTS.c.expires < now, RESULTS.c.deleted.is_(False))
            .values(deleted=True)
            .returning(RESULTS.c.key)
        ).scalars()
        keys = list(gone)
    for key in keys:
        try:
            service.results.delete(key)
        except AutomapError as error:
            _log.error("data that are over stay: %s", error)
    return len(keys)


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
