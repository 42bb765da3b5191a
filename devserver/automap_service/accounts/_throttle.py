"""Wrong log-ins make the next ones wait: a few are free, then 1 s, 2 s, 4 s … 15 min.

Counted for the name and for the address, in the database, so for all web processes together. A
lock is never lasting: who knows the password gets in after the wait.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete, insert, select, update

from automap_service.tables import ATTEMPTS
from automap_tiles.jobs import Database

FREE = 3
"""Of a name."""
FREE_OF_ADDRESS = 30
"""Many people may share one: an office, or all users where a proxy is not known to be one."""
LONGEST = 900.0
"""Seconds."""
_FORGET = 3600.0
"""A name or address that did nothing for so long after its wait begins anew."""
_ONE_BY_ONE = 0x746872


class Throttle:
    """Counts wrong log-ins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, address: str) -> float:
        """Seconds until the next try counts; 0: now, and it is counted as a wrong one already.

        So of many at the same moment no more are looked at than of many in a row.
        """
        now = self._database.clock()
        with self._database.writing() as connection:
            self._database.alone(connection, _ONE_BY_ONE)
            if (wait := _until(connection, name, address) - now) > 0:
                return wait
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.until < now - _FORGET))
            for key, free in _keys(name, address):
                of_key = ATTEMPTS.c.key == key
                before = connection.execute(select(ATTEMPTS.c.failures).where(of_key)).scalar()
                failures = (before or 0) + 1
                pause = 0.0 if failures < free else min(LONGEST, 2.0 ** (failures - free))
                values = {"failures": failures, "until": now + pause}
                if before is None:
                    connection.execute(insert(ATTEMPTS).values(key=key, **values))
                else:
                    connection.execute(update(ATTEMPTS).where(of_key).values(values))
        return 0.0

    def wait(self, name: str, address: str) -> float:
        """Seconds until the next try counts."""
        with self._database.reading() as connection:
            return max(0.0, _until(connection, name, address) - self._database.clock())

    def right(self, name: str, address: str) -> None:
        """Forget the wrong ones of a name, and of the address this one that was none."""
        (of_name, _), (of_address, _) = _keys(name, address)
        now = self._database.clock()
        with self._database.writing() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key == of_name))
            connection.execute(
                update(ATTEMPTS)
                .where(ATTEMPTS.c.key == of_address)
                .values(failures=ATTEMPTS.c.failures - 1, until=now)
            )


def _until(connection: Connection, name: str, address: str) -> float:
    keys = [key for key, _ in _keys(name, address)]
    found = select(ATTEMPTS.c.until).where(ATTEMPTS.c.key.in_(keys))
    return max(connection.execute(found).scalars(), default=0.0)


def _keys(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """What is counted, and from which wrong one on it waits."""
    return (_key("name", name), FREE), (_key("address", address), FREE_OF_ADDRESS)


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}\0{value.casefold()}".encode()).hexdigest()
