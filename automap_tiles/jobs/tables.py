"""The tables of jobs."""

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
    MetaData,
    String,
    Table,
    Text,
    false,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Shared with tables that other packages add."""

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Auto-increment key; in SQLite only an INTEGER is one."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("user", String(36), nullable=False),
    Column("order", JSON, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("description", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("previous", String(36)),
    Column("recipients", JSON, nullable=False),
    Column("uses", JSON, nullable=False),
    Column("status", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("progress", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("runner", String(100)),
    Column("lease", Double),
    Column("cancel", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("updated", Double, nullable=False),
    Column("finished", Double),
    Column("reason", Text),
    Column("warnings", JSON, nullable=False),
    Column("usage", JSON, nullable=False),
    Column("budget", Double),
    Column("estimate", JSON(none_as_null=True)),
    Column("cost", JSON(none_as_null=True)),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    Column("logged", Integer, nullable=False),
    Column("log_bytes", BigInteger, nullable=False),
    Index("ix_jobs_user_number", "user", "number"),
    Index("ix_jobs_status_number", "status", "number"),
    Index("ix_jobs_workspace_status", "workspace", "status"),
    sqlite_autoincrement=True,
)

LOG = Table(
    "job_log",
    METADATA,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("time", Double, nullable=False),
    Column("level", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("message", Text, nullable=False),
)

SCENES = Table(
    "job_scenes",
    METADATA,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("scene", Text, primary_key=True),
    Column("satellite", Text),
    Column("status", String(12), nullable=False),
    Column("reason", Text),
)

RESULTS = Table(
    "results",
    METADATA,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(300), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("files", JSON, nullable=False),
    Column("expires", Double, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
)
"""At most one per job, as its primary key ensures."""

RUNNERS = Table(
    "runners",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("started", Double, nullable=False),
    Column("seen", Double, nullable=False),
)
