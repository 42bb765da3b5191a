"""Wrong log-ins make the next ones wait: three are free, then 1 s, 2 s, 4 s … 15 min.

Counted for the name and for the address, in the database, so for all web processes together. A
lock is never lasting: who knows the password gets in after the wait.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, insert, select, update

from automap_service.tables import ATTEMPTS
from automap_tiles.jobs import Database

FREE = 3
LONGEST = 900.0
"""Seconds."""
_FORGET = 3600.0
"""A name or address that did nothing for so long after its wait begins anew."""


class Throttle:
    """Counts wrong log-ins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wait(self, name: str, address: str) -> float:
        """Seconds until the next try counts; 0: now."""
        now = self._database.clock()
        with self._database.reading() as connection:
            until = connection.execute(
                select(ATTEMPTS.c.until).where(ATTEMPTS.c.key.in_(_keys(name, address)))
            ).scalars()
            return max(0.0, max(until, default=0.0) - now)

    def wrong(self, name: str, address: str) -> None:
        """Count a wrong one."""
        now = self._database.clock()
        with self._database.writing() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.until < now - _FORGET))
            for key in _keys(name, address):
                of_key = ATTEMPTS.c.key == key
                before = connection.execute(select(ATTEMPTS.c.failures).where(of_key)).scalar()
                failures = (before or 0) + 1
                pause = 0.0 if failures < FREE else min(LONGEST, 2.0 ** (failures - FREE))
                values = {"failures": failures, "until": now + pause}
                if before is None:
                    connection.execute(insert(ATTEMPTS).values(key=key, **values))
                else:
                    connection.execute(update(ATTEMPTS).where(of_key).values(values))

    def right(self, name: str) -> None:
        """Forget the wrong ones of a name; those of the address stay."""
        with self._database.writing() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key == _key("name", name)))


def _keys(name: str, address: str) -> tuple[str, str]:
    return _key("name", name), _key("address", address)


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}\0{value.casefold()}".encode()).hexdigest()
