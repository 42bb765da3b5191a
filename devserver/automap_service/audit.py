"""Who did what: log-ins, launches, cancels, deletions, acts of administrators."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from automap_service.tables import AUDIT


def note(
    connection: Connection, now: float, act: str, *, user: str | None, about: str, address: str
) -> None:
    """Write an act down in the transaction that does it."""
    connection.execute(
        insert(AUDIT).values(time=now, user=user, act=act, about=about[:500], address=address[:60])
    )
