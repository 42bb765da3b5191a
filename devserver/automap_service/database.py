"""The service's database, brought to the state that this version needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from automap_service.settings import Settings
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.jobs import Clock, Database

_MIGRATING = 0x6D696772
"""Number of the lock of PostgreSQL that migrations stand in line for."""
_STEPS = Path(__file__).with_name("migrations") / "versions"
_TAKEN = "alembic_version"
"""Alembic's table: https://alembic.sqlalchemy.org/en/latest/api/runtime.html."""


def open_database(settings: Settings, clock: Clock = time.time) -> Database:
    """The database of a configuration; its folder is only for its owner."""
    root = settings.root
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    root.chmod(0o700)
    try:
        database = Database(settings.database_url, clock)
        with database.reading():
            pass
    except SQLAlchemyError as error:
        said = str(error).splitlines()[0]
        raise ConfigError(f"cannot be opened: {said}", key="database.url") from None
    return database


def migrate(database: Database) -> str:
    """Bring the tables to the newest state, step by step; which one that is."""
    if state(database) == newest():
        return newest()
    # Where there is nothing to do, a server that stays does without the 11 MB of Alembic.
    from automap_service._upgrade import upgrade

    with database.writing() as connection:
        database.alone(connection, _MIGRATING)
        upgrade(connection)
    return newest()


def check_state(database: Database) -> None:
    """Raise `ConfigError` where the tables are not in the state that this version needs."""
    found = state(database)
    if found != newest():
        raise ConfigError(
            "the tables are of another version",
            key="database",
            found=found,
            remedy="automap service migrate",
        )


def state(database: Database) -> str | None:
    """Name of the last step that was taken; None: none."""
    with database.reading() as connection:
        if not inspect(connection).has_table(_TAKEN):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {_TAKEN}")).scalar()
    return None if found is None else str(found)


def newest() -> str:
    """Name of the last step that there is: its file begins with it."""
    return max(path.name for path in _STEPS.glob("[0-9]*.py")).partition("_")[0]


def backup(database: Database, path: Path) -> None:
    """A copy of a SQLite database as it is at one moment, while it is used.

    Raises `ConfigError` for PostgreSQL, which has tools of its own, `OutputError`.
    """
    if not database.is_sqlite:
        raise ConfigError("is PostgreSQL", key="database", remedy="pg_dump")
    if path.exists():
        raise OutputError("is there already", path)
    before = os.umask(0o077)
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as raw:
            raw.exec_driver_sql("COMMIT")  # what the connection began with
            raw.execute(text("VACUUM INTO :path"), {"path": str(path)})
    except SQLAlchemyError as error:
        raise OutputError(f"cannot be written: {error.__cause__}", path) from None
    finally:
        os.umask(before)
