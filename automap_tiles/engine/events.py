"""Events of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import writable
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note

if TYPE_CHECKING:
    from automap_tiles.formats import Counts, StoredFile


class TileStatus(IntEnum):
    """State of a tile; values up to `STALE` are those stored in the journal."""

    WRITTEN = 1
    EMPTY = 2
    FAILED = 3
    STALE = 4
    """In journals only: a run that will remake it has started but not reached it yet."""
    RUNNING = 5
    """Being computed."""
    WAITING = 6
    """Not made yet."""

    @property
    def word(self) -> str:
        """Its name in the preview page (`devserver/frontend/src/statuses.js`)."""
        return {TileStatus.WRITTEN: "done", TileStatus.STALE: "waiting"}.get(
            self, self.name.lower()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TileResult:
    """The outcome of one tile, without pixels."""

    index: TileIndex
    status: TileStatus
    seconds: float
    """Wall time in the worker."""
    worker: str
    """Host and process id of the worker."""
    error: str | None = None
    """Traceback of a failed tile."""
    counts: Counts | None = None
    """Counts made by the process function."""
    files: tuple[StoredFile, ...] = ()
    """The files stored for it."""
    notes: tuple[Note, ...] = ()
    """Notes on what was lost, replaced, ignored or guessed."""
    peak_bytes: int = 0
    """Peak memory of the worker process so far (bytes); 0: unknown."""
    tile_peak_bytes: int = 0
    """Memory that the worker's process has held at most while it worked on this tile alone; 0: not
    known, or nobody asked."""
    stops_run: bool = False
    """Whether continuing is pointless: the disk is full or the output cannot be written."""

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {
            "tile": list(self.index),
            "status": self.status.name.lower(),
            "seconds": round(self.seconds, 4),
            "worker": self.worker,
            **({} if self.error is None else {"error": self.error}),
        }

    def __post_init__(self) -> None:
        if self.error is not None:
            object.__setattr__(self, "error", writable(self.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """All checks passed; the first tiles have been submitted."""

    output: str
    tiles: int
    """Tiles in the selection, including finished ones."""
    workers: int
    resumed: bool
    """Whether the output existed before."""
    anew: int | None = None
    """Number of tiles to remake because parts of the input changed; None: no change."""
    changed: str = ""
    """Description of the changed parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesSkipped:
    """Tiles that were already done; reported in groups."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileDone:
    """A tile was written, was empty, or failed."""

    result: TileResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something was lost, replaced, ignored or guessed, for the first time in this run.

    The summary has the final counts.
    """

    note: Note

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {"event": "note", **self.note.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """A worker died; the tiles it may have been working on are retried one by one."""

    suspects: int

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {"event": "worker_lost", "suspects": self.suspects}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The totals of a run."""

    output: str
    written: int = 0
    empty: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    """Wall time."""
    stopped_by: str | None = None
    """Why the run ended before its last tile; None if it completed."""
    notes: tuple[Note, ...] = ()
    """Everything that was lost, replaced, ignored or guessed, with counts."""

    @property
    def computed(self) -> int:
        """Tiles computed in this run."""
        return self.written + self.empty + self.failed

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {
            "output": self.output,
            "stopped_by": self.stopped_by,
            "notes": [note.to_json() for note in self.notes],
            "written": self.written,
            "empty": self.empty,
            "skipped": self.skipped,
            "failed": self.failed,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The last event of every run that was not interrupted."""

    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """The run of a stored step has started, before those of the steps that read it."""

    step: str
    run: RunStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """The run of a stored step has ended."""

    step: str
    summary: Summary


Event = (
    RunStarted
    | TilesSkipped
    | TileDone
    | Noted
    | WorkerLost
    | StepStarted
    | StepFinished
    | RunFinished
)
