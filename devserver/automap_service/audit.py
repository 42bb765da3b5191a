"""Who did what: log-ins, launches, cancels, deletions, acts of administrators."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from automap_service.tables import AUDIT, USERS
from automap_tiles.jobs import Database

COMMAND_LINE = "command line"
"""In place of an address: whoever has the machine."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """A line of the audit."""

    number: int
    time: float
    user: str | None
    """Name; None: nobody that is known."""
    act: str
    about: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Part of the audit, newest first."""

    acts: tuple[Act, ...]
    next: int | None
    """`before` of the part after this one; None: there is none."""


def note(
    connection: Connection, now: float, act: str, *, user: str | None, about: str, address: str
) -> None:
    """Write an act down in the transaction that does it."""
    connection.execute(
        insert(AUDIT).values(time=now, user=user, act=act, about=about[:500], address=address[:60])
    )


def note_command(database: Database, act: str, about: str) -> None:
    """Write down what was done on the command line."""
    with database.writing() as connection:
        note(connection, database.clock(), act, user=None, about=about, address=COMMAND_LINE)


def acts(
    database: Database,
    *,
    user: str = "",
    act: str = "",
    before: int | None = None,
    limit: int = 100,
) -> Acts:
    """What was done, newest first, of a user (name) or of one kind."""
    query = (
        select(AUDIT, USERS.c.name)
        .outerjoin(USERS, USERS.c.id == AUDIT.c.user)
        .order_by(AUDIT.c.number.desc())
        .limit(limit + 1)
    )
    if user:
        query = query.where(USERS.c.name == user)
    if act:
        query = query.where(AUDIT.c.act == act)
    if before is not None:
        query = query.where(AUDIT.c.number < before)
    with database.reading() as connection:
        rows = connection.execute(query).all()
    found = tuple(
        Act(
            number=row.number,
            time=row.time,
            user=row.name,
            act=row.act,
            about=row.about,
            address=row.address,
        )
        for row in rows[:limit]
    )
    return Acts(acts=found, next=found[-1].number if len(rows) > limit else None)


def kinds(database: Database) -> list[str]:
    """Acts that there are, by name."""
    with database.reading() as connection:
        rows = connection.execute(select(AUDIT.c.act).distinct().order_by(AUDIT.c.act))
        return list(rows.scalars())
