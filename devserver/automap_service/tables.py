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
    "CHECKS",
    "FILES",
    "IDEMPOTENCY",
    "LINKS",
    "MAILS",
    "METADATA",
    "RUNS",
    "SCENE_COUNTS",
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
RUNS = Table(
    "runs",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("job", String(36), nullable=False, unique=True),
    Column("user", String(36), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("status", String(12), nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("time", Double, nullable=False),
    Column("sizes", JSON, nullable=False),
    Column("estimate", JSON(none_as_null=True)),
    Column("seconds", Double, nullable=False),
    Column("core_seconds", Double, nullable=False),
    Column("fetched_bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("scenes", Integer, nullable=False),
    Column("amount", Double, nullable=False),
    Column("unit", String(20), nullable=False),
    Index("ix_runs_user_time", "user", "time"),
    Index("ix_runs_mode_is_whole_number", "mode", "is_whole", "number"),
    sqlite_autoincrement=True,
)
"""What every job took and cost; it stays when the job is removed."""
CHECKS = Table(
    "checks",
    METADATA,
    Column("user", String(36), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("estimate", JSON, nullable=False),
    Column("created", Double, nullable=False),
)
"""What a check has found, for a launch of the same."""
SCENE_COUNTS = Table(
    "scene_counts",
    METADATA,
    Column("satellite", String(40), primary_key=True),
    Column("status", String(12), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""What became of the scenes of all jobs together."""
