"""Value types of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Status(StrEnum):
    """State of a job, in the terms of OGC API - Processes."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


FINAL = frozenset({Status.SUCCESSFUL, Status.FAILED, Status.DISMISSED})
"""Terminal states."""
ACTIVE = frozenset({Status.ACCEPTED, Status.RUNNING})


class Phase(StrEnum):
    """What a job is doing; for information only."""

    QUEUED = "queued"
    SEARCHING = "searching"
    PREPARING = "preparing"
    """Downloading and preparing scenes."""
    MERGING = "merging"
    TRAINING = "training"
    CLASSIFYING = "classifying"
    PACKING = "packing"
    STOPPING = "stopping"


class Level(StrEnum):
    """Severity of a log line, ascending."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to be created."""

    user: str
    """Id of its owner."""
    order: Json
    """As written by `Order.to_json`."""
    parameters: Json
    """As entered by the user."""
    workspace: str
    """Name of the folder that the order writes to; used by one job at a time."""
    description: str = ""
    digest: str = ""
    """Digest of the request, to detect double clicks."""
    previous: str | None = None
    """Id of the job that this one repeats."""
    recipients: tuple[str, ...] = ()
    """Addresses to notify at its end."""
    uses: tuple[str, ...] = ()
    """Ids of uploaded files that it reads."""
    budget: float | None = None
    """Maximum cost; None: no limit set by its owner."""
    estimate: Json | None = None
    """Expected usage at launch."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The archive of a job."""

    key: str
    """Key in the result store; its last part is the file name."""
    size: int
    """Bytes."""
    sha256: str
    files: tuple[Json, ...] = ()
    """Contents: name, bytes."""
    expires: float = 0.0
    """Time at which the data are deleted, seconds since 1970."""
    partial: bool = False
    """Whether the job ended before everything was made."""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as stored in the table; times are seconds since 1970."""

    number: int
    """Increases with each job; defines the order of lists."""
    id: str
    user: str
    order: Json
    parameters: Json
    workspace: str
    description: str
    digest: str
    previous: str | None
    recipients: tuple[str, ...]
    uses: tuple[str, ...]
    status: Status
    phase: Phase
    progress: int
    """Per cent."""
    message: str
    attempt: int
    """Increases with each claim; every write for a job names its attempt."""
    losses: int
    """How often its runner was lost."""
    runner: str | None
    lease: float | None
    cancel: bool
    """Whether its owner has cancelled it."""
    created: float
    started: float | None
    updated: float
    finished: float | None
    reason: str | None
    """Why it failed, in one sentence."""
    warnings: tuple[str, ...]
    usage: Json = field(default_factory=dict)
    """Usage of all attempts so far: seconds, core_seconds, fetched_bytes, scenes."""
    budget: float | None = None
    estimate: Json | None = None
    cost: Json | None = None
    """Final cost; None until it has ended."""
    stopped: bool = False
    """Whether it was stopped by a limit: its time, or a budget."""

    @property
    def is_final(self) -> bool:
        """Whether its state is terminal."""
        return self.status in FINAL

    @property
    def workflow(self) -> str:
        """Workflow of the order."""
        return str(self.order["workflow"])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of a job's log."""

    number: int
    """1, 2, 3 … within the job."""
    time: float
    level: Level
    message: str
    attempt: int = 0


@dataclass(frozen=True, kw_only=True)
class SceneFate:
    """Outcome of a scene in a job."""

    scene: str
    satellite: str | None
    status: str
    """As `SceneStatus`, or `set aside`."""
    reason: str | None = None
