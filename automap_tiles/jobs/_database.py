"""One database, of SQLite or PostgreSQL, and the two ways into it.

SQLite fails at once where a transaction reads first and writes later while another one writes,
whatever its patience. So who means to write says so at the beginning (`writing`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970; tests inject their own clock."""

_BUSY_SECONDS = 10.0
"""How long a writer waits for another one."""
_CACHE_KB = 256
"""Page cache of a SQLite connection, of which each thread has one; the default is 2 MB. The
operating system caches the file anyway."""
_WRITES = "automap_writes"


class Database:
    """Thread-safe connections to a database."""

    def __init__(self, url: str, clock: Clock = time.time) -> None:
        """`url` as for SQLAlchemy: `sqlite:////folder/automap.sqlite`, `postgresql+psycopg://…`."""
        self.url = url
        self.clock = clock
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection with a consistent snapshot of the database."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block; in SQLite the only one that writes."""
        opened = self.engine.connect().execution_options(**{_WRITES: True})
        with opened as connection, connection.begin():
            yield connection

    def alone(self, connection: Connection, number: int) -> None:
        """Hold an exclusive lock for this number until the transaction ends."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are started explicitly
    cursor = connection.cursor()
    for setting in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000:.0f}",
        f"cache_size=-{_CACHE_KB}",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
