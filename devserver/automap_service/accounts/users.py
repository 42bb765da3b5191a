"""Users, and the words that stand for them."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from automap_service.accounts import _passwords
from automap_service.accounts._throttle import Throttle
from automap_service.tables import LINKS, SESSIONS, TOKENS, USERS
from automap_tiles.errors import ConfigError
from automap_tiles.jobs import Database
from automap_tiles.jobs.tables import JOBS

RIGHTS = ("launch", "api", "launcher", "admin")
_NAME = re.compile(r"[\w.@+-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody with an account."""

    id: str
    name: str
    rights: tuple[str, ...]
    limits: Mapping[str, Any]
    """Those that differ from the configuration's."""
    one_time: bool
    """Whether the password has to be changed first."""


class LogInRefused(Exception):
    """Wrong name or password, nothing more; `wait` seconds until the next try."""

    def __init__(self, wait: float = 0.0) -> None:
        super().__init__(wait)
        self.wait = wait


class Users:
    """The accounts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._throttle = Throttle(database)

    def add(
        self, name: str, password: str, rights: tuple[str, ...] = RIGHTS[:3], *, one_time: bool
    ) -> User:
        """Make an account; raises `ConfigError`."""
        name = checked_name(name)
        if not one_time:
            _passwords.check(password, name)
        values = {
            "id": str(uuid.uuid4()),
            "name": name,
            "password": _passwords.hashed(password),
            "one_time": one_time,
            "rights": list(rights),
            "limits": {},
            "created": self._database.clock(),
        }
        with self._database.writing() as connection:
            if _by_name(connection, name) is not None:
                raise ConfigError("there is a user of this name", key="name", found=name)
            connection.execute(insert(USERS).values(values))
        return self.named(name)

    def add_first(self) -> tuple[str, str] | None:
        """(name, one-time password) of the first user; None where there are users."""
        with self._database.reading() as connection:
            if connection.execute(select(func.count()).select_from(USERS)).scalar_one():
                return None
        password = secrets.token_urlsafe(12)
        self.add("admin", password, RIGHTS, one_time=True)
        return "admin", password

    def named(self, name: str) -> User:
        """Raises `ConfigError` where there is none."""
        with self._database.reading() as connection:
            row = _by_name(connection, name)
        if row is None:
            raise ConfigError("there is no such user", key="name", found=name)
        return user_of(row)

    def of_id(self, user: str) -> User | None:
        """None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(USERS).where(USERS.c.id == user)).mappings().first()
        return None if row is None else user_of(row)

    def all(self) -> list[User]:
        """By name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(USERS).order_by(USERS.c.name)).mappings()
            return [user_of(row) for row in rows]

    def set_password(self, user: str, password: str) -> None:
        """Change a password; the user's sessions, tokens and links end. Raises `ConfigError`."""
        with self._database.reading() as connection:
            name = connection.execute(select(USERS.c.name).where(USERS.c.id == user)).scalar_one()
        _passwords.check(password, name)
        kept = _passwords.hashed(password)
        with self._database.writing() as connection:
            connection.execute(
                update(USERS).where(USERS.c.id == user).values(password=kept, one_time=False)
            )
            for table in (SESSIONS, TOKENS):
                connection.execute(delete(table).where(table.c.user == user))
            jobs = select(JOBS.c.id).where(JOBS.c.user == user)
            connection.execute(update(LINKS).where(LINKS.c.job.in_(jobs)).values(revoked=True))

    def set_limits(self, user: str, limits: Mapping[str, Any]) -> None:
        """Give a user limits of its own."""
        with self._database.writing() as connection:
            connection.execute(update(USERS).where(USERS.c.id == user).values(limits=dict(limits)))

    def log_in(self, name: str, password: str, address: str) -> User:
        """The user of a name and password; raises `LogInRefused`, whatever is wrong."""
        name = unicodedata.normalize("NFC", name)
        if (wait := self._throttle.take(name, address)) > 0:
            raise LogInRefused(wait)
        with self._database.reading() as connection:
            row = _by_name(connection, name)
        if not _passwords.matches(None if row is None else row["password"], password):
            raise LogInRefused(self._throttle.wait(name, address))
        assert row is not None
        self._throttle.right(name, address)
        return user_of(row)


def checked_name(name: str) -> str:
    """A name as it is kept; raises `ConfigError`."""
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "is not a name for a user",
            key="name",
            found=name,
            remedy="letters, digits and . @ + - _, 100 at most",
        )
    return name


def _by_name(connection: Connection, name: str) -> RowMapping | None:
    return connection.execute(select(USERS).where(USERS.c.name == name)).mappings().first()


def user_of(row: RowMapping) -> User:
    """Of `USERS`."""
    return User(
        id=row["id"],
        name=row["name"],
        rights=tuple(row["rights"]),
        limits=row["limits"],
        one_time=row["one_time"],
    )
