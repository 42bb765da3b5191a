"""Links to archives: random words of ours, good for 48 hours, revocable, counted.

They lead to a freshly signed address of the bucket, or to the file. So they may live longer than
the keys that sign, and a download that breaks off goes on with the same link.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from automap_service.accounts import tokens
from automap_service.tables import LINKS
from automap_tiles.jobs import Database, Result
from automap_tiles.jobs.rows import result_of
from automap_tiles.jobs.tables import RESULTS

LONGEST_SIGNED = 3600.0
"""Seconds for which a bucket's own address is good; it may be asked for again."""


_FIRST = 10
"""Links to a job's archive that stay however many are made: that of the mail is among them."""
_LAST = 90
"""And so many of the newest: whoever asks all the time gets no table full of them."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link that was just made; its word is shown this once."""

    word: str
    expires: float


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What a link leads to."""

    job: str
    result: Result
    seconds: float
    """For which the link is still good."""


class Links:
    """The links of a database."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds

    def to(self, job: str) -> Link | None:
        """A new link to the archive of a job; None where there are no data (any more)."""
        with self._database.writing() as connection:
            row = connection.execute(select(RESULTS).where(RESULTS.c.job == job)).mappings().first()
            if row is None:
                return None
            result = result_of(row)
            if result.deleted or result.expires <= self._database.clock():
                return None
            return self._new(connection, job, result)

    def _new(self, connection: Connection, job: str, result: Result) -> Link:
        """It does not outlive the data."""
        word, now = tokens.new(), self._database.clock()
        live = (
            select(LINKS.c.hash).where(LINKS.c.job == job).order_by(LINKS.c.created, LINKS.c.hash)
        )
        hashes = connection.execute(live).scalars().all()
        if gone := hashes[_FIRST : max(_FIRST, len(hashes) - _LAST + 1)]:
            connection.execute(delete(LINKS).where(LINKS.c.hash.in_(gone)))
        expires = min(now + self._seconds, result.expires)
        connection.execute(
            insert(LINKS).values(
                hash=tokens.hashed(word),
                job=job,
                created=now,
                expires=expires,
                revoked=False,
                used=0,
            )
        )
        return Link(word=word, expires=expires)

    def follow(self, word: str) -> Followed | None:
        """Where a link leads to, counted; None for one that is unknown, revoked or too old."""
        now, kept = self._database.clock(), tokens.hashed(word)
        with self._database.writing() as connection:
            row = connection.execute(
                update(LINKS)
                .where(LINKS.c.hash == kept, LINKS.c.expires > now, LINKS.c.revoked.is_(False))
                .values(used=LINKS.c.used + 1)
                .returning(LINKS.c.job, LINKS.c.expires)
            ).first()
            if row is None:
                return None
            found = connection.execute(
                select(RESULTS).where(
                    RESULTS.c.job == row.job,
                    RESULTS.c.deleted.is_(False),
                    RESULTS.c.expires > now,
                )
            )
            result = found.mappings().first()
        if result is None:
            return None
        return Followed(job=row.job, result=result_of(result), seconds=row.expires - now)

    def revoke(self, job: str) -> int:
        """Make all links of a job worthless; how many."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(LINKS)
                .where(LINKS.c.job == job, LINKS.c.revoked.is_(False))
                .values(revoked=True)
            )
        return done.rowcount

    def forget(self) -> None:
        """Remove those that are long over."""
        with self._database.writing() as connection:
            over = self._database.clock() - 30 * 86400
            connection.execute(delete(LINKS).where(LINKS.c.expires < over))
