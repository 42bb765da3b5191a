"""Value types of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Status(StrEnum):
    """State of a job, in the words of OGC API - Processes."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


FINAL = frozenset({Status.SUCCESSFUL, Status.FAILED, Status.DISMISSED})
"""States that never change."""
ACTIVE = frozenset({Status.ACCEPTED, Status.RUNNING})


class Phase(StrEnum):
    """What a job is doing; it informs, and decides nothing."""

    QUEUED = "queued"
    SEARCHING = "searching"
    PREPARING = "preparing"
    """Scenes are fetched and prepared."""
    MERGING = "merging"
    TRAINING = "training"
    CLASSIFYING = "classifying"
    PACKING = "packing"
    STOPPING = "stopping"


class Level(StrEnum):
    """How much a line of a log matters, in ascending order."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job that shall be."""

    user: str
    """Id of its owner."""
    order: Json
    """As `Order.to_json` writes it."""
    parameters: Json
    """As the user said them."""
    workspace: str
    """Name of the folder that the order writes to; one job at a time works in it."""
    description: str = ""
    digest: str = ""
    """Of what was asked: the same twice is a double click."""
    previous: str | None = None
    """Id of the job that this one repeats."""
    recipients: tuple[str, ...] = ()
    """Addresses to be told of its end."""
    uses: tuple[str, ...] = ()
    """Ids of uploaded files that it reads."""
    budget: float | None = None
    """What it may cost at most; None: its owner said nothing."""
    estimate: Json | None = None
    """What it was expected to take when it was launched."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The archive of a job."""

    key: str
    """In the store of results; its last part is the name of the file."""
    size: int
    """Bytes."""
    sha256: str
    files: tuple[Json, ...] = ()
    """What is in it: name, bytes."""
    expires: float = 0.0
    """When the data are deleted, seconds since 1970."""
    partial: bool = False
    """Whether the job ended before all was made."""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands in the table; times are seconds since 1970."""

    number: int
    """Grows with each job: the order of the list."""
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
    """Grows with each claim; who writes for a job says which attempt it is."""
    losses: int
    """How often a runner was lost with it."""
    runner: str | None
    lease: float | None
    cancel: bool
    """Whether its owner wants it ended."""
    created: float
    started: float | None
    updated: float
    finished: float | None
    reason: str | None
    """Why it failed, in one sentence."""
    warnings: tuple[str, ...]
    usage: Json = field(default_factory=dict)
    """What all its attempts took so far: seconds, core_seconds, fetched_bytes, scenes."""
    budget: float | None = None
    estimate: Json | None = None
    cost: Json | None = None
    """What it has cost; None until it is at its end."""
    stopped: bool = False
    """Whether a limit ended it: its time, or a budget."""

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL

    @property
    def workflow(self) -> str:
        """Of the order."""
        return str(self.order["workflow"])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of a job's log."""

    number: int
    """1, 2, 3 … of the job."""
    time: float
    level: Level
    message: str
    attempt: int = 0


@dataclass(frozen=True, kw_only=True)
class SceneFate:
    """What became of a scene in a job."""

    scene: str
    satellite: str | None
    status: str
    """As `SceneStatus`, or `set aside`."""
    reason: str | None = None
