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
    """Where a tile is; the numbers up to that of a stale one are those of the journal."""

    WRITTEN = 1
    EMPTY = 2
    FAILED = 3
    STALE = 4
    """In a journal only: a run that makes it anew has begun, and has not come to it yet."""
    RUNNING = 5
    """Somebody works on it."""
    WAITING = 6
    """Nobody has made it."""

    @property
    def word(self) -> str:
        """What the page of the preview calls it (`devserver/frontend/src/statuses.js`)."""
        return {TileStatus.WRITTEN: "done", TileStatus.STALE: "waiting"}.get(
            self, self.name.lower()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TileResult:
    """One tile that was worked on. No pixels travel with it."""

    index: TileIndex
    status: TileStatus
    seconds: float
    """Wall time in the worker."""
    worker: str
    """Host and process that did it."""
    error: str | None = None
    """Traceback text of a failed tile."""
    counts: Counts | None = None
    """What the function counted on it."""
    files: tuple[StoredFile, ...] = ()
    """What was stored of it."""
    notes: tuple[Note, ...] = ()
    """What was lost, replaced, ignored or guessed on it."""
    peak_bytes: int = 0
    """Memory that the worker's process has held at most, by then; 0: not known."""
    tile_peak_bytes: int = 0
    """Memory that the worker's process has held at most while it worked on this tile alone; 0: not
    known, or nobody asked."""
    stops_run: bool = False
    """Whether going on makes no sense: the disk is full, the output cannot be written."""

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
    """The checks passed, the first tiles are on their way."""

    output: str
    tiles: int
    """Tiles that the selection holds, done ones included."""
    workers: int
    resumed: bool
    """Whether the output was there before."""
    anew: int | None = None
    """Tiles that are to be made where parts of the input have changed; None: none has."""
    changed: str = ""
    """Which those are, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesSkipped:
    """Tiles that were done before; told in groups."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileDone:
    """A tile was written, found empty, or failed."""

    result: TileResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something was lost, replaced, ignored or guessed, for the first time in this run.

    How often it was in the end stands in the summary.
    """

    note: Note

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {"event": "note", **self.note.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """A worker died; the tiles it may have held are tried again one by one."""

    suspects: int

    def to_json(self) -> dict[str, Any]:
        """For JSON lines and databases."""
        return {"event": "worker_lost", "suspects": self.suspects}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The sums of a run."""

    output: str
    written: int = 0
    empty: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    """Wall time."""
    stopped_by: str | None = None
    """Why the run ended before its last tile; None when it did not."""
    notes: tuple[Note, ...] = ()
    """All that was lost, replaced, ignored or guessed, counted."""

    @property
    def computed(self) -> int:
        """Tiles worked on in this run."""
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
    """The run of a stored step has begun, before that of what reads it."""

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
