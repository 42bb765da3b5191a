"""Who did what: log-ins, launches, cancels, deletions, acts of administrators."""

from __future__ import annotations

from sqlalchemy import insert

from automap_service.tables import AUDIT
from automap_tiles.jobs import Database


def note(database: Database, act: str, *, user: str | None, about: str, address: str) -> None:
    """Write an act down; `about` holds no secret."""
    with database.writing() as connection:
        connection.execute(
            insert(AUDIT).values(
                time=database.clock(), user=user, act=act, about=about[:500], address=address[:60]
            )
        )
