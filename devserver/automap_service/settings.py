"""The configuration: one TOML file, variables of the environment, and what the command line says.

Every key has its meaning below it; `automap service config` prints them all with their defaults.
Secrets stand in files or in the environment, never in the TOML file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
TagValue = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9 ._:=+@/-]+$")]
"""What S3 takes."""
Price = NotNegative


class _Part:
    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Web(_Part):
    """The web server."""

    host: str = "127.0.0.1"
    """Address to listen at; others than loopback need `url` with https in front."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8090
    """0: any free one."""
    url: str = ""
    """Address at which users reach the service; empty: http://HOST:PORT."""
    hosts: tuple[str, ...] = ()
    """Further names that requests may be addressed to."""
    behind_proxy: bool = False
    """Whether X-Forwarded-For, -Proto and -Host of the one proxy in front are believed."""
    threads: Count = 8
    """Requests that are answered at a time."""
    metrics_token_file: str = ""
    """File with the token that /metrics is asked with from elsewhere; empty: only this machine."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may use the API with a token; never with cookies."""


@dataclass(frozen=True, kw_only=True)
class DatabasePart(_Part):
    """The database."""

    url: str = ""
    """Empty: SQLite in the folder; else postgresql+psycopg://…"""
    url_file: str = ""
    """File with that address, where it holds a password."""


@dataclass(frozen=True, kw_only=True)
class ResultsPart(_Part):
    """Archives of finished jobs."""

    url: str = ""
    """Empty: a folder in the folder; else s3://bucket/prefix. Keys come from the environment."""
    public_endpoint: str = ""
    """Address of the store as users see it; empty: as this machine sees it."""
    days: Positive = 14
    """After which the data are deleted."""
    link_hours: Positive = 48
    """For which a link is good."""
    tags: bool = True
    """Whether objects in a bucket of S3 are tagged: automap:installation, job, user, expires."""
    installation: TagValue = "automap"
    """Name of this installation in those tags."""


@dataclass(frozen=True, kw_only=True)
class RunnerPart(_Part):
    """Carrying out jobs."""

    slots: Count = 1
    """Jobs at a time of each runner."""
    workers: Whole = 0
    """Processes of each job; 0: cores divided by `slots`."""
    memory_gb: NotNegative = 0
    """Addresses that each process of a job may have; 0: no limit."""
    hours: Positive = 24
    """That a job may take."""
    free_gb: NotNegative = 1
    """That must stay free on the disk; a job that leaves less is stopped."""
    lease_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 60
    """After which a runner that is not heard of is taken for lost."""
    environment: tuple[str, ...] = ()
    """Names of variables that jobs get, such as keys of a bucket that scenes are in."""


@dataclass(frozen=True, kw_only=True)
class LimitsPart(_Part):
    """What a user may have; published at `/limits`."""

    body: Count = 1 << 20
    """Bytes of a request in JSON."""
    boundary_bytes: Count = 20 << 20
    """Bytes of an uploaded boundary."""
    boundary_vertices: Count = 1_000_000
    """Vertices of a boundary."""
    boundary_km2: Positive = 500_000
    """Surface of a boundary."""
    samples_bytes: Count = 50 << 20
    """Bytes of uploaded samples."""
    samples_rows: Count = 1_000_000
    """Points of samples."""
    files: Count = 100
    """Uploads of a user."""
    files_bytes: Count = 500 << 20
    """Of all uploads of a user."""
    accepted: Count = 200
    """Jobs of a user that wait."""
    running: Count = 2
    """Jobs of a user that run."""
    launches: Count = 100
    """Of a user in an hour."""
    description: Count = 500
    """Characters."""
    recipients: Whole = 3
    """Addresses that are told of the end of a job."""
    token_hours: Positive = 12
    """For which a token is good."""
    session_hours: Positive = 12
    """Without a request, until one has to log in again."""
    job_budget: Price = 0
    """That a job may cost, in the unit of `costs`; one that costs more is stopped; 0: no limit."""
    month_budget: Price = 0
    """That a user may spend in a calendar month (UTC); 0: no limit."""


@dataclass(frozen=True, kw_only=True)
class CostsPart(_Part):
    """Prices; while all of them are 0 costs and budgets are in core hours."""

    currency: Annotated[str, Field(min_length=1, max_length=10)] = "USD"
    """Of the prices."""
    core_hour: Price = 0
    """Of an hour of one core."""
    gb_fetched: Price = 0
    """Of 10^9 bytes of scenes that come from elsewhere."""
    gb_day: Price = 0
    """Of 10^9 bytes of results for a day; paid for `results.days` when they are stored."""


@dataclass(frozen=True, kw_only=True)
class MailPart(_Part):
    """Mails at the end of a job; none are sent while `host` is empty."""

    host: str = ""
    """Name of the mail server; empty: no mails."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the mail server."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only for a server on this machine."""
    user: str = ""
    """Name to log in with; empty: no log-in."""
    password_file: str = ""
    """File with the password to log in with."""
    sender: str = ""
    """Address that mails come from."""
    ca_file: str = ""
    """Certificates to trust besides those of the system."""


@dataclass(frozen=True, kw_only=True)
class LogPart(_Part):
    """The log, on standard error."""

    format: Literal["text", "json"] = "text"
    """For people, or one object of JSON a line."""
    level: Literal["debug", "info", "warning"] = "warning"
    """From which on lines are written; every request and every job are told of at `info`."""


@dataclass(frozen=True, kw_only=True)
class CataloguePart(_Part):
    """Where scenes come from; users choose one by its name."""

    source: str
    """Folder of products, STAC file, address of a STAC API, or a name such as earth-search."""
    title: str = ""
    """What users read beside its name."""


@dataclass(frozen=True, kw_only=True)
class Settings(_Part):
    """All of it."""

    folder: str
    """Database, uploads, workspaces and, by default, results are in it."""
    web: Web = field(default_factory=Web)
    database: DatabasePart = field(default_factory=DatabasePart)
    results: ResultsPart = field(default_factory=ResultsPart)
    runner: RunnerPart = field(default_factory=RunnerPart)
    limits: LimitsPart = field(default_factory=LimitsPart)
    costs: CostsPart = field(default_factory=CostsPart)
    mail: MailPart = field(default_factory=MailPart)
    log: LogPart = field(default_factory=LogPart)
    catalogues: dict[str, CataloguePart] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The folder, absolute."""
        return Path(self.folder).absolute()

    @property
    def database_url(self) -> str:
        """As SQLAlchemy has it."""
        if self.database.url_file:
            return Path(self.database.url_file).read_text(encoding="utf-8").strip()
        return self.database.url or f"sqlite:///{self.root / 'automap.sqlite'}"

    @property
    def results_url(self) -> str:
        """Folder or bucket of the archives."""
        return self.results.url or str(self.root / "results")

    @property
    def workers(self) -> int:
        """Processes of each job."""
        return self.runner.workers or max(1, len(os.sched_getaffinity(0)) // self.runner.slots)
