"""API tokens and browser sessions: random secrets that are shown once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from automap_service.accounts import tokens
from automap_service.accounts.users import User, user_of
from automap_service.tables import SESSIONS, TOKENS, USERS
from automap_tiles.jobs import Database


@dataclass(frozen=True, kw_only=True)
class Session:
    """A log-in of a browser."""

    user: User
    csrf: str
    """What its forms have to say."""


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """A secret that was just created, and is shown only once."""

    word: str
    expires: float


@dataclass(frozen=True, kw_only=True)
class TokenInfo:
    """Information on a token, without its secret."""

    id: str
    name: str
    created: float
    expires: float


class Credentials:
    """The tokens and sessions of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new_token(self, user: str, seconds: float, name: str = "") -> IssuedToken:
        """A token for the API."""
        word, now = tokens.new(), self._database.clock()
        values = {
            "id": str(uuid.uuid4()),
            "hash": tokens.hashed(word),
            "user": user,
            "name": name,
            "created": now,
            "expires": now + seconds,
        }
        with self._database.writing() as connection:
            connection.execute(delete(TOKENS).where(TOKENS.c.expires < now))
            connection.execute(insert(TOKENS).values(values))
        return IssuedToken(word=word, expires=now + seconds)

    def of_token(self, word: str) -> User | None:
        """Whose token it is; None for one that is unknown or too old."""
        now = self._database.clock()
        with self._database.reading() as connection:
            row = (
                connection.execute(
                    select(USERS)
                    .join(TOKENS, TOKENS.c.user == USERS.c.id)
                    .where(TOKENS.c.hash == tokens.hashed(word), TOKENS.c.expires > now)
                )
                .mappings()
                .first()
            )
        return None if row is None else user_of(row)

    def end_token(self, word: str) -> None:
        """Make it worthless."""
        with self._database.writing() as connection:
            connection.execute(delete(TOKENS).where(TOKENS.c.hash == tokens.hashed(word)))

    def tokens_of(self, user: str) -> list[TokenInfo]:
        """The tokens of a user that are still good, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(TOKENS.c.id, TOKENS.c.name, TOKENS.c.created, TOKENS.c.expires)
                .where(TOKENS.c.user == user, TOKENS.c.expires > self._database.clock())
                .order_by(TOKENS.c.created.desc())
            ).mappings()
            return [TokenInfo(**row) for row in rows]

    def end_token_of(self, user: str, token: str) -> bool:
        """Make a token of a user worthless, by its id; whether there was one."""
        with self._database.writing() as connection:
            gone = connection.execute(
                delete(TOKENS).where(TOKENS.c.user == user, TOKENS.c.id == token)
            )
        return gone.rowcount > 0

    def new_session(self, user: str, seconds: float) -> IssuedToken:
        """The word of a cookie."""
        word, now = tokens.new(), self._database.clock()
        values = {
            "hash": tokens.hashed(word),
            "user": user,
            "csrf": tokens.new(),
            "created": now,
            "expires": now + seconds,
        }
        with self._database.writing() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires < now))
            connection.execute(insert(SESSIONS).values(values))
        return IssuedToken(word=word, expires=now + seconds)

    def of_session(self, word: str, seconds: float) -> Session | None:
        """Whose session it is; it is good for `seconds` more from now on."""
        now, kept = self._database.clock(), tokens.hashed(word)
        with self._database.reading() as connection:
            row = (
                connection.execute(
                    select(USERS, SESSIONS.c.csrf, SESSIONS.c.expires)
                    .join(SESSIONS, SESSIONS.c.user == USERS.c.id)
                    .where(SESSIONS.c.hash == kept, SESSIONS.c.expires > now)
                )
                .mappings()
                .first()
            )
        if row is None:
            return None
        if row["expires"] < now + seconds * 0.9:  # not a write for each request
            with self._database.writing() as connection:
                connection.execute(
                    update(SESSIONS).where(SESSIONS.c.hash == kept).values(expires=now + seconds)
                )
        return Session(user=user_of(row), csrf=row["csrf"])

    def end_session(self, word: str) -> None:
        """Log out."""
        with self._database.writing() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == tokens.hashed(word)))
