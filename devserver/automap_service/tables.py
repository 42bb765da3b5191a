"""The tables of the service, beside those of the jobs."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from automap_tiles.jobs.tables import METADATA, NUMBER

__all__ = [
    "ADDRESSES",
    "ATTEMPTS",
    "AUDIT",
    "FILES",
    "IDEMPOTENCY",
    "LINKS",
    "MAILS",
    "METADATA",
    "SESSIONS",
    "TOKENS",
    "USERS",
]


def _user() -> Column[str]:
    return Column("user", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


USERS = Table(
    "users",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("one_time", Boolean, nullable=False),
    Column("rights", JSON, nullable=False),
    Column("limits", JSON, nullable=False),
    Column("created", Double, nullable=False),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    _user(),
    Column("csrf", String(64), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
)
TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    _user(),
    Column("name", String(100), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("used", Double),
)
ATTEMPTS = Table(
    "login_attempts",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Double, nullable=False),
)
"""Hash of an account's name or of an address, and until when it has to wait."""
ADDRESSES = Table(
    "addresses",
    METADATA,
    Column("id", String(36), primary_key=True),
    _user(),
    Column("address", String(254), nullable=False),
    Column("hash", String(64)),
    Column("expires", Double, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    UniqueConstraint("user", "address"),
)
FILES = Table(
    "files",
    METADATA,
    Column("id", String(36), primary_key=True),
    _user(),
    Column("kind", String(12), nullable=False),
    Column("name", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("about", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("replaced", Boolean, nullable=False),
    Index("ix_files_user_kind_name", "user", "kind", "name"),
)
"""One that was replaced stays for as long as a job reads it."""
LINKS = Table(
    "links",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("used", Integer, nullable=False),
)
MAILS = Table(
    "mails",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("job", String(36)),
    Column("kind", String(12), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("said", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next", Double, nullable=False),
    Column("state", String(8), nullable=False),
    Column("error", Text),
    UniqueConstraint("job", "recipient", "kind"),
)
IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("user", String(36), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("job", String(36), nullable=False),
    Column("created", Double, nullable=False),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("time", Double, nullable=False),
    Column("user", String(36)),
    Column("act", String(30), nullable=False),
    Column("about", Text, nullable=False),
    Column("address", String(60), nullable=False),
    sqlite_autoincrement=True,
)
